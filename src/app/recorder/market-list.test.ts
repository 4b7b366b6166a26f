/** The market list against a server that speaks Kalshi's REST, and a holder that is only told what to hold. */
import { getEventListeners } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { SYSTEM_RANDOM, SystemClock } from '#journal'
import { RestClient } from '#kalshi'
import { aLog } from '../../../test/support/recording.ts'
import { MarketList } from './market-list.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

const START_MS = 1_795_348_800_000
const SIGNAL = new AbortController().signal
type Listed = { status: string; volume: number; closeMs: number }

async function aList(marketsMax = 3, limits = {}) {
  const listed = new Map<string, Listed>()
  const asked: string[] = []
  let isDown = false
  /** Lists are answered, and name nothing. */
  let isEmpty = false
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://x')
    asked.push(decodeURIComponent(url.search))
    const single = /\/markets\/([^/]+)$/.exec(url.pathname)?.[1]
    const wanted = single === undefined ? url.searchParams.get('tickers')?.split(',') : [single]
    const markets = [...listed]
      .filter(([ticker, { status }]) => wanted?.includes(ticker) ?? status === 'active')
      .map(([ticker, { status, volume, closeMs }]) => ({
        ticker,
        status,
        volume_fp: `${volume}.00`,
        close_time: new Date(closeMs).toISOString(),
      }))
    const isMissing = single !== undefined && markets.length === 0
    const answer = single === undefined ? { markets: isEmpty ? [] : markets } : { market: markets[0] }
    if (isDown || isMissing) response.writeHead(404).end()
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  closers.push(() => server.close())
  const client = new RestClient({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/trade-api/v2`,
    clock: new SystemClock(),
    random: SYSTEM_RANDOM,
    limits: { tokens: { perSecond: 10_000, capacity: 10_000 } },
  })
  let held: string[] = []
  let backpressure: 'flowing' | 'paused' = 'flowing'
  const holder = {
    get markets() {
      return held
    },
    get backpressure() {
      return backpressure
    },
    subscribe: (markets: readonly string[]) => {
      held.push(...markets)
      return []
    },
    unsubscribe: (markets: readonly string[]) => {
      held = held.filter((each) => !markets.includes(each))
    },
  }
  let nowMs = START_MS
  const { log, of } = aLog()
  const list = new MarketList({ client, holder, marketsMax, log, nowMs: () => nowMs, limits })
  return {
    list,
    asked,
    of,
    held: () => [...held].sort(),
    hold: (markets: readonly string[]) => void holder.subscribe(markets),
    dismiss: (ticker: string) => holder.unsubscribe([ticker]),
    put: (ticker: string, volume: number, status = 'active', closeInMs = 600_000) =>
      void listed.set(ticker, { status, volume, closeMs: START_MS + closeInMs }),
    remove: (ticker: string) => void listed.delete(ticker),
    pass: (ms: number) => {
      nowMs += ms
    },
    down: (down: boolean) => {
      isDown = down
    },
    press: (state: 'flowing' | 'paused') => {
      backpressure = state
    },
    empty: (empty: boolean) => {
      isEmpty = empty
    },
    async chosen() {
      holder.subscribe(await list.choose(SIGNAL))
      return held
    },
  }
}

test('chooses the open markets with the most volume, up to what it may', async () => {
  const { put, chosen } = await aList(2)
  put('KXA', 5)
  put('KXB', 50)
  put('KXC', 20)
  put('KXD', 900, 'closed')
  expect(await chosen()).toEqual(['KXB', 'KXC'])
})

test('lets a market go when it has closed, takes in what opened, and never drops one that is open', async () => {
  const { put, chosen, list, held, of, pass } = await aList(2)
  put('KXA', 1, 'active', 60_000)
  put('KXB', 2)
  await chosen()
  put('KXC', 1_000)
  await list.look(SIGNAL)
  // There is no room, and less volume is no reason.
  expect(held()).toEqual(['KXA', 'KXB'])
  pass(61_000)
  await list.look(SIGNAL)
  expect(held()).toEqual(['KXA', 'KXB'])
  put('KXA', 1, 'closed')
  for (let look = 0; look < 2; look++) await list.look(SIGNAL)
  // For a while it is there to be looked at, and takes nobody's room.
  expect(held()).toEqual(['KXA', 'KXB', 'KXC'])
  put('KXA', 1, 'finalized')
  await list.look(SIGNAL)
  expect(held()).toEqual(['KXA', 'KXB', 'KXC'])
  pass(60_000)
  await list.look(SIGNAL)
  expect(held()).toEqual(['KXB', 'KXC'])
  expect(of('markets_let_go')).toMatchObject([{ count: 1, markets: ['KXA'] }])
  expect(of('markets_added')).toMatchObject([{ count: 1, markets: ['KXC'] }])
})

test('finds a market that closed before its time, within a few looks', async () => {
  const { put, chosen, list, held, pass } = await aList()
  put('KXA', 1)
  await chosen()
  put('KXA', 1, 'determined')
  for (let look = 0; look < 4; look++) await list.look(SIGNAL)
  pass(300_000)
  await list.look(SIGNAL)
  expect(held()).toEqual([])
})

test('asks after those let go until they are settled, ever more rarely', async () => {
  const { put, chosen, list, of, asked, pass, held } = await aList()
  put('KXA', 1, 'active', 0)
  await chosen()
  put('KXA', 1, 'closed')
  await list.look(SIGNAL)
  pass(240_000)
  await list.look(SIGNAL)
  expect([list.awaiting, held()]).toEqual([0, ['KXA']])
  pass(60_000)
  await list.look(SIGNAL)
  expect(list.awaiting).toBe(1)
  const before = asked.length
  for (let look = 0; look < 100; look++) {
    pass(30_000)
    await list.look(SIGNAL)
  }
  const after = asked.slice(before).filter((query) => query.includes('tickers=KXA'))
  expect(after.length).toBeGreaterThan(3)
  expect(after.length).toBeLessThan(12)
  put('KXA', 1, 'finalized')
  for (let look = 0; look < 60; look++) {
    pass(30_000)
    await list.look(SIGNAL)
  }
  expect(list.awaiting).toBe(0)
  expect(of('markets_settled')).toMatchObject([{ markets: ['KXA'] }])
})

test('keeps what it has while REST fails, and goes on afterwards', async () => {
  const { put, chosen, list, held, down, pass } = await aList()
  put('KXA', 1, 'active', 0)
  await chosen()
  put('KXA', 1, 'closed')
  down(true)
  await expect(list.look(SIGNAL)).rejects.toThrow(/404/)
  expect(held()).toEqual(['KXA'])
  down(false)
  await list.look(SIGNAL)
  pass(300_000)
  await list.look(SIGNAL)
  expect(held()).toEqual([])
})

test('keeps a market that the exchange left out of one answer, and lets it go when it stays unknown', async () => {
  const { put, chosen, list, held, remove } = await aList()
  put('KXA', 1, 'active', -1)
  await chosen()
  remove('KXA')
  for (let look = 0; look < 2; look++) await list.look(SIGNAL)
  expect(held()).toEqual(['KXA'])
  await list.look(SIGNAL)
  expect(held()).toEqual([])
})

test('takes a market in again that was let go and opens again', async () => {
  const { put, chosen, list, held, pass } = await aList()
  put('KXA', 1, 'active', 0)
  await chosen()
  put('KXA', 1, 'closed')
  for (let look = 0; look < 14; look++) {
    pass(30_000)
    await list.look(SIGNAL)
  }
  expect([held(), list.awaiting]).toEqual([[], 1])
  put('KXA', 1, 'active', 10_000_000)
  pass(30_000)
  await list.look(SIGNAL)
  expect([held(), list.awaiting]).toEqual([['KXA'], 0])
})

test('keeps what it has while the exchange answers with empty lists', async () => {
  const { put, chosen, list, held, empty, pass, asked } = await aList(30)
  const tickers = Array.from({ length: 25 }, (_, index) => `KX${String.fromCharCode(65 + index)}`)
  for (const ticker of tickers) put(ticker, 1)
  await chosen()
  empty(true)
  const before = asked.length
  for (let look = 0; look < 40; look++) {
    pass(30_000)
    await list.look(SIGNAL)
  }
  expect(held()).toEqual(tickers)
  // Asked for by name they are known; never all of them at once.
  expect(asked.length - before).toBeLessThan(40 * 12)
})

test('does not look while the journal has no room for what it would find', async () => {
  const { put, chosen, list, held, asked, press, pass } = await aList()
  put('KXA', 1, 'active', 0)
  await chosen()
  put('KXA', 1, 'finalized')
  press('paused')
  const before = asked.length
  for (let look = 0; look < 10; look++) {
    pass(60_000)
    await list.look(SIGNAL)
  }
  expect([asked.length, held()]).toEqual([before, ['KXA']])
  press('flowing')
  await list.look(SIGNAL)
  pass(60_000)
  await list.look(SIGNAL)
  expect(held()).toEqual([])
})

test('asks for small pages while it records', async () => {
  const { put, chosen, list, asked } = await aList()
  put('KXA', 1)
  await chosen()
  await list.look(SIGNAL)
  expect(asked.map((query) => new URLSearchParams(query).get('limit'))).toEqual(['1000', '200'])
})

test('leaves alone what a person took in or let go', async () => {
  const { put, chosen, list, held, hold, dismiss } = await aList(2)
  put('KXA', 5)
  put('KXB', 4)
  await chosen()
  hold(['KXOWN'])
  put('KXOWN', 1, 'closed')
  dismiss('KXA')
  for (let look = 0; look < 5; look++) await list.look(SIGNAL)
  expect(held()).toEqual(['KXB', 'KXOWN'])
})

test('leaves nothing at its signal, however often it looks', async () => {
  const { put, chosen, list, asked } = await aList(3, { lookMs: 2 })
  put('KXA', 1)
  await chosen()
  const signals = new Set<AbortSignal>()
  const plain = AbortSignal.prototype.addEventListener
  AbortSignal.prototype.addEventListener = function (this: AbortSignal, ...args: Parameters<typeof plain>) {
    signals.add(this)
    return plain.apply(this, args)
  } as typeof plain
  const following = list.follow()
  const { length } = asked
  while (asked.length < length + 60) await sleep(10)
  AbortSignal.prototype.addEventListener = plain
  const listeners = [...signals].map((signal) => getEventListeners(signal, 'abort').length)
  list.stop()
  await following
  expect(signals.size).toBeGreaterThan(0)
  expect(Math.max(...listeners)).toBeLessThan(5)
})
