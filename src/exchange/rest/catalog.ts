/**
 * What REST shows: markets, events, series and trades as plain entries, and the objects that they make in a body.
 *
 * Entries carry only what filters and pages need. An ordinal grows with each entry and is never given twice, so that a
 * page goes on where the last one ended although markets come and go in between.
 */
export const MARKET_STATUSES = ['initialized', 'inactive', 'active', 'closed', 'determined', 'finalized'] as const
export type MarketStatus = (typeof MARKET_STATUSES)[number]

export type Described = Readonly<Record<string, unknown>>

export type MarketEntry = {
  readonly ordinal: number
  readonly ticker: string
  readonly eventTicker: string
  readonly seriesTicker: string
  readonly status: MarketStatus
  readonly createdMs: number
  readonly closeMs: number
  /** `undefined` before it has settled. */
  readonly settledMs: number | undefined
}

export type EventEntry = {
  readonly ordinal: number
  readonly ticker: string
  readonly seriesTicker: string
  /** Newest last. */
  readonly markets: readonly MarketEntry[]
}

export type SeriesEntry = { readonly ticker: string; readonly category: string; readonly tags: readonly string[] }

export type TradeEntry = { readonly ordinal: number; readonly ticker: string; readonly atMs: number }

export type Catalog = {
  /** By ordinal. */
  markets(): Iterable<MarketEntry>
  market(ticker: string): MarketEntry | undefined
  describeMarket(market: MarketEntry): Described
  events(): Iterable<EventEntry>
  event(ticker: string): EventEntry | undefined
  describeEvent(event: EventEntry): Described
  series(): Iterable<SeriesEntry>
  seriesOf(ticker: string): SeriesEntry | undefined
  describeSeries(series: SeriesEntry): Described
  /** Newest first; of one market, or of all. */
  trades(ticker: string | undefined): Iterable<TradeEntry>
  describeTrade(trade: TradeEntry): Described
}
