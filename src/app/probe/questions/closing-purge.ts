/** What a close does to resting orders. */
import { confirmed, notSeen, type Question } from '../question.ts'
import { framesOf, typeOf } from '../seen.ts'

export const closingPurge: Question = {
  id: 'closing-purge',
  fact: 'Mass cancels at a close come as deltas of one `ts_ms`, or as an empty snapshot unasked.',
  matters: 'Either is right for the fold.',
  answer({ connections: { no } }) {
    const groups = new Map<string, number>()
    const asked = new Set<string>()
    const unasked: string[] = []
    for (const one of framesOf(no)) {
      const ticker = String(one.msg['market_ticker'])
      if (typeOf(one) === 'orderbook_delta' && String(one.msg['delta_fp']).startsWith('-')) {
        const key = `${ticker} ${one.msg['ts_ms']}`
        groups.set(key, (groups.get(key) ?? 0) + 1)
      }
      if (typeOf(one) !== 'orderbook_snapshot') continue
      if (asked.has(ticker) && one.frame['id'] === undefined) unasked.push(one.text)
      asked.add(ticker)
    }
    const largest = Math.max(0, ...groups.values())
    if (largest < PURGE_MIN && unasked.length === 0) return notSeen('no market closed while it was looked at')
    return confirmed(
      `${unasked.length} snapshots came unasked; the largest group of decreases of one ts_ms has ${largest}`,
      unasked,
    )
  },
}

/** Fewer decreases at one time are trading. */
const PURGE_MIN = 100
