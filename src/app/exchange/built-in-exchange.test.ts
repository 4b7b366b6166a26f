import { createPrivateKey, sign } from 'node:crypto'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import WebSocket from 'ws'
import type { ExchangeOptions } from '#exchange'
import { BuiltInExchange, type ExchangeAddress } from './built-in-exchange.ts'

const WORLD = { port: 0, keyType: 'ed25519', markets: 4, ratePerSecond: 50 } as const

const running: BuiltInExchange[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.close()
})

function anExchange(options: ExchangeOptions): BuiltInExchange {
  const exchange = new BuiltInExchange(options)
  running.push(exchange)
  return exchange
}

async function open({ url, keyPem }: ExchangeAddress): Promise<WebSocket> {
  const atMs = String(Date.now())
  const signature = sign(null, Buffer.from(`${atMs}GET/trade-api/ws/v2`), createPrivateKey(keyPem)).toString('base64')
  const socket = new WebSocket(url, {
    headers: { 'KALSHI-ACCESS-KEY': 'any', 'KALSHI-ACCESS-TIMESTAMP': atMs, 'KALSHI-ACCESS-SIGNATURE': signature },
  })
  await once(socket, 'open')
  return socket
}

test('tells where it listens, its key and its markets; another takes its place on the same port with the same key', async () => {
  const first = anExchange(WORLD)
  const address = await first.start()
  expect(address.tickers.length).toBeGreaterThanOrEqual(4)
  expect(address.url).toBe(`ws://127.0.0.1:${address.port}/trade-api/ws/v2`)
  const socket = await open(address)
  const isGone = once(socket, 'close')
  await first.close()
  await isGone

  const { port, keyPem } = address
  const second = await anExchange({ ...WORLD, port, keyPem, seed: 2 }).start()
  expect(second).toMatchObject({ url: address.url, restUrl: address.restUrl, keyPem })
  ;(await open(second)).terminate()
})

test('rejects with what was wrong', async () => {
  const { port } = await anExchange(WORLD).start()
  await expect(anExchange({ ...WORLD, port }).start()).rejects.toThrow(/could not listen on .*EADDRINUSE/)
  await expect(anExchange({ ...WORLD, loop: true }).start()).rejects.toMatchObject({
    code: 'FLOW_EXCHANGE_OPTIONS',
    message: expect.stringContaining('loop plays a capture: name one'),
  })
})
