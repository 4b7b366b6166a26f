/** The account’s budget of requests. */
import { judged, notSeen, type Question, refuted } from '../question.ts'
import { asJson, restOf } from '../seen.ts'

export const restBudget: Question = {
  id: 'rest-budget',
  fact: '`/account/limits` tells the tier and the tokens a second; reading has at least 200.',
  matters: 'The program keeps to a share of 200: src/kalshi/rest-tokens.ts.',
  answer(seen) {
    const asked = restOf(seen, 'limits')
    if (asked?.status !== 200) return notSeen(`answered ${asked?.status ?? 'nothing'}`)
    const read = asJson(asJson(asked.body)['read'])
    const rate = Number(read['refill_rate'] ?? asJson(asked.body)['read_limit'] ?? Number.NaN)
    if (Number.isNaN(rate)) return refuted('no rate of reading can be found in it', [asked.text.slice(0, 500)])
    return judged(
      rate >= 200,
      `${rate} tokens a second, ${String(read['bucket_capacity'] ?? 'no')} capacity, tier ${String(asJson(asked.body)['usage_tier'])}`,
    )
  },
}
