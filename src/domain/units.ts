/**
 * Money, price and size as whole numbers, and the text they travel as.
 *
 * Kalshi sends fixed-point strings: prices in dollars with up to four decimals, contract counts with two
 * (docs.kalshi.com/getting_started/fixed_point_migration, read 2026-08; sizes to 52.4 M contracts in a market were
 * seen in recorded frames, so hundredths overflow 32 bits, and a double holds them exactly). Nothing past this file
 * adds two dollars as floating point.
 */

declare const unit: unique symbol
type Unit<Name extends string> = number & { readonly [unit]: Name }

/** 1/10,000 of a dollar. A book's prices lie in 1 … 9,999; a contract settles at 0 … {@link ONE_DOLLAR}. */
export type CentiCents = Unit<'CentiCents'>

/** 1/100 of a contract. A level's size is positive, a change may be negative; sums stay below 2^53. */
export type CentiContracts = Unit<'CentiContracts'>

export const ONE_DOLLAR = 10_000 as CentiCents

/** The largest number of whole digits that we accept: 12 digits with two decimals stay far below 2^53. */
const WHOLE_DIGITS_MAX = 12

/**
 * `'0.6700'` → 6700, `'-24.64'` with 2 digits → -2464. `undefined` for anything but a plain decimal that fits exactly:
 * no exponent, no leading `+`, no bare point, no more decimals than we hold (trailing zeros beyond them are harmless
 * and refused all the same: Kalshi does not send them, so their arrival is news).
 */
export function parseFixed(text: string, decimals: number): number | undefined {
  let index = 0
  const negative = text.charCodeAt(0) === 0x2d
  if (negative) index = 1
  let value = 0
  let whole = 0
  for (; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 0x30
    if (digit < 0 || digit > 9) break
    value = value * 10 + digit
    whole++
  }
  if (whole === 0 || whole > WHOLE_DIGITS_MAX) return undefined
  let fraction = 0
  if (index < text.length) {
    if (text.charCodeAt(index) !== 0x2e) return undefined
    index++
    for (; index < text.length; index++) {
      const digit = text.charCodeAt(index) - 0x30
      if (digit < 0 || digit > 9) return undefined
      if (++fraction > decimals) return undefined
      value = value * 10 + digit
    }
    if (fraction === 0) return undefined
  }
  for (; fraction < decimals; fraction++) value *= 10
  return negative ? 0 - value : value
}

/** `'0.6700'` → 6700. `undefined` unless the text is a plain decimal with at most four decimals. */
export const parseDollars = (text: string): CentiCents | undefined => parseFixed(text, 4) as CentiCents | undefined

/** `'24.64'` → 2464; a change may be negative. `undefined` unless the text is a plain decimal with at most two decimals. */
export const parseContracts = (text: string): CentiContracts | undefined =>
  parseFixed(text, 2) as CentiContracts | undefined

/** 6700 → `'0.6700'`, as Kalshi writes it. */
export const formatDollars = (price: CentiCents): string => formatFixed(price, 4)

/** -2464 → `'-24.64'`, as Kalshi writes it. */
export const formatContracts = (size: CentiContracts): string => formatFixed(size, 2)

/** What a YES holder pays is what a NO holder does not: the two prices sum to one dollar. */
export const complement = (price: CentiCents): CentiCents => (ONE_DOLLAR - price) as CentiCents

/** Whether a level may stand at this price: `0` and `1` are no prices (FIX reject INVALID_PRICE, read 2026-08). */
export const isBookPrice = (price: number): price is CentiCents => price >= 1 && price < ONE_DOLLAR

function formatFixed(value: number, decimals: number): string {
  const digits = String(Math.abs(value)).padStart(decimals + 1, '0')
  const point = digits.length - decimals
  return `${value < 0 ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`
}
