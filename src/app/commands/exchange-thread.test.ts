import { createPrivateKey, sign } from 'node:crypto'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import WebSocket from 'ws'
import { type ExchangeThread, startExchangeThread } from './exchange-thread.ts'

const WORLD = { port: 0, keyType: 'ed25519', markets: 4, ratePerSecond: 50 } as const

async function open({ url, keyPem }: ExchangeThread): Promise<WebSocket> {
  const atMs = String(Date.now())
  const signature = sign(null, Buffer.from(`${atMs}GET/trade-api/ws/v2`), createPrivateKey(keyPem)).toString('base64')
  const socket = new WebSocket(url, {
    headers: { 'KALSHI-ACCESS-KEY': 'any', 'KALSHI-ACCESS-TIMESTAMP': atMs, 'KALSHI-ACCESS-SIGNATURE': signature },
  })
  await once(socket, 'open')
  return socket
}

test('tells where it listens, its key and its markets; another takes its place on the same port with the same key', async () => {
  const first = await startExchangeThread(WORLD)
  expect(first.tickers.length).toBeGreaterThanOrEqual(4)
  expect(first.url).toBe(`ws://127.0.0.1:${first.port}/trade-api/ws/v2`)
  const socket = await open(first)
  const isGone = once(socket, 'close')
  await first.close()
  await isGone

  const { port, keyPem } = first
  const second = await startExchangeThread({ ...WORLD, port, keyPem, seed: 2 })
  expect(second).toMatchObject({ url: first.url, restUrl: first.restUrl, keyPem })
  ;(await open(second)).terminate()
  await second.close()
})

test('rejects with what was wrong', async () => {
  const running = await startExchangeThread(WORLD)
  await expect(startExchangeThread({ ...WORLD, port: running.port })).rejects.toThrow(
    /could not listen on .*EADDRINUSE/,
  )
  await expect(startExchangeThread({ ...WORLD, loop: true })).rejects.toMatchObject({
    code: 'FLOW_EXCHANGE_OPTIONS',
    message: expect.stringContaining('loop plays a capture: name one'),
  })
  await running.close()
})
