import { afterEach, expect, test } from 'vitest'
import type { ExchangeOptions, RunningExchange } from '#exchange'
import {
  breaksOf,
  type Client,
  connect,
  NEVER_STARTS,
  openExchange,
  openSocket,
  signedHeaders,
  subscribe,
} from './support.ts'

const A = 'KXDEMO-RAIN-MON'
const open: RunningExchange[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((exchange) => exchange.close()))
})

async function start(options: Partial<ExchangeOptions>): Promise<{ exchange: RunningExchange; client: Client }> {
  const exchange = await openExchange(options)
  open.push(exchange)
  return { exchange, client: await connect(exchange) }
}

const played = async (options: Partial<ExchangeOptions>): Promise<Client> => {
  const { exchange, client } = await start({ speed: 'max', untilSeq: 200, ...options })
  client.send(subscribe(exchange.tickers))
  await exchange.done
  await client.until(() => exchange.sent().total === client.frames.length)
  return client
}

test('a dropped frame leaves one hole in the sequence', async () => {
  const client = await played({ frameFaults: [{ kind: 'drop', frame: 50, connection: 1 }] })
  expect(breaksOf(client.frames)).toHaveLength(1)
})

test('a duplicated frame comes twice with the same number', async () => {
  const client = await played({ frameFaults: [{ kind: 'duplicate', frame: 50 }] })
  expect(client.texts[49]).toBe(client.texts[50])
})

test('a malformed frame is no JSON, and takes its number', async () => {
  const client = await played({ frameFaults: [{ kind: 'malformed', frame: 50 }] })
  expect(client.frames[49]).toEqual({ type: 'no JSON' })
  expect(breaksOf(client.frames)).toHaveLength(1)
})

test('an unknown field and an unknown type stay in sequence', async () => {
  const client = await played({
    frameFaults: [
      { kind: 'unknown_field', frame: 50 },
      { kind: 'unknown_type', frame: 60 },
    ],
  })
  expect(client.frames[49]).toHaveProperty('field_of_tomorrow')
  expect(client.frames[59]?.type).toBe('type_of_tomorrow')
  expect(breaksOf(client.frames)).toEqual([])
})

test('chances come from the seed: the same faults again, others with another', async () => {
  const holes = async (seed: number) => breaksOf((await played({ faultRates: { drop: 0.05 }, seed })).frames)
  const first = await holes(7)
  expect(first.length).toBeGreaterThan(0)
  expect(await holes(7)).toEqual(first)
  expect(await holes(8)).not.toEqual(first)
})

test('a cut ends the connection, by the socket or by a close frame', async () => {
  const { exchange, client } = await start(NEVER_STARTS)
  const other = await connect(exchange)
  expect(exchange.faults.cut(1, 'terminate')).toBe(true)
  expect(exchange.faults.cut(2, { code: 1012, reason: 'restart' })).toBe(true)
  await client.until(() => client.closed?.code === 1006)
  await other.until(() => other.closed?.code === 1012)
  await expect.poll(() => exchange.faults.cut(1, 'terminate')).toBe(false)
})

test('a stall holds frames and pings back, and gives all of them in order later', async () => {
  const { exchange, client } = await start({ ...NEVER_STARTS, pingIntervalMs: 20 })
  await client.until(() => client.pings.length > 0)
  exchange.faults.stall(1)
  await new Promise((resolve) => setTimeout(resolve, 30))
  const pings = client.pings.length
  client.send(subscribe([A]))
  await new Promise((resolve) => setTimeout(resolve, 120))
  expect([client.frames.length, client.pings.length, exchange.sent().total]).toEqual([0, pings, 0])
  exchange.faults.resume(1)
  await client.until(() => client.frames.length === 2)
  expect(breaksOf(client.frames)).toEqual([])
})

test('a half-open connection neither speaks nor hears nor closes', async () => {
  const { exchange, client } = await start({ ...NEVER_STARTS, pingIntervalMs: 20 })
  exchange.faults.halfOpen(1)
  await new Promise((resolve) => setTimeout(resolve, 30))
  const pings = client.pings.length
  let isAnswered = false
  client.socket.on('pong', () => {
    isAnswered = true
  })
  client.send(subscribe([A]))
  client.socket.ping()
  await new Promise((resolve) => setTimeout(resolve, 120))
  expect([client.frames.length, client.pings.length, client.closed, isAnswered]).toEqual([0, pings, undefined, false])
})

test.each([10, 25] as const)('error %i is terminal: the sid is gone', async (code) => {
  const { exchange, client } = await start(NEVER_STARTS)
  client.send(subscribe([A]))
  await client.until(() => client.frames.length === 2)
  expect(exchange.faults.sendError(1, 1, code)).toBe(true)
  expect(await client.seen(({ type }) => type === 'error')).toMatchObject({ sid: 1, seq: 2, msg: { code } })
  expect((await client.ask({ id: 5, cmd: 'list_subscriptions' })).msg).toEqual([])
  expect(exchange.faults.sendError(1, 1, code)).toBe(false)
})

