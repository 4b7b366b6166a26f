import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { ExchangeOptions, RunningExchange, SentReport } from '#exchange'
import {
  breaksOf,
  type Client,
  connect,
  DEMO_CAPTURE,
  foldBooks,
  openExchange,
  picture,
  readFrames,
  subscribe,
} from './support.ts'

const SHARED = join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'kalshi')
const BASEBALL = join(SHARED, 'mlb-wnba-12-markets.jsonl')
const BITCOIN = join(SHARED, 'kxbtc15m-8-markets.jsonl.gz')

const open: RunningExchange[] = []
const start = async (options: Partial<ExchangeOptions>) => {
  const exchange = await openExchange(options)
  open.push(exchange)
  return exchange
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((exchange) => exchange.close()))
})

/** Waits until the client has read all that the exchange says it sent to it. */
const readAll = (exchange: RunningExchange, client: Client, timeoutMs = 15_000) =>
  client.until(
    () => exchange.sent().connections.some(({ open: isOpen, total }) => isOpen && total === client.frames.length),
    timeoutMs,
  )

const expectSameBooks = (
  exchange: RunningExchange,
  client: Client,
  expected: ReturnType<typeof foldBooks>,
  yesPrices = false,
) => {
  const books = foldBooks(client.frames, yesPrices)
  for (const ticker of exchange.tickers) {
    const recorded = ticker.replace(/-C\d+$/, '')
    expect(`${ticker}\n${picture(books, ticker)}`).toBe(`${ticker}\n${picture(expected, recorded)}`)
  }
}

describe.each([false, true])('played at max with use_yes_price %s', (useYesPrice) => {
  test('the demo capture leads to the books that it leads to by itself, without a break', async () => {
    const exchange = await start({ speed: 'max' })
    const client = await connect(exchange)
    client.send(subscribe(exchange.tickers, useYesPrice))
    await exchange.done
    await readAll(exchange, client)
    expect(breaksOf(client.frames)).toEqual([])
    const frames = readFrames(DEMO_CAPTURE)
    const deltas = (list: readonly { type: string }[]) => list.filter(({ type }) => type === 'orderbook_delta').length
    expect(deltas(client.frames)).toBe(deltas(frames))
    expectSameBooks(exchange, client, foldBooks(frames), useYesPrice)
  })
})

test('trades and tickers of the capture go to their channels: trades numbered, tickers not', async () => {
  const exchange = await start({ speed: 'max' })
  const client = await connect(exchange)
  client.send({ id: 1, cmd: 'subscribe', params: { channels: ['trade', 'ticker'] } })
  await client.until(() => client.frames.length === 2)
  client.send(subscribe(exchange.tickers))
  await exchange.done
  await readAll(exchange, client)
  const recorded = readFrames(DEMO_CAPTURE)
  for (const type of ['trade', 'ticker']) {
    expect(client.frames.filter((frame) => frame.type === type).length).toBe(
      recorded.filter((frame) => frame.type === type).length,
    )
  }
  expect(
    client.frames.filter(({ type }) => type === 'trade').every(({ sid, seq }) => sid === 1 && seq !== undefined),
  ).toBe(true)
  expect(client.frames.some(({ type, seq }) => type === 'ticker' && seq !== undefined)).toBe(false)
  expect(breaksOf(client.frames)).toEqual([])
})

test('the counts of /exchange/sent are the frames received, to the frame', async () => {
  const exchange = await start({ speed: 'max' })
  const client = await connect(exchange)
  client.send(subscribe(exchange.tickers, true, ['orderbook_delta', 'trade', 'ticker']))
  await exchange.done
  await readAll(exchange, client)
  const counts: Record<string, number> = {}
  for (const { type } of client.frames) counts[type] = (counts[type] ?? 0) + 1
  for (const root of [exchange.restUrl, exchange.restUrl.replace('/trade-api/v2', '')]) {
    const sent = (await (await fetch(`${root}/exchange/sent`)).json()) as SentReport
    expect(sent).toMatchObject({
      frames: counts,
      total: client.frames.length,
      playback: { started: true, done: true, loops: 1 },
    })
    const lastSeq = (sid: number) =>
      client.frames.findLast((frame) => frame.sid === sid && frame.seq !== undefined)?.seq
    expect(sent.connections).toMatchObject([
      { id: 1, frames: counts, last_seq: { 1: lastSeq(1), 2: lastSeq(2) }, use_yes_price: true, open: true },
    ])
  }
  client.close()
  await expect.poll(() => exchange.sent().connections[0]?.open).toBe(false)
  expect(exchange.sent().total).toBe(client.frames.length)
})

