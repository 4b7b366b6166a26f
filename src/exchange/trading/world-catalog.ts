/** What REST shows of the world: its markets, events and series, with the fields of bodies recorded in August 2026. */
import { type CentiCents, complement, formatContracts, formatDollars } from '#domain'
import type { Catalog, Described, EventEntry, MarketEntry, SeriesEntry, TradeEntry } from '../rest/catalog.ts'
import { encodeTime } from '../rfc3339.ts'
import type { World } from '../world/index.ts'
import type { WorldEvent, WorldMarket } from '../world/world-market.ts'
import { describeGrid, describeStrike } from './lifecycle-messages.ts'
import { quotesOf } from './market-messages.ts'
import type { TapeTrade, TradeTape } from './trade-tape.ts'

type Places = ReadonlyMap<string, { readonly ordinal: number; readonly market: WorldMarket }>

const NOTHING = '0.0000'

export class WorldCatalog implements Catalog {
  readonly #world: Pick<World, 'series' | 'events'>
  readonly #places: Places
  readonly #tape: TradeTape

  constructor(world: Pick<World, 'series' | 'events'>, places: Places, tape: TradeTape) {
    this.#world = world
    this.#places = places
    this.#tape = tape
  }

  *markets(): Iterable<MarketEntry> {
    for (const place of this.#places.values()) yield entryOf(place)
  }

  market(ticker: string): MarketEntry | undefined {
    const place = this.#places.get(ticker)
    return place === undefined ? undefined : entryOf(place)
  }

  describeMarket({ ticker }: MarketEntry): Described {
    const place = this.#places.get(ticker)
    return place === undefined ? {} : describeMarket(place.market)
  }

  /** An event stands where its first market does. */
  *events(): Iterable<EventEntry> {
    const found: EventEntry[] = []
    for (const event of this.#world.events.values()) {
      const entry = this.#eventEntry(event)
      if (entry !== undefined) found.push(entry)
    }
    yield* found.sort((a, b) => a.ordinal - b.ordinal)
  }

  event(ticker: string): EventEntry | undefined {
    const event = this.#world.events.get(ticker)
    return event === undefined ? undefined : this.#eventEntry(event)
  }

  describeEvent({ ticker }: EventEntry): Described {
    const event = this.#world.events.get(ticker)
    return event === undefined ? {} : describeEvent(event)
  }

  *series(): Iterable<SeriesEntry> {
    yield* this.#world.series.values()
  }

  seriesOf(ticker: string): SeriesEntry | undefined {
    return this.#world.series.get(ticker)
  }

  describeSeries({ ticker }: SeriesEntry): Described {
    const series = this.#world.series.get(ticker)
    if (series === undefined) return {}
    return {
      additional_prohibitions: [],
      category: series.category,
      contract_terms_url: series.contractTermsUrl,
      contract_url: series.contractUrl,
      exchange_index: 0,
      fee_multiplier: series.feeMultiplier,
      fee_type: series.feeType,
      frequency: series.frequency,
      last_updated_ts: '2026-01-01T00:00:00Z',
      product_metadata: {},
      settlement_sources: series.settlementSources,
      tags: series.tags,
      ticker: series.ticker,
      title: series.title,
    }
  }

  trades(ticker: string | undefined): Iterable<TradeEntry> {
    return this.#tape.newestFirst(ticker)
  }

  describeTrade(entry: TradeEntry): Described {
    const { trade, ticker } = entry as TapeTrade
    return {
      count_fp: formatContracts(trade.count),
      created_time: encodeTime(trade.atMs),
      is_block_trade: false,
      no_price_dollars: formatDollars(complement(trade.yesPrice)),
      taker_book_side: trade.takerBookSide,
      taker_outcome_side: trade.takerSide,
      taker_side: trade.takerSide,
      ticker,
      trade_id: trade.tradeId,
      yes_price_dollars: formatDollars(trade.yesPrice),
    }
  }

  #eventEntry(event: WorldEvent): EventEntry | undefined {
    const markets = event.markets.flatMap(({ ticker }) => this.market(ticker) ?? [])
    const [first] = markets
    if (first === undefined) return undefined
    return { ordinal: first.ordinal, ticker: event.ticker, seriesTicker: event.series.ticker, markets }
  }
}

