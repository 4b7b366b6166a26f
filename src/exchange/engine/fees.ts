/**
 * Trade fees: multiplier × rate × contracts × price × (1 − price), rounded up to 1/10,000 dollar.
 *
 * Rates as in docs/exchange-world.md: takers 0.07; makers nothing on `quadratic`, 0.0175 on `quadratic_with_maker_fees`.
 * `flat` is one cent a contract for takers: the table that Kalshi names for it is not public. Balances are rounded in
 * ledger.ts, not here.
 */
import { type CentiCents, type CentiContracts, ONE_DOLLAR } from '#domain'
import type { MicroDollars } from './money.ts'

export type FeeType = 'quadratic' | 'quadratic_with_maker_fees' | 'flat'

export type Role = 'taker' | 'maker'

export type FeeSchedule = { readonly type: FeeType; readonly multiplier: number }

/** In 1/10,000. */
const TAKER_RATE = 700
const MAKER_RATE = 175
const FLAT_RATE = 100
/** Multipliers have at most three decimals. */
const MULTIPLIER_UNIT = 1000
const RATE_UNIT = 10_000
/** 1/10,000 dollar, to which a fee is rounded up, in millionths. */
const FEE_STEP = 100

/** The fee of one side of one match. Zero or more, a whole number of 1/10,000 dollar. */
export function tradeFee(schedule: FeeSchedule, role: Role, price: CentiCents, count: CentiContracts): MicroDollars {
  const rate = rateOf(schedule.type, role) * Math.round(schedule.multiplier * MULTIPLIER_UNIT)
  if (rate === 0 || count === 0) return 0 as MicroDollars
  // Steps of the fee = rate × count × price × (1 − price) with each in its unit, over the product of the units.
  const isFlat = schedule.type === 'flat'
  const shape = isFlat ? 1 : price * (ONE_DOLLAR - price)
  const unit = (MULTIPLIER_UNIT * RATE_UNIT * (isFlat ? 1 : ONE_DOLLAR * ONE_DOLLAR)) / FEE_STEP
  return (ceilOfProduct(count, shape * rate, unit) * FEE_STEP) as MicroDollars
}

function rateOf(type: FeeType, role: Role): number {
  if (type === 'flat') return role === 'taker' ? FLAT_RATE : 0
  if (role === 'taker') return TAKER_RATE
  return type === 'quadratic_with_maker_fees' ? MAKER_RATE : 0
}

/** ⌈a × b ÷ unit⌉ exactly, for factors below 2^53. Products past it take the slow road. */
function ceilOfProduct(a: number, b: number, unit: number): number {
  const product = a * b
  if (product <= Number.MAX_SAFE_INTEGER) {
    const rest = product % unit
    return (product - rest) / unit + (rest > 0 ? 1 : 0)
  }
  const [exact, by] = [BigInt(a) * BigInt(b), BigInt(unit)]
  return Number((exact + by - 1n) / by)
}
