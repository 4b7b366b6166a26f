/** Whether the end of a subscription is counted in its sid. */
import { judged, notSeen, type Question } from '../question.ts'
import { framesOf, typeOf } from '../seen.ts'

export const unsubscribedTakesANumber: Question = {
  id: 'unsubscribed-takes-a-number',
  fact: '`unsubscribed` takes the next number of its sid.',
  matters: 'It ends a sid, so a number that is missing would be told as a loss at the very end: src/feed/fold.ts.',
  answer({ connections }) {
    const ends = Object.values(connections).flatMap((each) =>
      framesOf(each).filter((one) => typeOf(one) === 'unsubscribed'),
    )
    if (ends.length === 0) return notSeen('no `unsubscribed` came')
    const withNumber = ends.filter(({ frame }) => typeof frame['seq'] === 'number')
    return judged(
      withNumber.length > 0,
      `${ends.length} came, ${withNumber.length} with a number`,
      ends.map(({ text }) => text),
    )
  },
}