test.each([1, 9, 700, 1800])('--until %i stops after the frame with that seq of the capture', async (untilSeq) => {
  const exchange = await start({ speed: 'max', untilSeq })
  const client = await connect(exchange)
  client.send(subscribe(exchange.tickers))
  await exchange.done
  await readAll(exchange, client)
  expectSameBooks(exchange, client, foldBooks(readFrames(DEMO_CAPTURE, untilSeq)))
})

test('in a loop each turn brings fresh snapshots in sequence', async () => {
  const exchange = await start({ speed: 'max', loop: true, untilSeq: 300 })
  const client = await connect(exchange)
  client.send(subscribe(exchange.tickers, false, ['orderbook_delta', 'trade']))
  await client.until(() => exchange.sent().playback.loops >= 3)
  exchange.faults.stall(1)
  await readAll(exchange, client)
  expect(breaksOf(client.frames)).toEqual([])
  const snapshots = client.frames.filter(({ type }) => type === 'orderbook_snapshot').length
  expect(snapshots).toBeGreaterThanOrEqual(3 * exchange.tickers.length)
  expect(() => foldBooks(client.frames)).not.toThrow()
  const lastMs = new Map<string, number>()
  for (const { type, msg } of client.frames) {
    if (type !== 'orderbook_delta') continue
    expect(msg.ts_ms).toBeGreaterThanOrEqual(lastMs.get(msg.market_ticker) ?? 0)
    lastMs.set(msg.market_ticker, msg.ts_ms)
  }
  const trades = client.frames.filter(({ type }) => type === 'trade').map(({ msg }) => msg.trade_id)
  expect(new Set(trades).size).toBe(trades.length)
})

test('copies list each market under more tickers, each with its own market_id and the same book', async () => {
  const exchange = await start({ speed: 'max', copies: 3 })
  expect(exchange.tickers).toContain('KXDEMO-RAIN-MON-C3')
  const client = await connect(exchange)
  client.send(subscribe(exchange.tickers))
  await exchange.done
  await readAll(exchange, client)
  expectSameBooks(exchange, client, foldBooks(readFrames(DEMO_CAPTURE)))
  const ids = new Set(client.frames.filter(({ type }) => type === 'orderbook_snapshot').map(({ msg }) => msg.market_id))
  expect(ids.size).toBe(exchange.tickers.length)
})

test.each([1, 4])('whoever comes late gets the book as the clock stands (copies %i)', async (copies) => {
  const exchange = await start({ ratePerSecond: 4000 * copies, copies })
  const first = await connect(exchange)
  first.send(subscribe([exchange.tickers[0] as string]))
  const late: Client[] = []
  for (let count = 0; count < 6; count++) {
    await new Promise((resolve) => setTimeout(resolve, 70))
    const client = await connect(exchange)
    client.send(subscribe(exchange.tickers))
    late.push(client)
  }
  await exchange.done
  for (const client of late) {
    // On a busy machine the playback may be over before the last of them is answered.
    await client.until(() => client.frames.length > exchange.tickers.length)
    await client.until(() => exchange.sent().connections[late.indexOf(client) + 1]?.total === client.frames.length)
    expect(breaksOf(client.frames)).toEqual([])
    expectSameBooks(exchange, client, foldBooks(readFrames(DEMO_CAPTURE)))
  }
  expect(late[4]?.frames.length).toBeLessThan(late[0]?.frames.length as number)
})

