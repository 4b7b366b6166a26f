/** What is not asked, since the answer would be to run into it. */
import { confirmed, notSeen, type Question } from '../question.ts'
import { framesOf, typeOf } from '../seen.ts'

export const limitsNotAsked: Question = {
  id: 'limits-not-asked',
  fact: 'Markets in a subscription (26), unread bytes (25), commands a second (27) and connections of a user (429) have limits.',
  matters: 'Each is met when it comes: markets are let go and told, connections made again with growing waits.',
  answer: ({ connections }) => {
    const met = Object.values(connections).flatMap((each) =>
      framesOf(each).filter((one) => typeOf(one) === 'error' && [25, 26, 27].includes(Number(one.msg['code']))),
    )
    if (met.length > 0)
      return confirmed(
        `${met.length} errors of this kind came`,
        met.map(({ text }) => text),
      )
    return notSeen('not asked: a probe does not run into limits on purpose')
  },
}
