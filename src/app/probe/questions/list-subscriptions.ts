/** How `list_subscriptions` is answered. */
import { judged, notSeen, type Question } from '../question.ts'
import { answersTo, commandsWith, typeOf } from '../seen.ts'

export const listSubscriptions: Question = {
  id: 'list-subscriptions',
  fact: '`list_subscriptions` is answered by `ok` with a list of channel and sid, without a number.',
  matters: 'It costs no number, so it may be asked at any time.',
  answer({ connections: { yes } }) {
    const asked = commandsWith(yes, 'list_subscriptions')[0]
    const answer = asked === undefined ? undefined : answersTo(yes, asked.id)[0]
    if (answer === undefined) return notSeen('no answer came')
    const holds = typeOf(answer) === 'ok' && Array.isArray(answer.frame['msg']) && !('seq' in answer.frame)
    return judged(holds, `answered by ${typeOf(answer)}`, [answer.text])
  },
}