const entryOf = ({ ordinal, market }: { readonly ordinal: number; readonly market: WorldMarket }): MarketEntry => ({
  ordinal,
  ticker: market.ticker,
  eventTicker: market.event.ticker,
  seriesTicker: market.series.ticker,
  status: market.status,
  createdMs: market.createdMs,
  closeMs: market.closeMs,
  settledMs: market.settledMs,
})

/** Nothing traded a day ago: the previous prices are 0. */
function describeMarket(market: WorldMarket): Described {
  const quotes = quotesOf(market)
  return {
    can_close_early: market.canCloseEarly,
    close_time: encodeTime(market.closeMs),
    created_time: encodeTime(market.createdMs),
    ...(market.earlyCloseCondition === undefined ? {} : { early_close_condition: market.earlyCloseCondition }),
    event_ticker: market.event.ticker,
    exchange_index: 0,
    expected_expiration_time: encodeTime(market.expectedExpirationMs),
    expiration_time: encodeTime(market.latestExpirationMs),
    expiration_value: market.expirationValue,
    last_price_dollars: formatDollars(market.lastTrade?.yesPrice ?? (0 as CentiCents)),
    latest_expiration_time: encodeTime(market.latestExpirationMs),
    liquidity_dollars: NOTHING,
    market_type: market.marketType,
    no_ask_dollars: formatDollars(complement(quotes.yesBid)),
    no_bid_dollars: formatDollars(complement(quotes.yesAsk)),
    no_sub_title: market.noSubTitle,
    notional_value_dollars: '1.0000',
    occurrence_datetime: encodeTime(market.expectedExpirationMs),
    open_interest_fp: formatContracts(market.openInterest),
    open_time: encodeTime(market.openMs),
    previous_price_dollars: NOTHING,
    previous_yes_ask_dollars: NOTHING,
    previous_yes_bid_dollars: NOTHING,
    ...describeGrid(market),
    result: market.result,
    rules_primary: market.rulesPrimary,
    rules_secondary: market.rulesSecondary,
    settlement_timer_seconds: market.settlementTimerSeconds,
    ...(market.settledMs === undefined ? {} : { settlement_ts: encodeTime(market.settledMs) }),
    ...(market.settlementValue === undefined
      ? {}
      : { settlement_value_dollars: formatDollars(market.settlementValue) }),
    status: market.status,
    ...describeStrike(market),
    ticker: market.ticker,
    title: market.title,
    updated_time: encodeTime(market.updatedMs),
    volume_24h_fp: formatContracts(market.volume),
    volume_fp: formatContracts(market.volume),
    yes_ask_dollars: formatDollars(quotes.yesAsk),
    yes_ask_size_fp: formatContracts(quotes.yesAskSize),
    yes_bid_dollars: formatDollars(quotes.yesBid),
    yes_bid_size_fp: formatContracts(quotes.yesBidSize),
    yes_sub_title: market.yesSubTitle,
  }
}

const describeEvent = (event: WorldEvent): Described => ({
  available_on_brokers: false,
  category: event.series.category,
  collateral_return_type: event.collateralReturnType,
  event_ticker: event.ticker,
  exchange_index: 0,
  last_updated_ts: encodeTime(event.createdMs),
  mutually_exclusive: event.mutuallyExclusive,
  product_metadata: {},
  series_ticker: event.series.ticker,
  settlement_sources: event.series.settlementSources,
  ...(event.strikeDateMs === undefined ? {} : { strike_date: encodeTime(event.strikeDateMs) }),
  strike_period: event.strikePeriod ?? '',
  sub_title: event.subTitle,
  title: event.title,
})
