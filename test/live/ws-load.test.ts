/** Ten subscribers at 10,000 frames a second, and one that stops reading: books, order, and what the others notice. */
import { expect, test } from 'vitest'
import { loadSubscribers } from './ws-load.ts'

test('ten subscribers at 10,000 frames a second have the feed’s books, and a stalled one is cut without their noticing', async () => {
  const found = await loadSubscribers({ rate: 10_000, seconds: 3, clients: 10 })
  process.stdout.write(`${JSON.stringify(found)}\n`)
  expect(found.perSecond).toBeGreaterThan(7_000)
  expect(found.compared).toBeGreaterThan(10)
  // The machine may be busy with other things: these are the figures of a standstill, not of a good day.
  expect(found.serviceBehindMs.p50).toBeLessThan(500)
  expect(found.latencyAfterCutMs.p99).toBeLessThan(2_000)
  expect(found.feedDelayMs.p99).toBeLessThan(100)
}, 60_000)
