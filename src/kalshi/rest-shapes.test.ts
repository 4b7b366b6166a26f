import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextTryMs, RETRY_LIMITS, readRetryAfter } from './rest-retry.ts'
import { readBook, readMarket, readMarketPage, readSingleMarket } from './rest-shapes.ts'
import { TokenBucket } from './rest-tokens.ts'

const RECORDED = join(import.meta.dirname, '../../../shared/data/kalshi/rest')
const recorded = (name: string) => JSON.parse(gunzipSync(readFileSync(join(RECORDED, `${name}.json.gz`))).toString())

function given<T>(read: { kind: 'read'; value: T } | { kind: 'malformed'; at: string; fault: string }): T {
  if (read.kind === 'malformed') throw new Error(`${read.at}: ${read.fault}`)
  return read.value
}

// The recorded bodies lie outside the repository and may not be copied into it.
describe.skipIf(!existsSync(RECORDED))('bodies recorded in production', () => {
  it('of one market and its book become integers', () => {
    const { single, orderbook } = recorded('market_single')
    const market = given(readSingleMarket(single))
    expect(market).toMatchObject({
      ticker: 'KXNCAAFGAME-26SEP19MSUND-ND',
      status: 'active',
      noBid: 600,
      noAsk: 1_100,
      lastPrice: 9_500,
      openInterest: 242_248,
      priceRanges: [{ start: 0, end: 10_000, step: 100 }],
      exchangeIndex: 0,
    })
    expect(market.raw).toEqual(single.market)
    const book = given(readBook(orderbook))
    expect([book.no[0], book.no.length, book.yes.at(-1), book.yes.length]).toEqual([
      [100, 105_832_800],
      6,
      [8_900, 34_349],
      10,
    ])
  })

  it('of all nested and settled markets can be read, every one', () => {
    const events: { markets: unknown[] }[] = recorded('events_sports_nested')
    const all = [
      ...events.flatMap(({ markets }) => markets),
      ...Object.values(recorded('markets_settled').markets).flat(),
    ]
    expect(all.length).toBeGreaterThan(250)
    for (const each of all) expect(given(readMarket(each)).ticker).toMatch(/^KX/)
  })

  it('of price grids give their steps', () => {
    for (const grid of recorded('price_grids').grids) {
      const { priceRanges } = given(readMarket({ ticker: 'T', status: 'active', ...grid }))
      expect(priceRanges).toEqual([{ start: 0, end: 10_000, step: 100 }])
    }
  })
})

describe('a book', () => {
  const book = (yes: unknown, no?: unknown) => readBook({ orderbook_fp: { yes_dollars: yes, no_dollars: no } })

  it('is sorted, whatever order it came in, and empty where a side is absent, null or empty', () => {
    expect(
      given(
        book(
          [
            ['0.5000', '1.00'],
            ['0.0100', '2.50'],
          ],
          null,
        ),
      ),
    ).toEqual({
      yes: [
        [100, 250],
        [5_000, 100],
      ],
      no: [],
    })
    expect(given(readBook({ orderbook_fp: {} }))).toEqual({ yes: [], no: [] })
    expect(given(book([], []))).toEqual({ yes: [], no: [] })
  })

  it.each([
    ['another key', { orderbook: { yes: [], no: [] } }],
    ['no object', { orderbook_fp: null }],
    ['a price of a dollar', { orderbook_fp: { yes_dollars: [['1.0000', '1.00']] } }],
    ['a price of nothing', { orderbook_fp: { yes_dollars: [['0.0000', '1.00']] } }],
    ['a price too fine', { orderbook_fp: { yes_dollars: [['0.00001', '1.00']] } }],
    ['a size of nothing', { orderbook_fp: { no_dollars: [['0.5000', '0.00']] } }],
    ['a size below nothing', { orderbook_fp: { no_dollars: [['0.5000', '-1.00']] } }],
    ['numbers', { orderbook_fp: { yes_dollars: [[0.5, 1]] } }],
    ['a third part', { orderbook_fp: { yes_dollars: [['0.5000', '1.00', 'x']] } }],
    [
      'one price twice',
      {
        orderbook_fp: {
          yes_dollars: [
            ['0.5000', '1.00'],
            ['0.5000', '2.00'],
          ],
        },
      },
    ],
  ])('is never guessed from %s', (_, body) => {
    expect(readBook(body).kind).toBe('malformed')
  })
})

