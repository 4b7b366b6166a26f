import { describe, expect, test } from 'vitest'
import { AgeReplacement, REPLACE_ANY_MS_MIN, REPLACE_MS_MIN } from './age-replacement.ts'
import { AgeTrend, LEVEL_WINDOWS, MESSAGES_MIN } from './age-trend.ts'

const trendOf = (agesMs: readonly number[]) => {
  const trend = new AgeTrend()
  for (const [index, p50Ms] of agesMs.entries()) trend.add((index + 1) * 10_000, p50Ms, 100)
  return trend
}

describe('the trend of a connection', () => {
  test('is its slope in a minute, and its climb above the lowest', () => {
    const trend = trendOf([40, 40, 40, 140, 240, 340, 440, 540])
    expect(trend.msPerMinute).toBeGreaterThan(400)
    expect(trend.levelMs).toBe(440)
    // The lowest of the last three: all of them are past it.
    expect(trend.climbMs).toBe(300)
  })

  test('is not moved by a burst or two', () => {
    const trend = trendOf([40, 41, 40, 9_000, 40, 42, 9_000, 40, 41, 9_000])
    expect(Math.abs(trend.msPerMinute)).toBeLessThan(20)
    expect(trend.climbMs).toBeLessThan(5)
  })

  test('takes a clock that is off as it is, and forgets what was before a step', () => {
    expect(trendOf([3_600_000, 3_600_010, 3_600_000, 3_600_005]).climbMs).toBeLessThan(20)
    const stepped = trendOf([40, 40, 40, 40])
    stepped.forget()
    for (const at of [50, 51, 52, 53]) stepped.add(at * 10_000, 3_600_040, 100)
    expect(stepped.climbMs).toBe(0)
  })

  test('says nothing of windows with hardly a message', () => {
    const trend = new AgeTrend()
    for (let each = 1; each < 10; each++) trend.add(each * 10_000, each * 1_000, MESSAGES_MIN - 1)
    expect(trend.levelMs).toBeUndefined()
    expect(trend.climbMs).toBe(0)
  })
})

describe('a replacement', () => {
  const [first, second] = [{ name: 'first' }, { name: 'second' }]
  const aged = (climbMs: number, otherMs = 0, isWhole = true) => [
    { key: first, isWhole: true, climbMs },
    { key: second, isWhole, climbMs: otherMs },
  ]

  test('is of the connection that climbed furthest past the limit, and of no other for a minute', () => {
    const replacement = new AgeReplacement<object>(5_000)
    expect(replacement.next(aged(4_999), 0)).toBeUndefined()
    expect(replacement.next(aged(5_001, 9_000), 0)?.key).toBe(second)
    expect(replacement.next(aged(5_001), REPLACE_ANY_MS_MIN - 1)).toBeUndefined()
    expect(replacement.next(aged(5_001), REPLACE_ANY_MS_MIN)?.key).toBe(first)
  })

  test('waits while another connection is not whole', () => {
    const replacement = new AgeReplacement<object>(5_000)
    expect(replacement.next(aged(9_000, 0, false), 0)).toBeUndefined()
    expect(replacement.next(aged(9_000), 1)?.key).toBe(first)
    // It itself may be waiting for snapshots that come late.
    const waiting = { key: first, isWhole: false, climbMs: 9_000 }
    expect(new AgeReplacement<object>(5_000).next([waiting], 0)?.key).toBe(first)
  })

  test('that does not help comes ever more rarely', () => {
    const replacement = new AgeReplacement<object>(5_000)
    const times: number[] = []
    for (let nowMs = 0; nowMs <= 12 * 3_600_000; nowMs += 10_000) {
      if (replacement.next([{ key: first, isWhole: true, climbMs: 9_000 }], nowMs)) times.push(nowMs)
    }
    expect(times[1]).toBe(REPLACE_MS_MIN)
    expect(times.length).toBeLessThan(8)
    expect(replacement.countOf(first)).toBe(times.length)
  })

  test('never comes with the limit 0', () => {
    expect(new AgeReplacement<object>(0).next(aged(1e9), 0)).toBeUndefined()
  })
})

test('what a connection was before it fell silent says nothing of it now', () => {
  const trend = new AgeTrend()
  let nowMs = 0
  const add = (p50Ms: number, count: number) => {
    nowMs += 10_000
    trend.add(nowMs, p50Ms, count)
  }
  for (const p50Ms of [10, 10, 10, 900, 900, 900]) add(p50Ms, 100)
  expect(trend.climbMs).toBe(890)
  for (let window = 0; window < LEVEL_WINDOWS - 1; window++) add(0, 0)
  expect(trend.climbMs).toBe(890)
  add(0, 0)
  expect(trend.climbMs).toBe(0)
  add(900, 100)
  expect(trend.climbMs).toBe(0)
  add(900, 100)
  add(900, 100)
  expect(trend.climbMs).toBe(890)
})
