/**
 * Messages to clients, as the bytes that all of them share: everything behind the number. Prices and sizes as Kalshi
 * writes them, NO levels in NO prices. docs/api-websocket.md tells what each field means.
 */
import type { TradeFrame } from '#codec'
import {
  type CentiCents,
  type CentiContracts,
  complement,
  formatContracts,
  formatDollars,
  formatPosition,
  type Position,
  type Side,
  sideName,
} from '#domain'
import type { DoubtCause, Market } from '#feed'
import { type LiveMarket, type Replica, viewBook } from '#live'

export const PROTOCOL_VERSION = 1

/** A message without a position: about the connection, not about data. */
export const encodePlain = (type: string, msg: object, id?: number | null): Buffer =>
  Buffer.from(`,"type":"${type}"${id === undefined ? '' : `,"id":${id}`},"msg":${JSON.stringify(msg)}}`)

const encodeData = (type: string, position: Position, msg: string): Buffer =>
  Buffer.from(`,"type":"${type}","position":"${formatPosition(position)}","msg":${msg}}`)

export function encodeDelta(
  position: Position,
  market: Market,
  side: Side,
  price: CentiCents,
  change: CentiContracts,
  size: CentiContracts,
): Buffer {
  const { ticker, seq, exchangeMs, changedMs } = market
  return encodeData(
    'orderbook_delta',
    position,
    `{"market_ticker":${JSON.stringify(ticker)},"side":"${sideName(side)}","price_dollars":"${formatDollars(price)}",` +
      `"delta_fp":"${formatContracts(change)}","size_after_fp":"${formatContracts(size)}",` +
      `"book_seq":${seq},"ts_ms":${exchangeMs},"received_ms":${millis(changedMs)}}`,
  )
}

/**
 * Validity is the fold's own here. How late the copy is is told once for all books, by {@link encodeStatus}: said of each,
 * it would have to be taken back for each.
 */
export function encodeSnapshot(replica: Replica, market: Market): Buffer {
  const { segment, offset } = replica.position
  const place = { position: `${segment}:${offset}`, behind_ms: Math.round(replica.behindMs) }
  return encodeData(
    'orderbook_snapshot',
    replica.position,
    JSON.stringify({ ...viewBook(market, Date.now()), ...place }),
  )
}

export function encodeValidity(replica: Replica, market: Market, doubt = market.doubt): Buffer {
  const { ticker, asOfMs } = market
  return encodeData(
    'orderbook_validity',
    replica.position,
    JSON.stringify({
      market_ticker: ticker,
      valid: doubt === undefined,
      doubt: doubt ?? null,
      as_of: asOfMs === 0 ? null : new Date(asOfMs).toISOString(),
    }),
  )
}

/** A book that is recorded no longer, of which nothing is known but the name. */
export const encodeLost = (position: Position, ticker: string): Buffer =>
  encodeData(
    'orderbook_validity',
    position,
    JSON.stringify({ market_ticker: ticker, valid: false, doubt: 'unsubscribed' satisfies DoubtCause, as_of: null }),
  )

export function encodeTrade(position: Position, trade: TradeFrame, receivedMs: number): Buffer {
  const { market, tradeId, yesPrice, size, takerSide, isBlock, exchangeMs } = trade
  return encodeData(
    'trade',
    position,
    JSON.stringify({
      market_ticker: market,
      trade_id: tradeId ?? null,
      yes_price_dollars: formatDollars(yesPrice),
      no_price_dollars: formatDollars(complement(yesPrice)),
      count_fp: formatContracts(size),
      taker_side: takerSide === undefined ? null : sideName(takerSide),
      is_block_trade: isBlock,
      ts_ms: exchangeMs,
      received_ms: millis(receivedMs),
    }),
  )
}

/** One market's part of a `stats` message. */
export function encodeMarketStats({ market, lastTrade, framesPerSecond }: LiveMarket): string {
  const { yesBid, yesAsk } = market.book.top()
  return JSON.stringify({
    market_ticker: market.ticker,
    valid: market.valid,
    frames_per_second: Math.round(framesPerSecond * 10) / 10,
    yes_bid_dollars: yesBid === undefined ? null : formatDollars(yesBid),
    yes_ask_dollars: yesAsk === undefined ? null : formatDollars(yesAsk),
    last_price_dollars: lastTrade === undefined ? null : formatDollars(lastTrade.yesPrice),
    resting_fp: formatContracts(market.book.totalVolume),
  })
}

/** `markets`: of {@link encodeMarketStats}. */
export function encodeStats(replica: Replica, nowMs: number, markets: readonly string[]): Buffer {
  const head = {
    ts_ms: nowMs,
    state: replica.toldState,
    behind_ms: Math.round(replica.behindMs),
    frames_per_second: Math.round(replica.framesPerSecond),
  }
  return encodeData('stats', replica.position, `${JSON.stringify(head).slice(0, -1)},"markets":[${markets.join(',')}]}`)
}

/** The copy as a whole: while it is not `live`, no book is valid, whatever was said of it before. */
export const encodeStatus = (replica: Replica): Buffer =>
  encodeData(
    'status',
    replica.position,
    JSON.stringify({ state: replica.toldState, behind_ms: Math.round(replica.behindMs) }),
  )

/** Microseconds are kept. */
const millis = (ms: number): number => Math.round(ms * 1000) / 1000
