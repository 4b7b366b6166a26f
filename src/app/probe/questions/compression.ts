/** Whether the exchange would compress. */
import { judged, notSeen, type Question } from '../question.ts'

export const compression: Question = {
  id: 'compression',
  fact: 'permessage-deflate is not agreed to when it is offered.',
  matters: 'It is not offered: it would cost more than it saves (src/kalshi/link.ts).',
  answer({ handshakes }) {
    const found = handshakes.find(({ name }) => name === 'compressed')
    if (found === undefined || found.status !== 101) return notSeen('the handshake that offered it was not let in')
    return judged(
      found.extensions === '',
      `extensions agreed to: ${found.extensions === '' ? 'none' : found.extensions}`,
    )
  },
}
