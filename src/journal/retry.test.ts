import { expect, test } from 'vitest'
import { pause, retryAfterMs } from './retry.ts'

test('waits twice as long after each failure, from 10 ms to 5 s', () => {
  expect([1, 2, 3, 9, 10, 11, 10_000].map(retryAfterMs)).toEqual([10, 20, 40, 2_560, 5_000, 5_000, 5_000])
})

test('a pause ends at once when its signal is raised, before or during', async () => {
  const stop = new AbortController()
  const startedMs = performance.now()
  const pausing = pause(60_000, stop.signal)
  stop.abort()
  await pausing
  await pause(60_000, stop.signal)
  expect(performance.now() - startedMs).toBeLessThan(1_000)
})
