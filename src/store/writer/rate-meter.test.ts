import { expect, test } from 'vitest'
import { RateMeter } from './rate-meter.ts'

test('a rate is the mean of the last four whole seconds, and falls to zero when nothing comes', () => {
  let nowMs = 10_000
  const meter = new RateMeter(() => nowMs)
  for (; nowMs < 20_000; nowMs += 100) meter.add(10)
  expect(meter.perSecond).toBe(100)
  nowMs += 2_000
  expect(meter.perSecond).toBe(50)
  nowMs += 5_000
  expect(meter.perSecond).toBe(0)
})
