/**
 * Money inside the exchange: millionths of a dollar, the product of a price in 1/10,000 and a size in 1/100.
 *
 * Balances of accounts are whole multiples of their precision; only fees and collateral use the last digits. Sums stay
 * exact up to 2^53, nine thousand million dollars.
 */
import type { CentiCents, CentiContracts } from '#domain'

declare const unit: unique symbol
export type MicroDollars = number & { readonly [unit]: 'MicroDollars' }

/** What one hundredth of a contract pays when it pays a dollar. */
export const MICROS_PER_CENTI_CONTRACT = 10_000

export const costOf = (price: CentiCents, count: CentiContracts): MicroDollars => (price * count) as MicroDollars
