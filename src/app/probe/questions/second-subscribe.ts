/** What a second subscribe to one channel does. */
import { judged, notSeen, type Question } from '../question.ts'
import { answersTo, commandsWith, typeOf } from '../seen.ts'

export const secondSubscribe: Question = {
  id: 'second-subscribe',
  fact: 'A second subscribe to a channel merges into the sid that is there, and is answered by `ok`.',
  matters: 'One subscribe for each channel and connection; then updates: src/feed/session.ts.',
  answer({ connections: { yes } }) {
    const [first, second] = commandsWith(yes, '"subscribe"', 'orderbook_delta')
    if (first === undefined || second === undefined) return notSeen('it was not asked')
    const answers = answersTo(yes, second.id).filter((one) => typeOf(one) !== 'orderbook_snapshot')
    if (answers.length === 0) return notSeen('it was not answered')
    return judged(
      answers.every((one) => typeOf(one) === 'ok'),
      `answered by ${answers.map(typeOf).join(', ')}`,
      answers.map(({ text }) => text),
    )
  },
}
