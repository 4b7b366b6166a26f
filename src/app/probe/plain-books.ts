/**
 * Books as plain maps of texts to numbers, made from frames with no code of the recorder's: what a snapshot is compared with
 * must not share its mistakes. Prices are taken as they were sent.
 */
import type { SeenFrame } from './seen.ts'

/** Hundredths of a contract by side and price, such as `yes 0.4200`. */
type PlainBook = { readonly sizes: Map<string, number>; changedMs: number }

export class PlainBooks {
  readonly #books = new Map<string, PlainBook>()

  take({ frame, msg }: SeenFrame): void {
    const ticker = String(msg['market_ticker'])
    if (frame['type'] === 'orderbook_snapshot') this.#books.set(ticker, { sizes: levelsOf(msg), changedMs: 0 })
    const book = this.#books.get(ticker)
    if (frame['type'] !== 'orderbook_delta' || book === undefined) return
    const key = `${msg['side']} ${msg['price_dollars']}`
    const size = (book.sizes.get(key) ?? 0) + hundredths(msg['delta_fp'])
    if (size === 0) book.sizes.delete(key)
    else book.sizes.set(key, size)
    book.changedMs = Number(msg['ts_ms'] ?? 0)
  }

  /** One text for equal books; `undefined` for a market without a snapshot. */
  text({ msg }: SeenFrame): string | undefined {
    const book = this.#books.get(String(msg['market_ticker']))
    return book === undefined ? undefined : JSON.stringify([...book.sizes].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** `ts_ms` of the last delta of the frame's market; 0 before one. */
  changedMs({ msg }: SeenFrame): number {
    return this.#books.get(String(msg['market_ticker']))?.changedMs ?? 0
  }

  /** Whether the best bids of both sides meet, read as NO prices. */
  isCrossed(ticker: string): boolean {
    const best = { yes: 0, no: 0 }
    for (const key of this.#books.get(ticker)?.sizes.keys() ?? []) {
      const [side, price] = key.split(' ') as ['yes' | 'no', string]
      best[side] = Math.max(best[side], Math.round(Number(price) * 10_000))
    }
    return best.yes > 0 && best.no > 0 && best.yes + best.no >= 10_000
  }
}

function levelsOf(msg: Readonly<Record<string, unknown>>): Map<string, number> {
  const sizes = new Map<string, number>()
  for (const side of ['yes', 'no']) {
    const list = msg[`${side}_dollars_fp`]
    for (const level of Array.isArray(list) ? list : []) sizes.set(`${side} ${level[0]}`, hundredths(level[1]))
  }
  return sizes
}

const hundredths = (text: unknown): number => Math.round(Number(text) * 100)
