/** Whether an error that names a sid is counted in it. */
import { judged, notSeen, type Question } from '../question.ts'
import { framesOf, typeOf } from '../seen.ts'

export const errorsOfASid: Question = {
  id: 'errors-of-a-sid',
  fact: 'An error that belongs to a subscription takes the next number of its sid.',
  matters: 'src/feed/fold.ts counts it where the frame has a number.',
  answer({ connections }) {
    const errors = Object.values(connections).flatMap((each) =>
      framesOf(each).filter((one) => typeOf(one) === 'error' && typeof one.frame['sid'] === 'number'),
    )
    if (errors.length === 0) return notSeen('no error with a sid came')
    const withNumber = errors.filter(({ frame }) => typeof frame['seq'] === 'number')
    return judged(
      withNumber.length === errors.length,
      `${errors.length} came, ${withNumber.length} with a number`,
      errors.map(({ text }) => text),
    )
  },
}
