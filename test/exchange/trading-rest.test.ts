import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunningExchange } from '#exchange'
import { connect } from './support.ts'
import { getSigned, getUnsigned, openWorld, subscribeTo } from './trading-support.ts'

let exchange: RunningExchange
beforeAll(async () => {
  exchange = await openWorld({ readTokensPerSecond: 100_000 })
  const client = await connect(exchange)
  client.send(subscribeTo(1, ['trade']))
  await client.until(() => client.frames.filter(({ type }) => type === 'trade').length > 8)
  client.close()
})
afterAll(() => exchange.close())

const get = (path: string) => getSigned(exchange, path)

// biome-ignore lint/suspicious/noExplicitAny: whatever a page holds.
async function pagesOf(path: string, key: string): Promise<any[]> {
  const found = []
  let cursor = ''
  do {
    const { body, status } = await get(`${path}${path.includes('?') ? '&' : '?'}cursor=${cursor}`)
    expect(status).toBe(200)
    found.push(...body[key])
    cursor = body.cursor
  } while (cursor !== '')
  return found
}

describe('markets', () => {
  test('all come in pages, each once, and the filters find what they say', async () => {
    const all = await pagesOf('/markets?limit=3', 'markets')
    expect(new Set(all.map(({ ticker }) => ticker)).size).toBe(all.length)
    expect(all.length).toBeGreaterThanOrEqual(exchange.tickers.length)
    const open = await pagesOf('/markets?status=open&limit=1000', 'markets')
    expect(new Set(open.map(({ status }) => status))).toEqual(new Set(['active']))
    const [{ event_ticker, ticker }] = open
    const ofEvent = await pagesOf(`/markets?event_ticker=${event_ticker}`, 'markets')
    expect(new Set(ofEvent.map((each) => each.event_ticker))).toEqual(new Set([event_ticker]))
    expect(await pagesOf(`/markets?tickers=${ticker},KXNOWHERE-1`, 'markets')).toHaveLength(1)
    expect(await pagesOf('/markets?series_ticker=KXNOWHERE', 'markets')).toEqual([])
    expect(await pagesOf('/markets?mve_filter=only', 'markets')).toEqual([])
    const now = Math.floor(Date.now() / 1000)
    expect(await pagesOf(`/markets?min_close_ts=${now + 7_200}`, 'markets')).toEqual([])
    expect((await pagesOf(`/markets?max_created_ts=${now + 5}&status=open`, 'markets')).length).toBe(open.length)
  })

  test.each(['status=finalized', 'limit=0', 'limit=1001', 'cursor=zz', 'min_close_ts=1&status=open', 'min_close_ts=x'])(
    '?%s is answered 400',
    async (query) => {
      expect(await get(`/markets?${query}`)).toMatchObject({ status: 400, body: { error: { code: 'bad_request' } } })
    },
  )

  test('one has the quotes of its book', async () => {
    const { body } = await get('/markets?status=open')
    for (const { ticker } of body.markets) {
      const [{ body: one }, { body: book }] = await Promise.all([
        get(`/markets/${ticker}`),
        get(`/markets/${ticker}/orderbook?depth=1`),
      ])
      expect(one.market.ticker).toBe(ticker)
      expect(Object.keys(book.orderbook_fp).sort()).toEqual(['no_dollars', 'yes_dollars'])
      expect(book.orderbook_fp.yes_dollars.length).toBeLessThanOrEqual(1)
    }
    const many = body.markets.map(({ ticker }: { ticker: string }) => `tickers=${ticker}`).join('&')
    expect((await get(`/markets/orderbooks?${many}`)).body.orderbooks).toHaveLength(body.markets.length)
  })
})