test('a socket that holds too much ends the subscription with error 25, the last frame of its sid', async () => {
  const { exchange, client } = await start({ ...NEVER_STARTS, copies: 400, bufferBytesMax: 100_000 })
  client.socket.pause()
  client.send(subscribe(exchange.tickers))
  await expect.poll(() => exchange.sent().frames['error']).toBe(1)
  client.socket.resume()
  await client.until(() => exchange.sent().total === client.frames.length)
  expect(client.frames.at(-1)).toMatchObject({ type: 'error', sid: 1, msg: { code: 25 } })
  expect(breaksOf(client.frames)).toEqual([])
  expect((await client.ask({ id: 5, cmd: 'list_subscriptions' })).msg).toEqual([])
})

test('planned refusals of handshakes are used up one by one', async () => {
  const { exchange } = await start(NEVER_STARTS)
  exchange.faults.refuseHandshakes(2, 503)
  const statusOf = () =>
    new Promise<number>((resolve) => {
      const socket = openSocket(exchange, signedHeaders(exchange.keyPem))
      socket.on('error', () => undefined)
      socket.on('open', () => resolve(101))
      socket.on('unexpected-response', (_, { statusCode = 0 }) => resolve(statusCode))
    })
  expect([await statusOf(), await statusOf(), await statusOf()]).toEqual([503, 503, 101])
})

test('a flipped orientation sends the opposite of what was asked for', async () => {
  const { exchange, client } = await start(NEVER_STARTS)
  const other = await connect(exchange)
  client.send(subscribe([A], true))
  const asked = await client.seen(({ type }) => type === 'orderbook_snapshot')
  exchange.faults.flipOrientation(true)
  other.send(subscribe([A], false))
  const flipped = await other.seen(({ type }) => type === 'orderbook_snapshot')
  expect(flipped.msg).toEqual(asked.msg)
})

test('delayed replies come out of order, and the sequence stays dense', async () => {
  const { exchange, client } = await start(NEVER_STARTS)
  client.send(subscribe([A]))
  await client.until(() => client.frames.length === 2)
  exchange.faults.delayReplies(1, 2)
  client.send({ id: 2, cmd: 'list_subscriptions' })
  client.send({ id: 3, cmd: 'update_subscription', params: { sid: 1, action: 'delete_markets', market_ticker: A } })
  await client.until(() => client.frames.length === 4)
  expect(client.frames.slice(2).map(({ id }) => id)).toEqual([3, 2])
  expect(breaksOf(client.frames)).toEqual([])
})

test('a reply that nobody knows goes out as it is given', async () => {
  const { exchange, client } = await start(NEVER_STARTS)
  exchange.faults.sendRaw(1, '{"type":"reply_of_tomorrow","id":1}\n')
  expect(await client.seen(({ id }) => id === 1)).toEqual({ type: 'reply_of_tomorrow', id: 1 })
  expect(exchange.sent().frames).toEqual({ raw: 1 })
})

test('a client that asks on and on and never reads is cut', async () => {
  const { exchange, client } = await start({ ...NEVER_STARTS, bufferBytesMax: 50_000, commandsPerSecondMax: 1_000_000 })
  client.socket.pause()
  await expect
    .poll(
      () => {
        for (let count = 0; count < 5000; count++) client.send({ id: count + 1, cmd: 'list_subscriptions' })
        return exchange.sent().connections[0]?.open
      },
      { timeout: 10_000 },
    )
    .toBe(false)
})

test('after a close frame nothing more is sent or counted', async () => {
  const { exchange, client } = await start({ ratePerSecond: 20_000, copies: 5, loop: true })
  client.send(subscribe(exchange.tickers))
  await client.until(() => client.frames.length > 500)
  exchange.faults.cut(1, { code: 1012 })
  const { total } = exchange.sent()
  await client.until(() => client.closed !== undefined)
  expect([client.closed?.code, client.frames.length, exchange.sent().total]).toEqual([1012, total, total])
})

test('an exchange whose clock is ahead stamps so, and wants signatures of its own time', async () => {
  const exchange = await openExchange({ ...NEVER_STARTS, clockOffsetMs: 90_000 })
  open.push(exchange)
  await expect(connect(exchange)).rejects.toThrow('401')
  const socket = openSocket(exchange, signedHeaders(exchange.keyPem, Date.now() + 90_000))
  await new Promise((resolve) => socket.once('open', resolve))
  const answer = new Promise<string>((resolve) => socket.once('message', (bytes) => resolve(String(bytes))))
  socket.send('{"id":1,"cmd":"list_subscriptions"}')
  expect(JSON.parse(await answer).sending_ts_ms - Date.now()).toBeGreaterThan(80_000)
})
