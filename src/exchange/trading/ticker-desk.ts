/**
 * When a market's `ticker` is due: after a change of its best prices, their sizes or its last trade, and never twice in
 * a second (recorded frames, 2025-11 to 2026-08: about one a second for each market).
 */
import type { DeltaHappening } from '../world/happening.ts'
import type { WorldMarket } from '../world/world-market.ts'
import { encodeTicker, type Quotes, quotesOf } from './market-messages.ts'

export const TICKER_INTERVAL_MS = 1_000

type Desk = { lastMs: number; lastText: string | undefined; quotes: Quotes; dueMs: number | undefined }

export class TickerDesk {
  readonly #desks = new Map<string, Desk>()
  /** Markets whose ticker is due, in the order in which it became so. */
  readonly #due = new Map<WorldMarket, Desk>()
  #nextMs = Number.POSITIVE_INFINITY

  /** Notes a change of a level; those away from the best change no ticker. */
  changed({ market, side, price }: DeltaHappening, atMs: number): void {
    const desk = this.#desks.get(market.ticker)
    if (desk?.dueMs !== undefined) return
    // Until something is due the quotes noted are those of the book, so whatever lies behind them did not move them.
    const best = desk === undefined ? 0 : side === 'yes' ? desk.quotes.yesBid : 10_000 - desk.quotes.yesAsk
    if (price >= best) this.touched(market, atMs)
  }

  /** Notes a change that every ticker shows: a trade, a book cleared. */
  touched(market: WorldMarket, atMs: number): void {
    const desk = this.#deskOf(market)
    if (desk.dueMs !== undefined) return
    desk.dueMs = Math.max(atMs, desk.lastMs + TICKER_INTERVAL_MS)
    this.#due.set(market, desk)
    this.#nextMs = Math.min(this.#nextMs, desk.dueMs)
  }

  /** Unix ms at which the next ticker is due; infinity when none is. */
  get nextMs(): number {
    return this.#nextMs
  }

  /** Hands over the tickers that are due. */
  send(atMs: number, tell: (market: WorldMarket, msg: string) => void): void {
    if (atMs < this.#nextMs) return
    this.#nextMs = Number.POSITIVE_INFINITY
    for (const [market, desk] of this.#due) {
      const dueMs = desk.dueMs as number
      if (dueMs > atMs) {
        this.#nextMs = Math.min(this.#nextMs, dueMs)
        continue
      }
      this.#due.delete(market)
      desk.dueMs = undefined
      desk.lastMs = atMs
      desk.quotes = quotesOf(market)
      desk.lastText = encodeTicker(market, desk.quotes, atMs)
      tell(market, desk.lastText)
    }
  }

  /** The last `ticker` of a market; `undefined` before the first. */
  lastOf(ticker: string): string | undefined {
    return this.#desks.get(ticker)?.lastText
  }

  forget(market: WorldMarket): void {
    this.#desks.delete(market.ticker)
    this.#due.delete(market)
  }

  #deskOf(market: WorldMarket): Desk {
    const known = this.#desks.get(market.ticker)
    if (known !== undefined) return known
    const quotes = quotesOf(market)
    const desk: Desk = { lastMs: Number.NEGATIVE_INFINITY, lastText: undefined, quotes, dueMs: undefined }
    this.#desks.set(market.ticker, desk)
    return desk
  }
}
