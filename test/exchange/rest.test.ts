import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunningExchange } from '#exchange'
import { DEMO_CAPTURE, foldBooks, openExchange, readFrames } from './support.ts'

let exchange: RunningExchange
beforeAll(async () => {
  exchange = await openExchange({ speed: 'max', startAtOnce: true, copies: 2 })
  await exchange.done
})
afterAll(() => exchange.close())

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered.
const get = async (path: string): Promise<{ status: number; body: any }> => {
  const response = await fetch(`${exchange.restUrl}${path}`)
  return { status: response.status, body: await response.json() }
}

describe('GET /markets', () => {
  test('pages with limit and cursor until the cursor is empty', async () => {
    const tickers: string[] = []
    let cursor = ''
    do {
      const { body } = await get(`/markets?limit=5&cursor=${cursor}`)
      expect(body.markets.length).toBeLessThanOrEqual(5)
      tickers.push(...body.markets.map(({ ticker }: { ticker: string }) => ticker))
      cursor = body.cursor
    } while (cursor !== '')
    expect(tickers).toEqual(exchange.tickers)
  })

  test.each([
    ['status=open', 10],
    ['status=closed', 2],
    ['status=settled', 0],
    ['series_ticker=KXDEMO', 12],
    ['series_ticker=KXOTHER', 0],
    ['event_ticker=KXDEMO-GAME', 4],
    ['event_ticker=KXDEMO-GAME&status=open', 4],
    ['tickers=KXDEMO-RAIN-MON,KXDEMO-RAIN-MON-C2,KXNOWHERE-1', 2],
  ])('?%s finds %i', async (query, count) => {
    expect((await get(`/markets?${query}`)).body.markets).toHaveLength(count)
  })

  test.each(['limit=0', 'limit=1001', 'limit=x', 'status=finalized', 'cursor=%25%25'])(
    '?%s is answered 400',
    async (query) => {
      expect(await get(`/markets?${query}`)).toMatchObject({ status: 400, body: { error: { code: 'bad_request' } } })
    },
  )
})

describe('GET /markets/{ticker}', () => {
  test('shows the fields of today with the quotes of the book', async () => {
    const { body } = await get('/markets/KXDEMO-GAME-AWAY')
    expect(body.market).toMatchObject({
      ticker: 'KXDEMO-GAME-AWAY',
      event_ticker: 'KXDEMO-GAME',
      status: 'active',
      market_type: 'binary',
      price_level_structure: 'tapered_deci_cent',
      price_ranges: [
        { start: '0.0000', end: '0.1000', step: '0.0010' },
        { start: '0.1000', end: '0.9000', step: '0.0100' },
        { start: '0.9000', end: '1.0000', step: '0.0010' },
      ],
    })
    const book = foldBooks(readFrames(DEMO_CAPTURE)).get('KXDEMO-GAME-AWAY')
    const bestYes = [...(book?.yes.keys() ?? [])].sort().at(-1)
    expect(body.market.yes_bid_dollars).toBe(bestYes)
    expect(Number(body.market.volume_fp)).toBeGreaterThan(0)
  })

  test('infers a grid of whole cents where nothing finer was quoted', async () => {
    const { body } = await get('/markets/KXDEMO-RAIN-MON')
    expect(body.market.price_ranges).toEqual([{ start: '0.0000', end: '1.0000', step: '0.0100' }])
  })

  test('shows a market that has closed as closed, with no quotes', async () => {
    const { body } = await get('/markets/KXDEMO-SHORT-NOON')
    expect(body.market).toMatchObject({ status: 'closed', yes_bid_dollars: '0.0000', yes_ask_dollars: '1.0000' })
  })

  test('404 for a market that is not listed, and for its book', async () => {
    const missing = { status: 404, body: { error: { code: 'not_found' } } }
    expect(await get('/markets/KXNOWHERE-1')).toMatchObject(missing)
    expect(await get('/markets/KXNOWHERE-1/orderbook')).toMatchObject(missing)
    expect(await get('/nothing/here')).toMatchObject(missing)
  })
})

describe('order books', () => {
  const levels = (side: 'yes' | 'no') =>
    [...(foldBooks(readFrames(DEMO_CAPTURE)).get('KXDEMO-RAIN-TUE')?.[side] ?? [])]
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([price, size]) => [price, `${size / 100n}.${String(size % 100n).padStart(2, '0')}`])

  test('ascend, best last, both sides in their own prices', async () => {
    const { body } = await get('/markets/KXDEMO-RAIN-TUE/orderbook')
    expect(body).toEqual({ orderbook_fp: { no_dollars: levels('no'), yes_dollars: levels('yes') } })
  })

  test('depth keeps the best levels', async () => {
    const { body } = await get('/markets/KXDEMO-RAIN-TUE/orderbook?depth=2')
    expect(body.orderbook_fp.yes_dollars).toEqual(levels('yes').slice(-2))
    expect((await get('/markets/KXDEMO-RAIN-TUE/orderbook?depth=101')).status).toBe(400)
  })

  test('many at once, up to a hundred', async () => {
    const { body } = await get('/markets/orderbooks?tickers=KXDEMO-RAIN-TUE&tickers=KXDEMO-RAIN-TUE-C2')
    expect(body.orderbooks.map(({ ticker }: { ticker: string }) => ticker)).toEqual([
      'KXDEMO-RAIN-TUE',
      'KXDEMO-RAIN-TUE-C2',
    ])
    expect(body.orderbooks[0].orderbook_fp).toEqual(body.orderbooks[1].orderbook_fp)
    const many = Array.from({ length: 101 }, () => 'tickers=A').join('&')
    expect((await get(`/markets/orderbooks?${many}`)).status).toBe(400)
    expect((await get('/markets/orderbooks')).status).toBe(400)
  })
})

test('GET /exchange/status says that trading is on', async () => {
  expect((await get('/exchange/status')).body).toMatchObject({ exchange_active: true, trading_active: true })
})

test('only GET is served, and a path that is no path is no crash', async () => {
  expect((await fetch(`${exchange.restUrl}/markets`, { method: 'POST', body: '{}' })).status).toBe(405)
  expect((await fetch(`${exchange.restUrl}/markets/%E0%A4%A`)).status).toBe(404)
})
