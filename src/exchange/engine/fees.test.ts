/** Fees against fractions in BigInt, and the documented worked example that follows the published rate. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CentiCents, CentiContracts } from '#domain'
import { type FeeSchedule, tradeFee } from './fees.ts'

const QUADRATIC: FeeSchedule = { type: 'quadratic', multiplier: 1 }
const WITH_MAKER: FeeSchedule = { type: 'quadratic_with_maker_fees', multiplier: 1 }
const fee = (schedule: FeeSchedule, role: 'taker' | 'maker', price: number, count: number): number =>
  tradeFee(schedule, role, price as CentiCents, count as CentiContracts)

describe('trade fees', () => {
  test.each([
    // 0.07 × 1 × 0.50 × 0.50 = 0.0175
    [QUADRATIC, 'taker', 5000, 100, 17_500],
    // 0.07 × 1 × 0.055 × 0.945 = 0.00363825, up to 0.0037
    [QUADRATIC, 'taker', 550, 100, 3_700],
    // 0.07 × 0.30 × 0.50 × 0.50 = 0.00525, up to 0.0053
    [QUADRATIC, 'taker', 5000, 30, 5_300],
    [QUADRATIC, 'maker', 5000, 100, 0],
    // A quarter of the taker's.
    [WITH_MAKER, 'maker', 5000, 100, 4_400],
    [{ ...QUADRATIC, multiplier: 0.5 }, 'taker', 5000, 100, 8_800],
    [{ type: 'flat', multiplier: 1 }, 'taker', 9900, 250, 25_000],
    [{ type: 'flat', multiplier: 1 }, 'maker', 9900, 250, 0],
  ] as const)('%o %s at %i for %i hundredths: %i millionths', (schedule, role, price, count, micros) => {
    expect(fee(schedule, role, price, count)).toBe(micros)
  })

  test('equal the exact fraction rounded up to 1/10,000 dollar, for any size', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<[FeeSchedule['type'], 'taker' | 'maker', bigint]>(
          ['quadratic', 'taker', 700n],
          ['quadratic_with_maker_fees', 'taker', 700n],
          ['quadratic_with_maker_fees', 'maker', 175n],
        ),
        fc.integer({ min: 1, max: 9999 }),
        fc.integer({ min: 1, max: 5_240_000_000 }),
        fc.constantFrom(0.5, 1, 1.25, 2),
        ([type, role, rate], price, count, multiplier) => {
          const over = rate * BigInt(Math.round(multiplier * 1000)) * BigInt(count) * BigInt(price * (10_000 - price))
          // In units of 1/10,000 dollar: rate 1e4, multiplier 1e3, hundredths 1e2, price twice 1e4, less 1e4.
          const under = 10n ** 13n
          const steps = (over + under - 1n) / under
          expect(BigInt(fee({ type, multiplier }, role, price, count))).toBe(steps * 100n)
        },
      ),
      { numRuns: 500 },
    )
  })

  test('do not depend on which side of the market is counted', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: 1, max: 1e8 }), (price, count) => {
        expect(fee(QUADRATIC, 'taker', price, count)).toBe(fee(QUADRATIC, 'taker', 10_000 - price, count))
      }),
    )
  })
})