test('a client that reads slowly at max loses nothing', async () => {
  const exchange = await start({ speed: 'max', copies: 50, highWaterBytes: 65_536, bufferBytesMax: 4_000_000 })
  const client = await connect(exchange)
  client.send(subscribe(exchange.tickers))
  await client.until(() => client.frames.length > 400)
  client.socket.pause()
  await new Promise((resolve) => setTimeout(resolve, 600))
  expect(exchange.sent().playback.done).toBe(false)
  client.socket.resume()
  await exchange.done
  await readAll(exchange, client)
  expect(breaksOf(client.frames)).toEqual([])
  expectSameBooks(exchange, client, foldBooks(readFrames(DEMO_CAPTURE)))
})

test('a client that takes nothing at max is cut in the end, and the others go on', async () => {
  const exchange = await start({ speed: 'max', copies: 60, highWaterBytes: 65_536, slowSocketMs: 200 })
  const dead = await connect(exchange)
  const alive = await connect(exchange)
  dead.socket.pause()
  alive.send(subscribe(exchange.tickers.slice(0, 6)))
  dead.send(subscribe(exchange.tickers))
  await exchange.done
  expect(exchange.sent().connections.find(({ id }) => id === 1)?.open).toBe(false)
  await readAll(exchange, alive)
  expect(breaksOf(alive.frames)).toEqual([])
}, 20_000)

test('a rate is kept evenly and without drift, whatever the stamps say', async () => {
  const exchange = await start({ ratePerSecond: 2500 })
  const client = await connect(exchange)
  client.send(subscribe(exchange.tickers, false, ['orderbook_delta', 'trade', 'ticker']))
  await exchange.done
  await readAll(exchange, client)
  const { slots } = exchange.sent().playback
  const tookMs = (exchange.scheduledUnixMs(slots - 1) as number) - (exchange.scheduledUnixMs(0) as number)
  expect(tookMs).toBeCloseTo(((slots - 1) * 1000) / 2500, 0)
  const played = client.frames.filter(({ type }) => type === 'orderbook_delta')
  const spanMs = (played.at(-1)?.sending_ts_ms as number) - (played[0]?.sending_ts_ms as number)
  expect(Math.abs(spanMs - tookMs)).toBeLessThan(400)
  const byTenth = new Map<number, number>()
  for (const { sending_ts_ms } of played.slice(200, -200)) {
    const tenth = Math.floor((sending_ts_ms as number) / 100)
    byTenth.set(tenth, (byTenth.get(tenth) ?? 0) + 1)
  }
  // The usual tenth of a second, since a busy machine may hold back a few and catch up.
  const usual = [...byTenth.values()].sort((a, b) => a - b)[Math.floor(byTenth.size / 2)] as number
  expect(usual).toBeGreaterThan(180)
  expect(usual).toBeLessThan(320)
})

test('at recorded speed frames keep their distance, and times lie just before the sending', async () => {
  const exchange = await start({ speed: 40 })
  const client = await connect(exchange)
  client.send(subscribe(exchange.tickers))
  await exchange.done
  await readAll(exchange, client)
  const played = client.frames.filter(({ type }) => type === 'orderbook_delta')
  const recorded = readFrames(DEMO_CAPTURE).filter(({ type }) => type === 'orderbook_delta')
  const spanMs = (played.at(-1)?.sending_ts_ms as number) - (played[0]?.sending_ts_ms as number)
  expect(spanMs).toBeGreaterThan(1400)
  expect(spanMs).toBeLessThan(4000)
  const offsets = new Map<string, Set<number>>()
  played.forEach(({ msg, sending_ts_ms }, index) => {
    const before = recorded[index]?.msg
    expect(msg.ts_ms).toBeLessThanOrEqual(sending_ts_ms as number)
    expect(Math.abs(Date.parse(msg.ts) - msg.ts_ms)).toBeLessThan(1)
    const own = offsets.get(msg.market_ticker) ?? new Set()
    offsets.set(msg.market_ticker, own.add(msg.ts_ms - before.ts_ms))
  })
  for (const [ticker, own] of offsets) expect(`${ticker} ${own.size}`).toBe(`${ticker} 1`)
})

