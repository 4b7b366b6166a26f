/** The same for half a minute: nothing grows, nothing drifts. */
import { expect, test } from 'vitest'
import { loadSubscribers } from './ws-load.ts'

test('ten subscribers at 10,000 frames a second for half a minute have the feed’s books, and the service does not grow', async () => {
  const found = await loadSubscribers({ rate: 10_000, seconds: 30, clients: 10 })
  process.stdout.write(`${JSON.stringify(found)}\n`)
  expect(found.perSecond).toBeGreaterThan(8_000)
  expect(found.compared).toBeGreaterThan(50)
  expect(found.serviceBehindMs.p50).toBeLessThan(500)
  expect(found.latencyAfterCutMs.p99).toBeLessThan(5_000)
  expect(found.feedDelayMs.p99).toBeLessThan(100)
  expect(found.metrics.memory.rss).toBeLessThan(400 * 1024 * 1024)
})
