/** The orders in which markets can be listed: by a figure and then by ticker, so that a page can go on where another ended. */
import type { LiveMarket } from '#live'

/** What can be sorted by; all but the ticker with the largest first. A market without the figure comes last. */
export const SORTS = {
  ticker: ({ market }: LiveMarket) => market.ticker,
  frames_per_second: ({ framesPerSecond }: LiveMarket) => framesPerSecond,
  total_volume: ({ market }: LiveMarket) => market.book.totalVolume,
  spread: ({ market }: LiveMarket) => market.book.top().spread ?? null,
  last_trade: ({ lastTrade }: LiveMarket) => lastTrade?.receivedMs ?? null,
  close_time: ({ info }: LiveMarket) => info?.close_time ?? null,
} as const satisfies Record<string, (live: LiveMarket) => string | number | null>
export type MarketSort = keyof typeof SORTS

/** A market's place in an order. */
export type MarketKey = readonly [figure: string | number | null, ticker: string]

/** Largest first, nothing last, then by ticker; the ticker alone ascends. */
export const compareMarkets =
  (sort: MarketSort) =>
  ([a, aTicker]: MarketKey, [b, bTicker]: MarketKey): number => {
    const byTicker = aTicker < bTicker ? -1 : aTicker > bTicker ? 1 : 0
    if (sort === 'ticker' || a === b) return byTicker
    if (a === null || b === null) return a === null ? 1 : -1
    // A cursor of another sort: any order will do, as long as it is one.
    if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1
    return a > b ? -1 : 1
  }