describe('a market', () => {
  it('keeps unknown fields, and takes null and empty texts for absent', () => {
    const raw = {
      ticker: 'T',
      status: 'active',
      news: { a: 1 },
      last_price_dollars: '',
      volume_fp: null,
      price_ranges: null,
    }
    expect(given(readMarket(raw))).toMatchObject({ lastPrice: undefined, volume: undefined, priceRanges: [], raw })
  })

  it('that cannot be read does not cost the others of its page', () => {
    const page = given(
      readMarketPage({
        markets: [{ ticker: 'A', status: 'x' }, null, { ticker: 'B', status: 'x', volume_fp: 5 }],
        cursor: '',
      }),
    )
    expect(page.markets.map(({ ticker }) => ticker)).toEqual(['A'])
    expect(page.malformed.map(({ at }) => at)).toEqual(['markets[1]', 'markets[2].volume_fp'])
    expect(page.cursor).toBe(undefined)
  })

  it('or book of any JSON is read or refused, never thrown at', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        for (const read of [readMarket, readMarketPage, readSingleMarket, readBook])
          expect(['read', 'malformed']).toContain(read(value).kind)
      }),
    )
  })
})

describe('waits and tokens', () => {
  it('stay within their limits for any count and chance', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (tries, unit) => {
        const ms = nextTryMs(RETRY_LIMITS, tries, unit)
        if (tries >= 4) expect(ms).toBe(undefined)
        else expect(ms).toBeLessThanOrEqual(Math.min(10_000, 500 * 2 ** tries))
      }),
    )
    expect(nextTryMs({ ...RETRY_LIMITS, triesMax: 99 }, 40, 0.999)).toBeLessThanOrEqual(10_000)
  })

  it('read Retry-After as seconds or date, and nothing else', () => {
    const nowMs = Date.parse('2026-11-22T12:00:00Z')
    const cases = [
      '5',
      ' 0 ',
      'Sun, 22 Nov 2026 12:00:09 GMT',
      'Sun, 22 Nov 2026 11:00:00 GMT',
      'soon',
      '-1',
      '1.5',
      '',
    ]
    expect(cases.map((each) => readRetryAfter(each, nowMs))).toEqual([
      5_000,
      0,
      9_000,
      0,
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })

  it('never give out more tokens than came back, whatever the clock does', () => {
    const steps = fc.array(
      fc.record({ ms: fc.integer({ min: -500, max: 3_000 }), cost: fc.integer({ min: 1, max: 100 }) }),
      { maxLength: 40 },
    )
    fc.assert(
      fc.property(steps, (each) => {
        const bucket = new TokenBucket({ perSecond: 50, capacity: 100 }, 0)
        let [nowMs, latestMs, taken] = [0, 0, 0]
        for (const { ms, cost } of each) {
          nowMs += ms
          latestMs = Math.max(latestMs, nowMs)
          taken += cost
          const waitMs = bucket.take(cost, nowMs)
          expect(taken).toBeLessThanOrEqual(100 + ((latestMs + waitMs) * 50) / 1000 + 1e-6)
        }
      }),
    )
    const stepped = new TokenBucket({ perSecond: 50, capacity: 100 }, 10_000)
    expect([stepped.take(50, 10_000), stepped.take(50, 0), stepped.take(1, 0)]).toEqual([0, 0, 20])
    expect(() => new TokenBucket({ perSecond: 50, capacity: 100 }, 0).take(101, 0)).toThrow(RangeError)
  })
})
