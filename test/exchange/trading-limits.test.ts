import { expect, test } from 'vitest'
import type { RunningExchange } from '#exchange'
import { breaksOf, type Client, connect, foldBooks, openSocket, picture, signedHeaders } from './support.ts'
import { framesOf, openWorld, sidOf, subscribeTo, updateOf } from './trading-support.ts'

async function inWorld(
  options: Parameters<typeof openWorld>[0],
  act: (exchange: RunningExchange, client: Client) => Promise<void>,
): Promise<void> {
  const exchange = await openWorld(options)
  try {
    await act(exchange, await connect(exchange))
  } finally {
    await exchange.close()
  }
}

test(
  '25: a client that does not read loses its subscription, by what its socket really holds, and may subscribe again',
  () =>
    inWorld({ ratePerSecond: 20_000, markets: 40, bufferBytesMax: 300_000 }, async (exchange, client) => {
      const other = await connect(exchange)
      for (const each of [client, other])
        each.send(subscribeTo(1, ['orderbook_delta'], { market_tickers: exchange.tickers }))
      await client.seen(({ type }) => type === 'orderbook_delta')
      client.socket.pause()
      await expect.poll(() => exchange.sent().frames['error'] ?? 0, { timeout: 15_000, interval: 50 }).toBe(1)
      client.socket.resume()
      const error = await client.seen(({ type }) => type === 'error')
      expect(error).toMatchObject({ sid: 1, msg: { code: 25, msg: 'Subscription buffer overflow' } })
      await client.until(() => client.frames.at(-1) === error)
      expect(breaksOf(client.frames)).toEqual([])
      client.send(subscribeTo(2, ['orderbook_delta'], { market_tickers: exchange.tickers }))
      expect(await client.seen(({ id }) => id === 2)).toMatchObject({ type: 'subscribed', msg: { sid: 2 } })
      // The one that reads did not notice.
      expect(framesOf(other, 'error')).toEqual([])
      expect(breaksOf(other.frames)).toEqual([])
    }),
  20_000,
)

test('26: more markets than a subscription may hold', () =>
  inWorld({ marketsPerSubscriptionMax: 3 }, async ({ tickers }, client) => {
    const refused = await client.ask(subscribeTo(1, ['orderbook_delta'], { market_tickers: tickers.slice(0, 4) }))
    expect(refused).toMatchObject({ type: 'error', msg: { code: 26 } })
    client.send(subscribeTo(2, ['orderbook_delta'], { market_tickers: tickers.slice(0, 3) }))
    const sid = await sidOf(client, 'orderbook_delta')
    const more = await client.ask(updateOf(3, sid, 'add_markets', { market_tickers: tickers.slice(3, 5) }))
    expect(more).toMatchObject({ type: 'error', sid, msg: { code: 26 } })
    expect(breaksOf(client.frames)).toEqual([])
    // All markets at once are no list, and may be had.
    expect(await client.ask(subscribeTo(4, ['trade']))).toMatchObject({ type: 'subscribed' })
  }))

test('27: more commands in a second than allowed', () =>
  inWorld({ commandsPerSecondMax: 20 }, async (_, client) => {
    for (let id = 1; id <= 60; id++) client.send({ id, cmd: 'list_subscriptions' })
    await client.until(() => client.frames.length === 60)
    const refused = client.frames.filter(({ msg }) => msg.code === 27)
    // At worst the clock's second turned in between.
    expect(refused.length).toBeGreaterThanOrEqual(20)
    expect(refused.length).toBeLessThanOrEqual(40)
  }))

test('429: more handshakes than there may be connections', () =>
  inWorld({ connectionsMax: 1 }, async (exchange) => {
    const socket = openSocket(exchange, signedHeaders(exchange.keyPem))
    const status = await new Promise((resolve) => {
      socket.on('unexpected-response', (_, response) => resolve(response.statusCode))
      socket.on('error', () => undefined)
    })
    expect(status).toBe(429)
  }))

test('answers come out of order where that is asked for, each sid in order all the same', () =>
  inWorld({ replySwapRate: 0.5, seed: 3, ratePerSecond: 1000 }, async ({ tickers }, client) => {
    client.send(subscribeTo(1, ['orderbook_delta'], { market_tickers: tickers.slice(0, 2) }))
    const sid = await sidOf(client, 'orderbook_delta')
    for (let id = 10; id < 40; id++) client.send(updateOf(id, sid, 'add_markets', { market_ticker: tickers[id % 5] }))
    const answers = () => client.frames.filter(({ id = 0 }) => id >= 10)
    await client.until(() => answers().length === 30)
    const order = answers().map(({ id }) => id as number)
    expect(order).not.toEqual([...order].sort((a, b) => a - b))
    expect(new Set(order).size).toBe(30)
    expect(breaksOf(client.frames)).toEqual([])
    await client.until(() => framesOf(client, 'orderbook_delta').length > 100)
    // Every delta applies to the snapshot before it.
    expect(() => foldBooks(client.frames)).not.toThrow()
  }))

test('a client that asks for a book again and again, amid the deltas, gets the one it has', () =>
  inWorld({ ratePerSecond: 3000, markets: 6 }, async ({ tickers }, client) => {
    client.send(subscribeTo(1, ['orderbook_delta'], { market_tickers: tickers, use_yes_price: true }))
    const sid = await sidOf(client, 'orderbook_delta')
    for (let id = 10; id < 40; id++) {
      const ticker = tickers[id % tickers.length] as string
      const answer = await client.ask(updateOf(id, sid, 'get_snapshot', { market_tickers: [ticker] }))
      const before = foldBooks(client.frames.slice(0, client.frames.indexOf(answer)), true)
      expect(picture(before, ticker)).toBe(picture(foldBooks([answer], true), ticker))
    }
  }))
