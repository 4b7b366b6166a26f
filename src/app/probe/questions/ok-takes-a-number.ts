/** Whether the answer to an update is counted in its sid. */
import { judged, notSeen, type Question } from '../question.ts'
import { framesOf } from '../seen.ts'

export const okTakesANumber: Question = {
  id: 'ok-takes-a-number',
  fact: '`ok` to an update takes the next number of its sid.',
  matters: 'Else every update would look like a loss: src/feed/fold.ts.',
  answer({ connections }) {
    const numbered = Object.values(connections).flatMap((each) =>
      framesOf(each).filter(({ frame }) => frame['type'] === 'ok' && typeof frame['sid'] === 'number'),
    )
    if (numbered.length === 0) return notSeen('no `ok` with a sid came')
    const without = numbered.filter(({ frame }) => typeof frame['seq'] !== 'number')
    const evidence = (without.length > 0 ? without : numbered).map(({ text }) => text)
    return judged(
      without.length === 0,
      `${numbered.length} \`ok\` with a sid, ${without.length} without a number; \`numbers-from-one\` says whether they are in turn`,
      evidence,
    )
  },
}
