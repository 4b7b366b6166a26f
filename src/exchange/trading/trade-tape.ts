/** The last trades of the whole exchange, so that REST can page through them; older ones are let go. */
import type { TradeEntry } from '../rest/catalog.ts'
import type { TradeHappening, WorldTrade } from '../world/index.ts'

const TRADES_MAX = 50_000

export type TapeTrade = TradeEntry & WorldTrade

export class TradeTape {
  readonly #ring: TapeTrade[] = []
  #count = 0

  add(trade: TradeHappening): void {
    const { tradeId, yesPrice, count, takerSide, takerBookSide, atMs } = trade
    // Not the happening itself, which would keep its market and all that hangs on it.
    const entry = {
      ordinal: this.#count,
      ticker: trade.market.ticker,
      tradeId,
      yesPrice,
      count,
      takerSide,
      takerBookSide,
      atMs,
    }
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
