/**
 * In which prices NO levels came, told by the same markets on two connections: levels of the one are looked for among those of
 * the other as they are, and turned round (a NO bid at 0.30 is 0.70 in YES prices).
 */
import { framesOf, type SeenConnection, typeOf } from './seen.ts'

export type PriceFit = {
  /** Markets with NO levels on both. */
  readonly books: number
  /** Levels found as they are, and turned round. */
  readonly asTheyAre: number
  readonly turned: number
  readonly samples: readonly string[]
}

/** Of each market's first snapshot on either. */
export function fitPrices(one: SeenConnection | undefined, other: SeenConnection | undefined): PriceFit {
  const [ours, theirs] = [firstSnapshots(one), firstSnapshots(other)]
  const samples: string[] = []
  let books = 0
  let asTheyAre = 0
  let turned = 0
  for (const [ticker, { prices, text }] of ours) {
    const found = theirs.get(ticker)
    if (found === undefined) continue
    books += 1
    for (const price of prices) {
      if (found.prices.has(price)) asTheyAre += 1
      if (found.prices.has(10_000 - price)) turned += 1
    }
    if (samples.length < 4) samples.push(text, found.text)
  }
  return { books, asTheyAre, turned, samples }
}

function firstSnapshots(connection: SeenConnection | undefined) {
  const first = new Map<string, { readonly prices: ReadonlySet<number>; readonly text: string }>()
  for (const one of framesOf(connection)) {
    const { market_ticker: ticker, no_dollars_fp: no } = one.msg
    if (typeOf(one) !== 'orderbook_snapshot' || typeof ticker !== 'string' || first.has(ticker)) continue
    if (!Array.isArray(no) || no.length === 0) continue
    first.set(ticker, { prices: new Set(no.map((level) => Math.round(Number(level[0]) * 10_000))), text: one.text })
  }
  return first
}
