/** In which order trades are listed. */
import { judged, notSeen, type Question } from '../question.ts'
import { asJson, restOf } from '../seen.ts'

export const restTradesOrder: Question = {
  id: 'rest-trades-order',
  fact: '`/markets/trades` lists the newest first.',
  matters: 'Where a tape is filled in from it.',
  answer(seen) {
    const asked = restOf(seen, 'trades')
    const list = asJson(asked?.body)['trades']
    if (!Array.isArray(list) || list.length < 2) return notSeen('fewer than two trades were listed')
    const times = list.map((each) => Date.parse(String(asJson(each)['created_time'])))
    return judged(
      times.every((time, index) => index === 0 || time <= times[index - 1]!),
      `${list.length} trades, from ${times[0]} to ${times.at(-1)} (Unix ms)`,
    )
  },
}
