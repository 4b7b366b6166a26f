/**
 * What happens in the world as the `msg` of a frame: deltas, trades, tickers (shapes of docs.kalshi.com/asyncapi.yaml,
 * read 2026-11, keys in the order of its examples). Pure; times are the world's.
 */
import { type CentiCents, type CentiContracts, complement, formatContracts, formatDollars, ONE_DOLLAR } from '#domain'
import { bestPrice, type Ladder } from '../ladder.ts'
import { encodeTime } from '../rfc3339.ts'
import type { DeltaHappening, TradeHappening } from '../world/happening.ts'
import type { WorldMarket } from '../world/world-market.ts'

/** With `yesPrices` a NO delta stands at one dollar less its price. */
export function encodeDelta({ market, side, price, change, atMs }: DeltaHappening, yesPrices: boolean): string {
  const sent = side === 'no' && yesPrices ? complement(price) : price
  return (
    `{"market_ticker":"${market.ticker}","market_id":"${market.marketId}","price_dollars":"${formatDollars(sent)}",` +
    `"delta_fp":"${formatContracts(change)}","side":"${side}","ts":"${encodeTime(atMs)}","ts_ms":${atMs}}`
  )
}

export function encodeTrade({
  market,
  tradeId,
  yesPrice,
  count,
  takerSide,
  takerBookSide,
  atMs,
}: TradeHappening): string {
  return (
    `{"trade_id":"${tradeId}","market_ticker":"${market.ticker}","yes_price_dollars":"${formatDollars(yesPrice)}",` +
    `"no_price_dollars":"${formatDollars(complement(yesPrice))}","count_fp":"${formatContracts(count)}",` +
    `"taker_side":"${takerSide}","taker_outcome_side":"${takerSide}","taker_book_side":"${takerBookSide}",` +
    `"is_block_trade":false,"ts":${Math.floor(atMs / 1000)},"ts_ms":${atMs}}`
  )
}

/** The best of a book, as tickers and market objects show it: no bid is 0, no ask is a dollar, their sizes are 0. */
export type Quotes = {
  readonly yesBid: CentiCents
  readonly yesAsk: CentiCents
  readonly yesBidSize: CentiContracts
  readonly yesAskSize: CentiContracts
}

export function quotesOf({ book }: WorldMarket): Quotes {
  const yesBid = bestPrice(book.yes)
  const noBid = bestPrice(book.no)
  return {
    yesBid: yesBid ?? (0 as CentiCents),
    yesAsk: noBid === undefined ? ONE_DOLLAR : complement(noBid),
    yesBidSize: sizeAt(book.yes, yesBid),
    yesAskSize: sizeAt(book.no, noBid),
  }
}

/**
 * `dollar_volume` and `dollar_open_interest` are half a dollar a contract, as in recorded frames (2025-11).
 * Without any trade the price is 0.
 */
export function encodeTicker(market: WorldMarket, quotes: Quotes, atMs: number): string {
  const { volume, openInterest, lastTrade } = market
  return (
    `{"market_id":"${market.marketId}","market_ticker":"${market.ticker}",` +
    `"price_dollars":"${formatDollars(lastTrade?.yesPrice ?? (0 as CentiCents))}",` +
    `"yes_bid_dollars":"${formatDollars(quotes.yesBid)}","yes_ask_dollars":"${formatDollars(quotes.yesAsk)}",` +
    `"volume_fp":"${formatContracts(volume)}","open_interest_fp":"${formatContracts(openInterest)}",` +
    `"dollar_volume":${Math.floor(volume / 200)},"dollar_open_interest":${Math.floor(openInterest / 200)},` +
    `"yes_bid_size_fp":"${formatContracts(quotes.yesBidSize)}","yes_ask_size_fp":"${formatContracts(quotes.yesAskSize)}",` +
    `"last_trade_size_fp":"${formatContracts(lastTrade?.count ?? (0 as CentiContracts))}",` +
    `"ts":${Math.floor(atMs / 1000)},"ts_ms":${atMs},"time":"${encodeTime(atMs)}"}`
  )
}

const sizeAt = (ladder: Ladder, price: CentiCents | undefined): CentiContracts =>
  (price === undefined ? 0 : (ladder.get(price) ?? 0)) as CentiContracts
