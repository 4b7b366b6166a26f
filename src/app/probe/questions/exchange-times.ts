/** What the times in a delta are the times of. */
import { judged, notSeen, type Question } from '../question.ts'
import { framesOf, typeOf } from '../seen.ts'

export const exchangeTimes: Question = {
  id: 'exchange-times',
  fact: '`ts_ms` is when the change was made, before it was sent; it never goes backward in a market.',
  matters: 'Message age is receive time less `ts_ms`.',
  answer({ connections }) {
    const last = new Map<string, number>()
    const agesMs: number[] = []
    const waysMs: number[] = []
    const backward: string[] = []
    for (const connection of Object.values(connections)) {
      for (const one of framesOf(connection)) {
        const atMs = one.msg['ts_ms']
        if (typeOf(one) !== 'orderbook_delta' || typeof atMs !== 'number') continue
        const key = `${connection.name} ${one.msg['market_ticker']}`
        if (atMs < (last.get(key) ?? 0)) backward.push(one.text)
        last.set(key, atMs)
        agesMs.push(one.atMs - atMs)
        const sentMs = one.frame['sending_ts_ms']
        if (typeof sentMs === 'number') waysMs.push(sentMs - atMs)
      }
    }
    if (agesMs.length === 0) return notSeen('no delta with a time came')
    const sent = waysMs.length === 0 ? '' : `; sent ${spread(waysMs)} after it`
    return judged(
      backward.length === 0,
      `${agesMs.length} deltas: received ${spread(agesMs)} after ts_ms by this clock${sent}; ${backward.length} went backward`,
      backward,
    )
  },
}

function spread(values: number[]): string {
  values.sort((a, b) => a - b)
  const at = (share: number) => values[Math.min(values.length - 1, Math.floor(values.length * share))]
  return `${at(0.01)}/${at(0.5)}/${at(0.99)} ms (p1/p50/p99)`
}