test('with keepTimes the messages are as recorded, to the byte', async () => {
  const exchange = await start({ speed: 'max', keepTimes: true })
  const client = await connect(exchange)
  client.send(subscribe(exchange.tickers, false, ['orderbook_delta', 'trade', 'ticker']))
  await exchange.done
  await readAll(exchange, client)
  const ofType = (frames: readonly { type: string; msg?: unknown }[], type: string) =>
    frames.filter((frame) => frame.type === type).map(({ msg }) => JSON.stringify(msg))
  for (const type of ['orderbook_delta', 'trade', 'ticker']) {
    expect(ofType(client.frames, type)).toEqual(ofType(readFrames(DEMO_CAPTURE), type))
  }
})

test('the clock waits for as many markets as it was told, over several commands', async () => {
  const exchange = await start({ speed: 'max', startAfterMarkets: 6 })
  const client = await connect(exchange)
  client.send(subscribe(exchange.tickers.slice(0, 5)))
  await client.until(() => client.frames.length === 6)
  expect(exchange.sent().playback).toMatchObject({ started: false, position: 6 })
  const params = { sid: 1, action: 'add_markets', market_tickers: exchange.tickers.slice(5) }
  client.send({ id: 2, cmd: 'update_subscription', params })
  await exchange.done
  await readAll(exchange, client)
  expectSameBooks(exchange, client, foldBooks(readFrames(DEMO_CAPTURE)))
})

test('told to, the clock starts at once, and done comes without a client', async () => {
  const exchange = await start({ speed: 'max', startAtOnce: true })
  await exchange.done
  expect(exchange.sent()).toMatchObject({ total: 0, playback: { done: true } })
})

test('after the last frame connections stay open and are pinged', async () => {
  const exchange = await start({ speed: 'max', pingIntervalMs: 30 })
  const client = await connect(exchange)
  client.send(subscribe(exchange.tickers))
  await exchange.done
  const before = client.pings.length
  await client.until(() => client.pings.length >= before + 2)
  expect(client.pings[0]).toBe('heartbeat')
  expect(client.closed).toBeUndefined()
})

// Recorded data is not part of the repository: these two run where ../shared holds it.
describe('production captures at max', () => {
  test.skipIf(!existsSync(BASEBALL))(
    'twelve markets: a first snapshot that lies ahead comes unasked, after an empty book',
    async () => {
      const exchange = await start({ capture: BASEBALL, speed: 'max' })
      const client = await connect(exchange)
      client.send(subscribe(exchange.tickers))
      await exchange.done
      await readAll(exchange, client)
      const recorded = readFrames(BASEBALL)
      expectSameBooks(exchange, client, foldBooks(recorded))
      const last = exchange.tickers.at(-1)
      const snapshots = client.frames.filter(
        ({ type, msg }) => type === 'orderbook_snapshot' && msg.market_ticker === last,
      )
      const own = recorded.find(({ type, msg }) => type === 'orderbook_snapshot' && msg.market_ticker === last)
      expect(snapshots.map(({ msg }) => msg)).toEqual([
        { market_ticker: last, market_id: own?.msg.market_id },
        own?.msg,
      ])
    },
  )

  test.skipIf(!existsSync(BITCOIN))(
    'eight markets, 208,077 frames: nothing lost, nothing below zero, the same books',
    async () => {
      const exchange = await start({ capture: BITCOIN, speed: 'max' })
      const client = await connect(exchange)
      client.send(subscribe(exchange.tickers, true))
      await exchange.done
      await readAll(exchange, client)
      expect(breaksOf(client.frames)).toEqual([])
      expect(client.frames.filter(({ type }) => type === 'orderbook_delta').length).toBe(208_064)
      expectSameBooks(exchange, client, foldBooks(readFrames(BITCOIN)), true)
    },
  )
})
