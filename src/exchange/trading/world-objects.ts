/** Markets, events, series and trades of the world as REST bodies have them: the fields of bodies recorded in August 2026. */
import { type CentiCents, complement, formatContracts, formatDollars } from '#domain'
import type { Described } from '../rest/catalog.ts'
import { encodeTime } from '../rfc3339.ts'
import type { WorldEvent, WorldMarket, WorldSeries, WorldTrade } from '../world/world-market.ts'
import { describeGrid, describeStrike } from './lifecycle-messages.ts'
import { quotesOf } from './market-messages.ts'

const NOTHING = '0.0000'

/** Nothing traded a day ago: the previous prices are 0. */
export function describeMarket(market: WorldMarket): Described {
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

export const describeEvent = (event: WorldEvent): Described => ({
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

/** A series never changes here. */
export const describeSeries = (series: WorldSeries): Described => ({
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
})

export const describeTrade = (trade: WorldTrade): Described => ({
  count_fp: formatContracts(trade.count),
  created_time: encodeTime(trade.atMs),
  is_block_trade: false,
  no_price_dollars: formatDollars(complement(trade.yesPrice)),
  taker_book_side: trade.takerBookSide,
  taker_outcome_side: trade.takerSide,
  taker_side: trade.takerSide,
  ticker: trade.ticker,
  trade_id: trade.tradeId,
  yes_price_dollars: formatDollars(trade.yesPrice),
})
