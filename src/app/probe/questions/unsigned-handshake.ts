/** Whether anybody is let in without a signature. */
import { judged, notSeen, type Question } from '../question.ts'

export const unsignedHandshake: Question = {
  id: 'unsigned-handshake',
  fact: 'A handshake without a signature is answered 401.',
  matters: 'A recorder needs a key: src/app/config/config-rules.ts.',
  answer({ handshakes }) {
    const found = handshakes.find(({ name }) => name === 'unsigned')
    if (found === undefined || found.status === 0) return notSeen('it was not answered')
    return judged(found.status === 401, `answered ${found.status} ${found.body}`)
  },
}
