/** The fast test's promise over millions of happenings, with lives long enough for pauses and changes of the grid. */
import { expect, test } from 'vitest'
import { auditWorld } from './world-audit.ts'

const SEEDS = 50
const HAPPENINGS = 150_000

test('in 50 worlds and 7,500,000 happenings, deltas, trades, books, contracts and money agree to the unit', () => {
  const sum = { happenings: 0, trades: 0, settled: 0, compared: 0 }
  for (let seed = 1001; seed <= 1000 + SEEDS; seed++) {
    const [markets, framesPerSecond] = [
      [1, 100],
      [8, 400],
      [30, 600],
      [100, 1000],
    ][seed % 4] as [number, number]
    const lifeMs = seed % 3 === 0 ? ([30_000, 60_000] as const) : ([60_000, 240_000] as const)
    const options = { seed, markets, framesPerSecond, lifeMs, signal: seed % 2 === 0, startUnixMs: 1_795_348_800_000 }
    const counts = auditWorld(options, HAPPENINGS)
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += counts[key]
  }
  process.stdout.write(`conservation: ${JSON.stringify(sum)}\n`)
  expect(sum.happenings).toBeGreaterThanOrEqual(SEEDS * HAPPENINGS)
  expect(sum.trades).toBeGreaterThan(200_000)
  expect(sum.settled).toBeGreaterThan(500)
})
