import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AGE_WINDOW_MS, MessageAge } from './message-age.ts'

test('p50 and p99 are those of the ages, to within an eighth', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2_000_000_000 }), { minLength: 1, maxLength: 300 }), (agesUs) => {
      const age = new MessageAge()
      age.tick(AGE_WINDOW_MS)
      for (const us of agesUs) age.record(1, us / 1000)
      age.tick(2 * AGE_WINDOW_MS)
      const sorted = [...agesUs].sort((a, b) => a - b)
      for (const [share, told] of [
        [0.5, age.recent.p50Ms],
        [0.99, age.recent.p99Ms],
      ] as const) {
        const exact = sorted[Math.ceil(sorted.length * share) - 1]!
        expect(told * 1000).toBeGreaterThanOrEqual(exact - 1)
        expect(told * 1000).toBeLessThanOrEqual(exact * 1.125 + 1)
      }
      expect(age.recent.maxMs * 1000).toBeCloseTo(sorted.at(-1)!, 0)
      expect(age.recent).toEqual(age.total)
    }),
  )
})

test('a window ends after its time, and the whole goes on', () => {
  const age = new MessageAge()
  age.tick(AGE_WINDOW_MS)
  age.record(1, 80)
  age.tick(AGE_WINDOW_MS + 1)
  expect(age.recent.count).toBe(0)
  age.tick(2 * AGE_WINDOW_MS)
  expect(age.recent).toMatchObject({ count: 1, maxMs: 80 })
  age.record(1, 5)
  age.tick(3 * AGE_WINDOW_MS)
  expect(age.recent).toMatchObject({ count: 1, maxMs: 5 })
  expect(age.total).toMatchObject({ count: 2, maxMs: 80 })
})

test('an age that is negative, absurd or longer than an hour breaks nothing', () => {
  const age = new MessageAge()
  for (const ms of [-5, 1e9, 4_000_000, 1e15]) age.record(1, ms)
  age.tick(AGE_WINDOW_MS)
  expect(age.ahead).toBe(1)
  expect(age.total.count).toBe(4)
})

test('each connection has its own figures, and one that is gone stays in the whole', () => {
  const age = new MessageAge()
  age.tick(AGE_WINDOW_MS)
  for (let each = 0; each < 10; each++) {
    age.record(1, 20)
    age.record(2, 800)
  }
  age.tick(2 * AGE_WINDOW_MS)
  expect(age.of(1)?.recent).toMatchObject({ count: 10, maxMs: 20 })
  expect(age.of(2)?.recent).toMatchObject({ count: 10, maxMs: 800 })
  expect(age.recent).toMatchObject({ count: 20, maxMs: 800 })
  age.record(2, 900)
  age.close(2)
  expect(age.of(2)).toBeUndefined()
  age.record(1, 30)
  expect(age.total).toMatchObject({ count: 22, maxMs: 900 })
  expect(age.of(2)).toBeUndefined()
})