describe('events and series', () => {
  test('events come in pages, with their markets where asked', async () => {
    const events = await pagesOf('/events?limit=2', 'events')
    expect(new Set(events.map(({ event_ticker }) => event_ticker)).size).toBe(events.length)
    expect(events[0]).not.toHaveProperty('markets')
    const nested = await pagesOf('/events?with_nested_markets=true', 'events')
    for (const { markets, event_ticker } of nested) {
      expect(markets.length).toBeGreaterThan(0)
      for (const market of markets) expect(market.event_ticker).toBe(event_ticker)
    }
    const { event_ticker, series_ticker } = events[0]
    const one = await get(`/events/${event_ticker}`)
    expect(one.body.event).not.toHaveProperty('markets')
    expect(one.body.markets.length).toBeGreaterThan(0)
    const oneNested = await get(`/events/${event_ticker}?with_nested_markets=true`)
    expect(oneNested.body.event.markets).toHaveLength(one.body.markets.length)
    const ofSeries = await pagesOf(`/events?series_ticker=${series_ticker}&status=open`, 'events')
    expect(new Set(ofSeries.map((each) => each.series_ticker))).toEqual(new Set([series_ticker]))
    expect((await get('/events/KXNOWHERE-1')).status).toBe(404)
    expect((await get('/events?limit=201')).status).toBe(400)
  })

  test('every event has a series, which tells its fees', async () => {
    const [{ series_ticker }] = await pagesOf('/events', 'events')
    const { body } = await get(`/series/${series_ticker}`)
    expect(body.series).toMatchObject({ ticker: series_ticker, fee_type: expect.stringMatching(/^quadratic/) })
    const { body: all } = await get(`/series?category=${encodeURIComponent(body.series.category)}`)
    expect(all.series.map(({ ticker }: { ticker: string }) => ticker)).toContain(series_ticker)
    expect((await get('/series?category=Nothing')).body.series).toEqual([])
    expect((await get('/series/KXNOWHERE')).status).toBe(404)
  })
})

test('trades come newest first, in pages, of one market or all, between two times', async () => {
  const { body: newest } = await get('/markets/trades?limit=1')
  const [{ ticker, created_time }] = newest.trades
  const all = await pagesOf('/markets/trades?limit=4', 'trades')
  expect(new Set(all.map(({ trade_id }) => trade_id)).size).toBe(all.length)
  const times = all.map((each) => Date.parse(each.created_time))
  expect(times).toEqual([...times].sort((a, b) => b - a))
  const own = await pagesOf(`/markets/trades?ticker=${ticker}`, 'trades')
  expect(new Set(own.map((each) => each.ticker))).toEqual(new Set([ticker]))
  const second = Math.floor(Date.parse(created_time) / 1000)
  const before = await pagesOf(`/markets/trades?max_ts=${second}`, 'trades')
  for (const each of before) expect(Date.parse(each.created_time)).toBeLessThanOrEqual(second * 1000)
  expect((await get(`/markets/trades?min_ts=${second + 3600}`)).body).toEqual({ cursor: '', trades: [] })
  expect(Object.keys(all[0]).sort()).toEqual([
    'count_fp',
    'created_time',
    'is_block_trade',
    'no_price_dollars',
    'taker_book_side',
    'taker_outcome_side',
    'taker_side',
    'ticker',
    'trade_id',
    'yes_price_dollars',
  ])
})

test('the exchange says that it is open, and when', async () => {
  expect((await get('/exchange/status')).body).toMatchObject({ exchange_active: true, trading_active: true })
  const { body } = await get('/exchange/schedule')
  expect(Object.keys(body.schedule).sort()).toEqual(['maintenance_windows', 'standard_hours'])
})

describe('tokens', () => {
  test('a key that asks too fast is answered 429, other keys are not, and a second later it may again', async () => {
    const slow = await openWorld({ readTokensPerSecond: 50 })
    const status = async (key: string) => (await getSigned(slow, '/exchange/status', key)).status
    for (let count = 0; count < 10; count++) expect(await status('a')).toBe(200)
    const refused = await getSigned(slow, '/exchange/status', 'a')
    expect(refused).toMatchObject({ status: 429, body: { error: 'too many requests' } })
    expect(refused.headers.has('retry-after')).toBe(false)
    expect(await status('b')).toBe(200)
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(await status('a')).toBe(200)
    await slow.close()
  })

  test('are told by /account/limits, to whoever signs', async () => {
    const basic = await openWorld()
    expect((await getSigned(basic, '/account/limits')).body).toEqual({
      usage_tier: 'basic',
      read: { refill_rate: 200, bucket_capacity: 400 },
      write: { refill_rate: 100, bucket_capacity: 100 },
    })
    expect((await getUnsigned(basic, '/account/limits')).status).toBe(401)
    expect((await getSigned(basic, '/account/endpoint_costs')).body).toEqual({ default_cost: 10, endpoint_costs: [] })
    await basic.close()
  })
})

