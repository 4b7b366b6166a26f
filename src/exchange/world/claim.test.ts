/** What claims are worth: exact where it can be said, a martingale where it is measured. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Chance } from './chance.ts'
import { type Claim, fairValue, normalBelow, payoff } from './claim.ts'
import { Path } from './path.ts'

test('the normal distribution function at known places', () => {
  expect(normalBelow(0)).toBeCloseTo(0.5, 7)
  expect(normalBelow(1)).toBeCloseTo(0.8413447, 6)
  expect(normalBelow(-2.3263479)).toBeCloseTo(0.01, 6)
  expect(normalBelow(Number.NEGATIVE_INFINITY)).toBe(0)
})

test('buckets that leave nothing out are worth a dollar together, and pay it once', () => {
  const edges = fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(
      edges,
      fc.double({ min: -60, max: 60, noNaN: true }),
      fc.double({ min: 0, max: 900, noNaN: true }),
      (drawn, value, variance) => {
        const sorted = [Number.NEGATIVE_INFINITY, ...drawn.sort((a, b) => a - b), Number.POSITIVE_INFINITY]
        const claims = sorted
          .slice(1)
          .map((high, index): Claim => ({ kind: 'between', low: sorted[index] as number, high }))
        expect(claims.reduce((sum, claim) => sum + fairValue(claim, value, variance), 0)).toBeCloseTo(1, 9)
        expect(claims.reduce((sum, claim) => sum + payoff(claim, value), 0)).toBe(1)
      },
    ),
  )
})

test.each<Claim>([
  { kind: 'between', low: 3, high: Number.POSITIVE_INFINITY },
  { kind: 'between', low: -4, high: 2 },
  { kind: 'scalar', low: -10, high: 6 },
])('%o is worth at the start what it pays at the end, on average', (claim) => {
  const ticks = 40
  const paths = 20_000
  let worth = 0
  let middle = 0
  let paid = 0
  const chance = new Chance(3)
  for (let index = 0; index < paths; index++) {
    const options = { startMs: 0, tickMs: 1000, startValue: 0, deviationPerTick: 1, newsShare: 0.5, aheadTicks: ticks }
    const path = new Path(chance, options)
    worth += fairValue(claim, path.value(0), path.varianceBetween(0, ticks))
    middle += fairValue(claim, path.value(20), path.varianceBetween(20, ticks))
    paid += payoff(claim, path.value(ticks))
  }
  // Half a unit over the root of the paths is one deviation at most; four of them.
  const tolerance = (4 * 0.5) / Math.sqrt(paths)
  expect(Math.abs(worth - paid) / paths).toBeLessThan(tolerance)
  expect(Math.abs(worth - middle) / paths).toBeLessThan(tolerance)
})

test('a process keeps its past for as far as it looks ahead, and moves at news alone', () => {
  const path = new Path(new Chance(9), {
    startMs: 500,
    tickMs: 1000,
    startValue: 7,
    deviationPerTick: 1,
    newsShare: 0.2,
    aheadTicks: 100,
  })
  const before = path.value(30)
  path.value(130)
  expect(path.value(30)).toBe(before)
  let news = 0
  for (let tick = 41; tick <= 130; tick++) {
    expect(path.isNews(tick)).toBe(path.value(tick) !== path.value(tick - 1))
    if (path.isNews(tick)) news++
  }
  expect(news).toBeGreaterThan(8)
  expect([path.tickAt(499), path.tickAt(1499), path.tickAt(1500), path.msOf(1)]).toEqual([0, 0, 1, 1500])
})
