/** One market of the list: what may be said of it in a line, and the figures it is sorted by. */
import { type CentiCents, formatContracts, formatDollars, type SideName, sideName } from '#domain'
import { formatMid, type LiveMarket, type Replica } from '#live'

export type MarketState = 'valid' | 'in_doubt' | 'unknown'

export type MarketView = {
  readonly market_ticker: string
  readonly state: MarketState
  readonly valid: boolean
  readonly doubt: string | null
  readonly as_of: string | null
  readonly yes_bid_dollars: string | null
  readonly yes_ask_dollars: string | null
  readonly spread_dollars: string | null
  readonly mid_dollars: string | null
  readonly total_volume_fp: string
  readonly frames_per_second: number
  readonly last_trade: {
    readonly yes_price_dollars: string
    readonly size_fp: string
    readonly taker_side: SideName | null
    readonly time: string
  } | null
  readonly title: string | null
  readonly subtitle: string | null
  readonly event_ticker: string | null
  readonly series_ticker: string
  readonly status: string | null
  readonly open_time: string | null
  readonly close_time: string | null
  readonly result: string | null
  readonly settlement_value_dollars: string | null
}

export function stateOf(copy: Replica, { market }: LiveMarket): MarketState {
  const doubt = copy.doubtOf(market)
  return doubt === undefined ? 'valid' : doubt === 'unknown_market' ? 'unknown' : 'in_doubt'
}

/** What stands before the first dash, unless the exchange said better. */
export const seriesOf = ({ market, info }: LiveMarket): string =>
  info?.series_ticker ?? market.ticker.split('-', 1)[0] ?? market.ticker

export function viewMarket(copy: Replica, live: LiveMarket): MarketView {
  const { market, lastTrade, info, framesPerSecond } = live
  const { yesBid, yesAsk, spread, mid } = market.book.top()
  const state = stateOf(copy, live)
  const dollars = (price: CentiCents | undefined) => (price === undefined ? null : formatDollars(price))
  return {
    market_ticker: market.ticker,
    state,
    valid: state === 'valid',
    doubt: copy.doubtOf(market) ?? null,
    as_of: market.asOfMs === 0 ? null : isoOf(market.asOfMs),
    yes_bid_dollars: dollars(yesBid),
    yes_ask_dollars: dollars(yesAsk),
    spread_dollars: dollars(spread),
    mid_dollars: mid === undefined ? null : formatMid(mid),
    total_volume_fp: formatContracts(market.book.totalVolume),
    frames_per_second: Math.round(framesPerSecond * 100) / 100,
    last_trade:
      lastTrade === undefined
        ? null
        : {
            yes_price_dollars: formatDollars(lastTrade.yesPrice),
            size_fp: formatContracts(lastTrade.size),
            taker_side: lastTrade.takerSide === undefined ? null : sideName(lastTrade.takerSide),
            time: isoOf(lastTrade.exchangeMs || lastTrade.receivedMs),
          },
    title: info?.title ?? null,
    subtitle: info?.yes_sub_title ?? null,
    event_ticker: info?.event_ticker ?? null,
    series_ticker: seriesOf(live),
    status: info?.status ?? null,
    open_time: info?.open_time ?? null,
    close_time: info?.close_time ?? null,
    result: info?.result ?? null,
    settlement_value_dollars: info?.settlement_value ?? null,
  }
}

/** An exchange's stamp may be anything; one that is no time is told as the earliest. */
const isoOf = (ms: number): string => new Date(Math.abs(ms) < MS_MAX ? ms : 0).toISOString()
const MS_MAX = 8.64e15
