/**
 * The fast way through the frame that makes up nearly all traffic: an `orderbook_delta` in today's shape, read byte by
 * byte without a string, an object or `JSON.parse`.
 *
 * Every byte of the frame is checked: the literals between the values, that digits are digits, that no string hides an
 * escape. At the first surprise it answers `false` and the plain decoder reads the frame instead; so a field added by
 * Kalshi, another key order or a new type costs speed, never correctness. The property test holds both to the same answer.
 *
 * The answer is left in the scanner's own fields until the next call: nothing is allocated.
 */
import { type CentiCents, type CentiContracts, NO, ONE_DOLLAR, type Side, YES } from '#domain'
import { HASH_START, hashByte, type TickerTable } from './ticker-table.ts'

export class DeltaScanner {
  readonly #tickers: TickerTable
  sid = 0
  seq = 0
  /** The market's number in the ticker table. */
  market = 0
  side: Side = YES
  price = 0 as CentiCents
  change = 0 as CentiContracts
  /** Unix ms, 0 when the frame has none. */
  exchangeMs = 0
  #at = 0

  constructor(tickers: TickerTable) {
    this.#tickers = tickers
  }

  /** Whether the frame was a delta in today's shape, of a market in the table. If so, the fields hold it. */
  scan(bytes: Uint8Array, useYesPrice: boolean): boolean {
    if (!startsWith(bytes, 0, TYPE)) return false
    this.#at = TYPE.length
    this.sid = this.#readCount(bytes)
    if (this.sid < 0 || !this.#skip(bytes, SEQ)) return false
    this.seq = this.#readCount(bytes)
    if (this.seq < 0 || !this.#skip(bytes, MARKET)) return false

    let at = this.#at
    const start = at
    let hash = HASH_START
    for (let byte = bytes[at]!; byte !== QUOTE; byte = bytes[++at]!) {
      if (!(byte >= 0x20 && byte < 0x7f) || byte === BACKSLASH) return false
      hash = hashByte(hash, byte)
    }
    this.market = this.#tickers.find(bytes, start, at, hash)
    if (this.market < 0) return false
    this.#at = at

    if (this.#skip(bytes, MARKET_ID) && !this.#skipText(bytes)) return false
    if (!this.#skip(bytes, PRICE) || !this.#readPrice(bytes)) return false
    if (!this.#skip(bytes, CHANGE) || !this.#readChange(bytes)) return false
    if (!this.#skip(bytes, SIDE) || !this.#readSide(bytes)) return false
    if (useYesPrice && this.side === NO) this.price = (ONE_DOLLAR - this.price) as CentiCents
    return this.#readTail(bytes)
  }

  /** After the side: optional `ts`, optional `ts_ms`, the end of `msg`, optional `sending_ts_ms`, the end, white space. */
  #readTail(bytes: Uint8Array): boolean {
    const hasText = this.#skip(bytes, TS)
    if (hasText && (!this.#skipText(bytes) || bytes[this.#at++] !== QUOTE)) return false
    this.exchangeMs = 0
    if (this.#skip(bytes, TS_MS)) {
      this.exchangeMs = this.#readCount(bytes)
      if (this.exchangeMs < 0) return false
    } else if (hasText) return false // The time is in the text: the plain decoder parses it.
    if (bytes[this.#at++] !== BRACE) return false
    if (this.#skip(bytes, SENDING) && this.#readCount(bytes) < 0) return false
    if (bytes[this.#at++] !== BRACE) return false
    for (let at = this.#at; at < bytes.length; at++) {
      const byte = bytes[at]
      if (byte !== 0x0a && byte !== 0x20 && byte !== 0x0d && byte !== 0x09) return false
    }
    return true
  }

  #skip(bytes: Uint8Array, literal: Uint8Array): boolean {
    if (!startsWith(bytes, this.#at, literal)) return false
    this.#at += literal.length
    return true
  }

  /** Past the characters of a string, to its closing quote. */
  #skipText(bytes: Uint8Array): boolean {
    let at = this.#at
    for (let byte = bytes[at]!; byte !== QUOTE; byte = bytes[++at]!) {
      if (!(byte >= 0x20 && byte < 0x7f) || byte === BACKSLASH) return false
    }
    this.#at = at
    return true
  }

  /** A whole number as JSON writes it, at most 15 digits; -1 for anything else. */
  #readCount(bytes: Uint8Array): number {
    const start = this.#at
    let at = start
    let value = 0
    for (let digit = bytes[at]! - 0x30; digit >= 0 && digit <= 9; digit = bytes[++at]! - 0x30)
      value = value * 10 + digit
    const digits = at - start
    if (digits === 0 || digits > 15 || (digits > 1 && bytes[start] === 0x30)) return -1
    this.#at = at
    return value
  }

  /** `0.dddd`, above zero. */
  #readPrice(bytes: Uint8Array): boolean {
    const at = this.#at
    if (bytes[at] !== 0x30 || bytes[at + 1] !== 0x2e) return false
    const a = bytes[at + 2]! - 0x30
    const b = bytes[at + 3]! - 0x30
    const c = bytes[at + 4]! - 0x30
    const d = bytes[at + 5]! - 0x30
    if (!(a >= 0 && a <= 9 && b >= 0 && b <= 9 && c >= 0 && c <= 9 && d >= 0 && d <= 9)) return false
    const price = a * 1000 + b * 100 + c * 10 + d
    if (price === 0) return false
    this.price = price as CentiCents
    this.#at = at + 6
    return true
  }

  /** `-d…d.dd`, at most 12 digits before the point. */
  #readChange(bytes: Uint8Array): boolean {
    let at = this.#at
    const negative = bytes[at] === 0x2d
    if (negative) at++
    const start = at
    let value = 0
    for (let digit = bytes[at]! - 0x30; digit >= 0 && digit <= 9; digit = bytes[++at]! - 0x30)
      value = value * 10 + digit
    if (at === start || at - start > 12 || bytes[at] !== 0x2e) return false
    const tens = bytes[at + 1]! - 0x30
    const ones = bytes[at + 2]! - 0x30
    if (!(tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9)) return false
    value = value * 100 + tens * 10 + ones
    this.change = (negative ? 0 - value : value) as CentiContracts
    this.#at = at + 3
    return true
  }

  #readSide(bytes: Uint8Array): boolean {
    if (this.#skip(bytes, NO_TEXT)) this.side = NO
    else if (this.#skip(bytes, YES_TEXT)) this.side = YES
    else return false
    return true
  }
}

const literal = (text: string): Uint8Array => Uint8Array.from(text, (each) => each.charCodeAt(0))

const TYPE = literal('{"type":"orderbook_delta","sid":')
const SEQ = literal(',"seq":')
const MARKET = literal(',"msg":{"market_ticker":"')
const MARKET_ID = literal('","market_id":"')
const PRICE = literal('","price_dollars":"')
const CHANGE = literal('","delta_fp":"')
const SIDE = literal('","side":"')
const YES_TEXT = literal('yes"')
const NO_TEXT = literal('no"')
const TS = literal(',"ts":"')
const TS_MS = literal(',"ts_ms":')
const SENDING = literal(',"sending_ts_ms":')
const QUOTE = 0x22
const BACKSLASH = 0x5c
const BRACE = 0x7d

function startsWith(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  for (let index = 0; index < wanted.length; index++) if (bytes[at + index] !== wanted[index]) return false
  return true
}
