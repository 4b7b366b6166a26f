/** The WebSocket service as a client meets it: what it is told, what it may ask, and how it is shown out. */
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect as openSocket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { attachWebSocket, type WebSocketOptions, type WsEvent } from '../../src/api/ws/index.ts'
import { DEMO } from '../support/captures.ts'
import { until } from '../support/recording.ts'
import { copyOf, recordLive, untilCaughtUp } from './live-support.ts'
import { WsTestClient } from './ws-client.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const each of cleanups.splice(0).reverse()) await each()
})

async function served(options: Partial<WebSocketOptions> = {}, exchange: { copies?: number; rate?: number } = {}) {
  const { copies = 1, rate = 1_000 } = exchange
  const recording = await recordLive({ capture: DEMO, ratePerSecond: rate, loop: true, copies })
  cleanups.push(() => recording.close())
  const { replica } = await copyOf(recording.folder)
  cleanups.push(() => replica.close())
  await until('books are valid', () => {
    const markets = replica.fold.markets()
    return markets.length === 6 * copies && markets.every((each) => replica.doubtOf(each) === undefined)
  })
  const server: Server = createServer()
  const events: WsEvent[] = []
  const service = attachWebSocket({
    server,
    path: '/rl/ws',
    replica,
    admit: () => undefined,
    onEvent: (event) => void events.push(event),
    ...options,
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  cleanups.push(async () => {
    await service.close()
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  })
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/rl/ws`
  const connect = async (...rest: [ConstructorParameters<typeof WsTestClient>[1]?]) => {
    const client = await WsTestClient.open(url, ...rest)
    cleanups.push(() => client.webSocket.terminate())
    return client
  }
  return { ...recording, replica, server, service, url, connect, events }
}

/** The status that a WebSocket was refused with. */
const refusalOf = (url: string, headers: Record<string, string> = {}) =>
  new Promise<number | string>((done) => {
    const webSocket = new WebSocket(url, { headers })
    webSocket.on('open', () => done('open'))
    webSocket.on('unexpected-response', (_, response) => done(response.statusCode ?? 0))
    webSocket.on('error', () => {})
    cleanups.push(() => webSocket.terminate())
  })

describe('a subscriber', () => {
  test('is greeted, gets the books it named and every change after them, and no others', async () => {
    const { connect, replica, recorder } = await served()
    const [one, two] = replica.fold.markets().map(({ ticker }) => ticker) as [string, string]
    const client = await connect()
    expect(client.kept[0]).toMatchObject({
      seq: 1,
      type: 'hello',
      msg: { protocol: 1, environment: 'sim', journal: recorder.journal.id, state: 'live' },
    })
    client.subscribe(['orderbook', 'trade'], [one, two, 'KXNOPE'], 5)
    await until('it is told', () => (client.counts['orderbook_delta'] ?? 0) > 50 && (client.counts['trade'] ?? 0) > 0)
    expect(client.of('subscribed')[0]).toMatchObject({
      id: 5,
      msg: { channels: ['orderbook', 'trade'], market_tickers: [one, two, 'KXNOPE'], unknown: ['KXNOPE'] },
    })
    expect([...client.books.keys()].sort()).toEqual([one, two].sort())
    for (const { msg } of client.of('trade')) expect([one, two]).toContain(msg['market_ticker'])

    client.unsubscribe(['orderbook', 'trade'], [two])
    await until('it is let go', () => client.of('unsubscribed').length === 1)
    const from = client.kept.length
    await until('the other goes on', () => client.kept.length > from + 50)
    expect(new Set(client.kept.slice(from).map(({ msg }) => msg['market_ticker']))).toEqual(new Set([one]))
    expect(client.faults).toEqual([])
  })

  test('to all hears of markets that come later', async () => {
    const { connect, recorder, replica, exchange } = await served()
    recorder.unsubscribe([exchange.tickers[0]!])
    await until('it is gone', () => replica.fold.market(exchange.tickers[0]!) === undefined)
    const client = await connect()
    client.subscribe(['orderbook'], 'all')
    await until('it has the others', () => client.books.size === 5)
    recorder.subscribe([exchange.tickers[0]!])
    await until('it has the new one', () => client.books.size === 6)
    expect(client.faults).toEqual([])
  })

  test('is told when books get into doubt and when they are proven again, and has the recorder’s then', async () => {
    const { connect, recorder, replica, exchange } = await served()
    const client = await connect()
    client.subscribe(['orderbook'], 'all')
    await until('it has all books', () => client.books.size === 6)
    recorder.pause('test')
    await until('all are in doubt', () => [...client.validity.values()].every((valid) => !valid))
    expect(client.of('orderbook_validity').at(-1)?.msg).toMatchObject({ valid: false, doubt: 'recording_paused' })
    await untilCaughtUp({ recorder }, replica)
    for (const ticker of exchange.tickers) {
      const { yes_dollars: yes, no_dollars: no } = replica.view(replica.fold.market(ticker)!)
      expect(client.levels(ticker)).toEqual({ yes, no })
    }
    recorder.resume()
    await until('all are valid again', () => [...client.validity.values()].every((valid) => valid))
    expect(client.faults).toEqual([])
  })

  test('is told which books wait for want of room, and has them in the end', async () => {
    const { connect, recorder, replica, exchange } = await served(
      { limits: { snapshotRoomBytes: 1_000, snapshotsPerTurnMax: 3 } },
      { copies: 20 },
    )
    const client = await connect()
    client.subscribe(['orderbook'], 'all')
    await until('it has all books', () => client.books.size === 120)
    recorder.pause('test')
    await until('all are in doubt', () => [...client.validity.values()].every((valid) => !valid))
    recorder.resume()
    await until('all are valid again', () => [...client.validity.values()].every((valid) => valid))
    expect(client.of('orderbook_validity').some(({ msg }) => msg['doubt'] === 'behind')).toBe(true)
    recorder.pause('test')
    await untilCaughtUp({ recorder }, replica)
    const doubts = () => [...client.validity.values()].filter((valid) => valid).length
    await until('all are in doubt again', () => doubts() === 0)
    for (const ticker of exchange.tickers) {
      const { yes_dollars: yes, no_dollars: no } = replica.view(replica.fold.market(ticker)!)
      expect(client.levels(ticker), ticker).toEqual({ yes, no })
    }
    expect(client.faults).toEqual([])
  })

  test('is told when there is no recorder any more', async () => {
    const { connect, stop, replica } = await served()
    const client = await connect()
    client.subscribe(['orderbook'], 'all')
    await until('it has all books', () => client.books.size === 6)
    await stop()
    await until('it is told', () => client.of('status').some(({ msg }) => msg['state'] === 'finished'))
    expect(replica.state).toBe('finished')
    expect([...client.validity.values()].every((valid) => !valid)).toBe(true)
    const late = await connect()
    late.subscribe(['orderbook'], 'all')
    await until('a late one has the books too', () => late.books.size === 6)
    expect(late.of('orderbook_snapshot')[0]?.msg).toMatchObject({ valid: false, doubt: 'recording_stopped' })
  })

  test('of stats hears the figures of its markets each second', async () => {
    const { connect, exchange } = await served({ limits: { statsEveryMs: 250 } }, { rate: 3_000 })
    const [all, one] = [await connect(), await connect()]
    all.subscribe(['stats'], 'all')
    one.subscribe(['stats'], [exchange.tickers[0]!])
    await until('both are told twice', () => all.of('stats').length > 1 && one.of('stats').length > 1)
    const rate = () => all.of('stats').at(-1)!.msg['frames_per_second']
    await until('a whole second was counted', () => (rate() as number) > 1_000)
    const { msg } = all.of('stats').at(-1)!
    expect(msg).toMatchObject({ state: 'live' })
    const markets = msg['markets'] as { market_ticker: string; frames_per_second: number }[]
    expect(markets.map(({ market_ticker }) => market_ticker).sort()).toEqual([...exchange.tickers].sort())
    expect(markets.some(({ frames_per_second: rate }) => rate > 10)).toBe(true)
    expect(one.of('stats').at(-1)!.msg['markets']).toHaveLength(1)
  })
})

describe('bad manners', () => {
  test('are answered with what was wrong, and three of them end the connection', async () => {
    const { connect, service } = await served()
    const client = await connect()
    client.webSocket.send('{"id":1}')
    await until('it is answered', () => client.of('error').length === 1)
    expect(client.of('error')[0]).toMatchObject({ id: 1, msg: { code: 'FLOW_WS_COMMAND' } })
    client.subscribe(['orderbook'], 'all')
    client.unsubscribe(['orderbook'], ['KXNOPE'], 9)
    await until('it is answered', () => client.of('error').length === 2)
    expect(client.of('error')[1]).toMatchObject({ id: 9, msg: { code: 'FLOW_WS_PARAMS' } })
    client.webSocket.send(Buffer.from([1, 2, 3]))
    expect((await client.closed).code).toBe(1008)
    await until('it is forgotten', () => service.clients === 0)
  })

  test('too many commands, too long ones and too many tickers are refused', async () => {
    const { connect } = await served({ limits: { commandsPerSecondMax: 4, tickersMax: 2, strikesMax: 100 } })
    const client = await connect()
    client.subscribe(['trade'], ['A', 'B', 'C'], 1)
    client.subscribe(['trade'], ['A', 'B'], 2)
    client.subscribe(['trade'], ['C'], 3)
    client.subscribe(['trade'], ['B', 'A'], 4)
    client.subscribe(['trade'], ['A'], 5)
    await until('all are answered', () => client.seq >= 6)
    expect(client.kept.slice(1).map(({ id, type, msg }) => [id, type, msg['code'] ?? ''])).toEqual([
      [1, 'error', 'FLOW_WS_LIMIT'],
      [2, 'subscribed', ''],
      [3, 'error', 'FLOW_WS_LIMIT'],
      [4, 'subscribed', ''],
      [null, 'error', 'FLOW_WS_RATE'],
    ])
    const long = await connect()
    long.webSocket.send('x'.repeat(65 * 1024))
    expect((await long.closed).code).toBe(1009)
  })

  test('a flood of pings ends the connection', async () => {
    const { connect } = await served()
    const client = await connect()
    for (let index = 0; index < 400; index++) client.webSocket.ping()
    // With pings still on their way, the close frame may not be read: the socket's end is what counts.
    expect([1006, 1008]).toContain((await client.closed).code)
  })

  test('bytes that are waiting for too long end the connection with 4008, however few', async () => {
    const { connect, events } = await served(
      { limits: { unreadBytesMax: 1 << 30, unreadMsMax: 500, statsEveryMs: 2 } },
      { copies: 20 },
    )
    const client = await connect({ keeps: () => false })
    client.subscribe(['stats'], 'all')
    await until('it is told', () => client.seq > 10)
    client.webSocket.pause()
    await until('it is given up', () => events.some((each) => each.kind === 'client_ended'))
    expect(events).toEqual([expect.objectContaining({ kind: 'client_ended', why: 'slow' })])
    client.webSocket.resume()
    const { code, reason } = await client.closed
    expect([code, JSON.parse(reason)]).toEqual([4008, { position: client.position }])
    expect(client.faults).toEqual([])
  })

  test('silence, without even a pong, ends the connection', async () => {
    const { url, events, service } = await served({ limits: { pingEveryMs: 100, silenceMsMax: 500 } })
    const good = await WsTestClient.open(url)
    cleanups.push(() => good.webSocket.terminate())
    const dead = new WebSocket(url, { autoPong: false })
    const closed = new Promise((done) => dead.on('close', done))
    await closed
    expect(events).toEqual([expect.objectContaining({ why: 'silent' })])
    await sleep(200)
    expect(service.clients).toBe(1)
  })
})

describe('the door', () => {
  test('is shut to pages of other origins, to whom the token check refuses, at other paths, and when it is crowded', async () => {
    const { url } = await served({
      allowedOrigins: ['https://good.example'],
      admit: ({ headers }) =>
        headers.authorization === 'no' ? { status: 401, code: 'FLOW_X', message: 'no' } : undefined,
      limits: { clientsMax: 2 },
    })
    const host = new URL(url).host
    expect(await refusalOf(url, { origin: 'https://evil.example' })).toBe(403)
    expect(await refusalOf(url, { origin: 'null' })).toBe(403)
    expect(await refusalOf(url, { origin: `http://localhost:1` })).toBe(403)
    expect(await refusalOf(url, { authorization: 'no' })).toBe(401)
    expect(await refusalOf(url.replace('/rl/ws', '/rl/wsx'))).toBe(404)
    expect(await refusalOf(url, { origin: 'https://good.example' })).toBe('open')
    expect(await refusalOf(`${url}?token=x`, { origin: `http://${host}` })).toBe('open')
    expect(await refusalOf(url)).toBe(503)
  })

  test('is not kept ajar by those who were refused, whatever they do, nor is the end', async () => {
    const { server, service, url } = await served({
      admit: () => ({ status: 401, code: 'FLOW_X', message: 'no' }),
    })
    const heard: string[] = []
    const knock = (headers = '') => {
      const socket = openSocket({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true })
      cleanups.push(() => socket.destroy())
      socket.on('error', () => {})
      socket.on('data', (chunk) => heard.push(String(chunk).split('\r\n')[0]!))
      socket.write(`GET /rl/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${headers}\r\n`)
    }
    const held = () => new Promise<number>((done) => server.getConnections((_, count) => done(count)))
    for (let index = 0; index < 20; index++) knock()
    await until('all were told', () => heard.length === 20)
    expect(new Set(heard)).toEqual(new Set(['HTTP/1.1 401 Unauthorized']))
    await until('none is held', async () => (await held()) === 0, 500)

    knock()
    await until('it was told', () => heard.length === 21)
    await service.close()
    const ended = new Promise((done) => server.close(done)).then(() => 'ended')
    expect(await Promise.race([ended, sleep(1_000)])).toBe('ended')
  })

  test('says goodbye to everybody when the service ends', async () => {
    const { connect, service } = await served()
    const clients = [await connect(), await connect()]
    await service.close()
    expect((await Promise.all(clients.map(({ closed }) => closed))).map(({ code }) => code)).toEqual([1001, 1001])
  })
})
