/**
 * Trades and tickers: what the feed needs of them now (the whole of them stays in the journal's raw frame). Old shapes
 * in whole cents are read too. Pure; answers a {@link Fault} instead of throwing.
 */
import {
  type CentiCents,
  type CentiContracts,
  ONE_DOLLAR,
  parseContracts,
  parseDollars,
  parseSide,
  type Side,
} from '#domain'
import { readExchangeMs } from './book-messages.ts'
import { type Fault, fault, type Json, textOf } from './json.ts'

export type TradeMessage = {
  readonly tradeId: string | undefined
  readonly yesPrice: CentiCents
  readonly size: CentiContracts
  readonly takerSide: Side | undefined
  readonly isBlock: boolean
  readonly exchangeMs: number
}

export function readTrade(msg: Json): TradeMessage | Fault {
  const yesPrice = price(msg['yes_price_dollars'], msg['yes_price'])
  if (yesPrice === undefined) return fault('msg.yes_price_dollars', msg['yes_price_dollars'] ?? msg['yes_price'])
  const size = count(msg['count_fp'], msg['count'])
  if (size === undefined || size < 0) return fault('msg.count_fp', msg['count_fp'] ?? msg['count'])
  const exchangeMs = readExchangeMs(msg)
  if (typeof exchangeMs !== 'number') return exchangeMs
  return {
    tradeId: textOf(msg['trade_id']),
    yesPrice,
    size,
    takerSide: parseSide(msg['taker_outcome_side'] ?? msg['taker_side']),
    isBlock: msg['is_block_trade'] === true,
    exchangeMs,
  }
}

export type TickerMessage = {
  readonly yesBid: CentiCents | undefined
  readonly yesBidSize: CentiContracts | undefined
  readonly yesAsk: CentiCents | undefined
  readonly last: CentiCents | undefined
  readonly exchangeMs: number
}

/** A ticker never faults over a price: an empty or zero one means that there is none. */
export function readTicker(msg: Json): TickerMessage | Fault {
  const exchangeMs = readExchangeMs(msg)
  if (typeof exchangeMs !== 'number') return exchangeMs
  return {
    yesBid: quote(msg['yes_bid_dollars'], msg['yes_bid']),
    yesBidSize: count(msg['yes_bid_size_fp'], undefined),
    yesAsk: quote(msg['yes_ask_dollars'], msg['yes_ask']),
    last: quote(msg['price_dollars'], msg['price']),
    exchangeMs,
  }
}

function price(text: unknown, whole: unknown): CentiCents | undefined {
  const value =
    typeof text === 'string' ? parseDollars(text) : Number.isSafeInteger(whole) ? (whole as number) * 100 : undefined
  return value !== undefined && value >= 0 && value <= ONE_DOLLAR ? (value as CentiCents) : undefined
}

/** 0 is "no bid" and 1 "no ask" in a ticker: neither is a quote. */
function quote(text: unknown, whole: unknown): CentiCents | undefined {
  const value = price(text, whole)
  return value === undefined || value === 0 || value === ONE_DOLLAR ? undefined : value
}

function count(text: unknown, whole: unknown): CentiContracts | undefined {
  if (typeof text === 'string') return parseContracts(text)
  return Number.isSafeInteger(whole) && Math.abs(whole as number) <= 1e12
    ? (((whole as number) * 100) as CentiContracts)
    : undefined
}
