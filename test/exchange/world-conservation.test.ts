/** Contracts and money sum to zero in the simulated world, and what it tells is what its engines hold: 50 seeds, a million happenings. The long test goes further. */
import { expect, test } from 'vitest'
import { auditWorld } from './world-audit.ts'

const SEEDS = 50
const HAPPENINGS = 20_000
/** Lives so short that markets open, trade, close and settle within the happenings. */
const options = { markets: 12, framesPerSecond: 250, lifeMs: [10_000, 20_000], startUnixMs: 1_795_348_800_000 } as const

test('in 50 worlds and 1,000,000 happenings, deltas, trades, books, contracts and money agree to the unit', {
  timeout: 60_000,
}, () => {
  const sum = { happenings: 0, trades: 0, settled: 0, compared: 0 }
  for (let seed = 1; seed <= SEEDS; seed++) {
    const counts = auditWorld({ ...options, seed, signal: seed % 2 === 0 }, HAPPENINGS)
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += counts[key]
  }
  expect(sum.happenings).toBeGreaterThanOrEqual(SEEDS * HAPPENINGS)
  // Worlds in which nothing is traded or settled would prove nothing.
  expect(sum.trades).toBeGreaterThan(20_000)
  expect(sum.settled).toBeGreaterThan(500)
})
