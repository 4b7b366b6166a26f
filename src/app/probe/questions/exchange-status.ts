/** What `/exchange/status` says. */
import { judged, notSeen, type Question } from '../question.ts'
import { asJson, restOf } from '../seen.ts'

export const exchangeStatus: Question = {
  id: 'exchange-status',
  fact: '`/exchange/status` tells `exchange_active` and `trading_active`, also for each shard.',
  matters: 'A loss while trading is paused is maintenance.',
  answer(seen) {
    const asked = restOf(seen, 'status')
    if (asked?.status !== 200) return notSeen(`answered ${asked?.status ?? 'nothing'}`)
    const body = asJson(asked.body)
    const holds = typeof body['exchange_active'] === 'boolean' && typeof body['trading_active'] === 'boolean'
    const shards = body['exchange_index_statuses']
    return judged(holds, `${Object.keys(body).join(', ')}; shards told: ${Array.isArray(shards) ? shards.length : 0}`, [
      asked.text.slice(0, 500),
    ])
  },
}
