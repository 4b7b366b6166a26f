/**
 * A book as it leaves the program: prices in dollars with four decimals, sizes with two, as Kalshi writes them, and
 * beside them everything that says how far it may be believed. Used for answers to people and programs alike.
 */
import { depthWithin, imbalance } from '#book'
import { type CentiCents, formatContracts, formatDollars, type Level, NO, YES } from '#domain'
import type { DoubtCause, Market } from '#feed'

export type BookView = {
  readonly market_ticker: string
  /** Whether this is the exchange's book as of `as_of`. */
  readonly valid: boolean
  /** Why not; absent when valid. */
  readonly doubt?: DoubtCause
  /** The number of the last frame that changed or proved the book. */
  readonly seq: number
  /** RFC 3339: up to here nothing of the book's subscription was missed. `null` before the first snapshot. */
  readonly as_of: string | null
  /** Milliseconds since then; `null` before the first snapshot. */
  readonly last_proof_age_ms: number | null
  readonly yes_bid_dollars: string | null
  readonly yes_ask_dollars: string | null
  readonly spread_dollars: string | null
  /** May end in half of the last decimal. */
  readonly mid_dollars: string | null
  readonly microprice_dollars: number | null
  /** Over the best five levels of each side: −1 … 1. */
  readonly imbalance: number | null
  /** Contracts within 5 cents of the best price. */
  readonly yes_depth_fp: string
  readonly no_depth_fp: string
  /** Contracts on both sides. */
  readonly total_volume_fp: string
  /** Where in the journal this is the book of; absent where it was not asked. */
  readonly position?: string
  /** How far the source is behind the recorder's head; absent for the recorder itself. */
  readonly behind_ms?: number
  /** Ascending price, NO levels in NO prices. */
  readonly yes_dollars: readonly (readonly [string, string])[]
  readonly no_dollars: readonly (readonly [string, string])[]
}

const NEAR = 500 as CentiCents
const IMBALANCE_LEVELS = 5

/** What a view needs of a market, wherever its book comes from. */
export type ShownBook = Pick<Market, 'ticker' | 'book' | 'valid' | 'seq' | 'asOfMs'> & {
  readonly doubt?: DoubtCause | undefined
}

/** `nowMs`: Unix milliseconds. */
export function viewBook(shown: ShownBook, nowMs: number): BookView {
  const { book, ticker, valid, doubt, seq, asOfMs } = shown
  const { yesBid, yesAsk, spread, mid, microprice } = book.top()
  const levels = book.levels()
  const dollars = (price: CentiCents | undefined) => (price === undefined ? null : formatDollars(price))
  return {
    market_ticker: ticker,
    valid,
    ...(doubt === undefined ? {} : { doubt }),
    seq,
    as_of: asOfMs === 0 ? null : new Date(asOfMs).toISOString(),
    last_proof_age_ms: asOfMs === 0 ? null : Math.max(0, Math.round(nowMs - asOfMs)),
    yes_bid_dollars: dollars(yesBid),
    yes_ask_dollars: dollars(yesAsk),
    spread_dollars: dollars(spread),
    mid_dollars: mid === undefined ? null : formatMid(mid),
    microprice_dollars: microprice === undefined ? null : Math.round(microprice * 100) / 1_000_000,
    imbalance: rounded(imbalance(book, IMBALANCE_LEVELS)),
    yes_depth_fp: formatContracts(depthWithin(book, YES, NEAR)),
    no_depth_fp: formatContracts(depthWithin(book, NO, NEAR)),
    total_volume_fp: formatContracts(book.totalVolume),
    yes_dollars: levels.yes.map(asText),
    no_dollars: levels.no.map(asText),
  }
}

const asText = ([price, size]: Level) => [formatDollars(price), formatContracts(size)] as const

/** A mid as dollars. Mids lie on halves of 1/10,000 dollar: five decimals hold them exactly. */
export const formatMid = (mid: number): string => {
  const whole = formatDollars(Math.floor(mid) as CentiCents)
  return Number.isInteger(mid) ? whole : `${whole}5`
}

const rounded = (value: number | undefined): number | null =>
  value === undefined ? null : Math.round(value * 10_000) / 10_000