describe('without a signature', () => {
  test('an answer is that of up to 15 s ago, while signed requests and other queries are not', async () => {
    const kept = await openWorld({ restCacheMs: 1200 })
    const path = '/markets/trades?limit=1'
    await expect.poll(async () => (await getSigned(kept, path)).body.trades).toHaveLength(1)
    const first = await getUnsigned(kept, path)
    expect(first.headers.get('cache-control')).toBe('public, max-age=2')
    await expect.poll(async () => (await getSigned(kept, path)).body).not.toEqual(first.body)
    const again = await getUnsigned(kept, path)
    expect(again.body).toEqual(first.body)
    expect(again.headers.get('age')).toBe('0')
    expect((await getUnsigned(kept, `${path}&max_ts=`)).body).not.toEqual(first.body)
    await expect.poll(async () => (await getUnsigned(kept, path)).body, { timeout: 3000 }).not.toEqual(first.body)
    await kept.close()
  })
})

test('whatever is asked, the answer is JSON with a status that says whose fault it was', async () => {
  const aWord = fc.constantFrom(
    'markets',
    'events',
    'series',
    'exchange',
    'account',
    'orderbook',
    'orderbooks',
    'trades',
    '',
  )
  const aName = fc.oneof(
    aWord,
    fc.string(),
    fc.constantFrom(...exchange.tickers, 'status', 'limits', '..', '%', '__proto__'),
  )
  const aKey = fc.constantFrom(
    'limit',
    'cursor',
    'status',
    'tickers',
    'depth',
    'min_ts',
    'max_close_ts',
    'ticker',
    'tags',
  )
  const aValue = fc.oneof(fc.string(), fc.integer().map(String), fc.constantFrom('open', 'settled', 'YWZ0ZXI6MA'))
  const aQuery = fc.array(fc.tuple(aKey, aValue), { maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(fc.array(aName, { maxLength: 4 }), aQuery, async (names, query) => {
      const path = names.map((name, index) => (index === 0 ? name : encodeURIComponent(name))).join('/')
      const url = new URL(`${exchange.restUrl}/${path.replace(/[?#]/g, '')}?${new URLSearchParams(query)}`)
      const response = await fetch(url)
      expect([200, 400, 401, 404], url.href).toContain(response.status)
      expect(typeof (await response.json())).toBe('object')
    }),
    { numRuns: 300 },
  )
})

const RECORDED = join(import.meta.dirname, '../../../shared/data/kalshi/rest')
describe.skipIf(!existsSync(RECORDED))('beside recorded bodies', () => {
  const read = (name: string) => JSON.parse(gunzipSync(readFileSync(join(RECORDED, name))).toString())
  const keysOf = (bodies: readonly object[]) => {
    const counts = new Map<string, number>()
    for (const key of bodies.flatMap(Object.keys)) counts.set(key, (counts.get(key) ?? 0) + 1)
    return {
      all: [...counts.keys()],
      always: [...counts].filter(([, count]) => count === bodies.length).map(([key]) => key),
    }
  }
  /** Fields that Kalshi's document has and no recorded body happens to show. */
  const DOCUMENTED = ['cap_strike', 'strike_date']

  function expectKeys(ours: readonly object[], recorded: readonly object[], mayLack: readonly string[] = []) {
    const { all, always } = keysOf(recorded)
    for (const body of ours) {
      const keys = Object.keys(body)
      expect(keys.filter((key) => !all.includes(key) && !DOCUMENTED.includes(key))).toEqual([])
      expect(always.filter((key) => !keys.includes(key) && !mayLack.includes(key))).toEqual([])
    }
  }

  test('markets, events and series have the same keys', async () => {
    const events = read('events_sports_nested.json.gz')
    const markets = events.flatMap((event: { markets: object[] }) => event.markets)
    const settled = read('markets_settled.json.gz').markets
    const ours = (await get('/markets?limit=1000')).body.markets
    // Only a market that can close early has a condition for it.
    expectKeys(ours, [...markets, ...settled], ['early_close_condition'])
    expectKeys((await get('/events?with_nested_markets=true')).body.events, events)
    const series = Object.values(read('series_fee_fields.json.gz').payloads) as { series: object }[]
    expectKeys(
      (await get('/series')).body.series,
      series.map((each) => each.series),
    )
  })

  test('an order book has the same shape', async () => {
    const { orderbook } = read('market_single.json.gz')
    const { body } = await get(`/markets/${exchange.tickers[0]}/orderbook`)
    expect(Object.keys(body)).toEqual(Object.keys(orderbook))
    expect(Object.keys(body.orderbook_fp).sort()).toEqual(Object.keys(orderbook.orderbook_fp).sort())
  })
})
