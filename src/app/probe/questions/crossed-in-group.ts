/** Whether a crossed book is mended within the exchange time at which it crossed. */

import { PlainBooks } from '../plain-books.ts'
import { judged, notSeen, type Question } from '../question.ts'
import { framesOf, typeOf } from '../seen.ts'

export const crossedInGroup: Question = {
  id: 'crossed-in-group',
  fact: 'A book is crossed or locked at most within one `ts_ms`, never after it.',
  matters: 'One that still is puts itself in doubt: src/feed/belief.ts.',
  answer({ connections: { no } }) {
    const books = new PlainBooks()
    const crossedMs = new Map<string, number>()
    let crossings = 0
    const after: string[] = []
    for (const one of framesOf(no)) {
      const ticker = String(one.msg['market_ticker'])
      const atMs = Number(one.msg['ts_ms'] ?? 0)
      const since = crossedMs.get(ticker)
      if (since !== undefined && atMs > since && books.isCrossed(ticker)) after.push(one.text)
      books.take(one)
      if (!books.isCrossed(ticker)) crossedMs.delete(ticker)
      else if (typeOf(one) === 'orderbook_delta' && !crossedMs.has(ticker)) {
        crossedMs.set(ticker, atMs)
        crossings += 1
      }
    }
    if (crossings === 0) return notSeen('no book was crossed')
    return judged(after.length === 0, `${crossings} crossings, ${after.length} outlived their ts_ms`, after)
  },
}
