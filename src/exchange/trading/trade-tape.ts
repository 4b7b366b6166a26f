/** The last trades of the whole exchange, so that REST can page through them; older ones are let go. */
import type { TradeEntry } from '../rest/catalog.ts'
import type { TradeHappening } from '../world/happening.ts'

const TRADES_MAX = 50_000

export type TapeTrade = TradeEntry & { readonly trade: TradeHappening }

export class TradeTape {
  readonly #ring: TapeTrade[] = []
  #count = 0

  add(trade: TradeHappening): void {
    const entry = { ordinal: this.#count, ticker: trade.market.ticker, atMs: trade.atMs, trade }
    this.#ring[this.#count % TRADES_MAX] = entry
    this.#count++
  }

  /** Newest first. */
  *newestFirst(ticker: string | undefined): Iterable<TapeTrade> {
    const oldest = Math.max(0, this.#count - TRADES_MAX)
    for (let ordinal = this.#count - 1; ordinal >= oldest; ordinal--) {
      const entry = this.#ring[ordinal % TRADES_MAX] as TapeTrade
      if (ticker === undefined || entry.ticker === ticker) yield entry
    }
  }
}
