import { expect, test } from 'vitest'
import { connect } from './support.ts'
import { openWorld, subscribeTo } from './trading-support.ts'

test('10,000 frames a second over one socket: every frame that was sent is received, none seconds late', async () => {
  const exchange = await openWorld({ ratePerSecond: 14_000, markets: 100, seed: 2, ageMs: 2_000 })
  const client = await connect(exchange)
  // Counting alone: what is read of each frame must not slow the sender down, which shares this thread.
  client.socket.removeAllListeners('message')
  let received = 0
  let worstMs = 0
  client.socket.on('message', (bytes: Buffer) => {
    received++
    if (received % 50 !== 0) return
    const [, dueMs] = /"ts_ms":(\d{13})/.exec(bytes.toString('latin1')) ?? []
    if (dueMs !== undefined) worstMs = Math.max(worstMs, Date.now() - Number(dueMs))
  })
  client.send(subscribeTo(1, ['orderbook_delta'], { market_tickers: exchange.tickers }))
  client.send(subscribeTo(2, ['trade', 'ticker']))
  await expect.poll(() => received, { timeout: 5000 }).toBeGreaterThan(200)
  worstMs = 0
  const before = received
  const startedMs = performance.now()
  await new Promise((resolve) => setTimeout(resolve, 3000))
  const perSecond = ((received - before) * 1000) / (performance.now() - startedMs)
  exchange.faults.stall(1)
  const sent = exchange.sent().total
  await expect.poll(() => received).toBe(sent)
  console.info(`${Math.round(perSecond)} frames/s, the latest ${worstMs} ms after it was due`)
  expect(perSecond).toBeGreaterThan(10_000)
  expect(worstMs).toBeLessThan(2_000)
  client.close()
  await exchange.close()
}, 20_000)
