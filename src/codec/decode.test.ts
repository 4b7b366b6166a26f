import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NO, YES } from '#domain'
import { decodeFrame } from './decode.ts'
import { FieldCensus, NAMES_MAX } from './field-census.ts'

const decode = (frame: unknown, useYesPrice = false) => decodeFrame(JSON.stringify(frame), useYesPrice)

describe('a delta', () => {
  const today = {
    type: 'orderbook_delta',
    sid: 2,
    seq: 3,
    msg: {
      market_ticker: 'KXA',
      market_id: 'm',
      price_dollars: '0.9600',
      delta_fp: '-54.00',
      side: 'yes',
      ts_ms: 1669149841000,
    },
  }

  test('is read in today’s shape', () => {
    expect(decode(today)).toEqual({
      type: 'delta',
      sid: 2,
      seq: 3,
      market: 'KXA',
      side: YES,
      price: 9600,
      change: -5400,
      exchangeMs: 1669149841000,
    })
  })

  test('is read in whole cents, as sent until 2025-09', () => {
    const old = {
      type: 'orderbook_delta',
      sid: 1,
      seq: 3,
      msg: { market_ticker: 'KXA', price: 51, delta: -1, side: 'no', ts: '2025-08-12T21:00:32.539836022Z' },
    }
    expect(decode(old)).toMatchObject({
      side: NO,
      price: 5100,
      change: -100,
      exchangeMs: Date.UTC(2025, 7, 12, 21, 0, 32, 539),
    })
  })

  test('is read in the transitional shape, the exact field first', () => {
    const both = { ...today, msg: { ...today.msg, price: 96, delta: -54, price_dollars: '0.9610', delta_fp: '-54.25' } }
    expect(decode(both)).toMatchObject({ price: 9610, change: -5425 })
  })

  test('has its NO price turned back when the wire carries YES prices, its YES price never', () => {
    const no = { ...today, msg: { ...today.msg, side: 'no', price_dollars: '0.3000' } }
    expect(decode(no, true)).toMatchObject({ side: NO, price: 7000 })
    expect(decode(no, false)).toMatchObject({ side: NO, price: 3000 })
    expect(decode(today, true)).toMatchObject({ side: YES, price: 9600 })
  })

  test.each([
    ['msg.side', { side: 'YES' }],
    ['msg.price_dollars', { price_dollars: '0.0000' }],
    ['msg.price_dollars', { price_dollars: '1.0000' }],
    ['msg.price_dollars', { price_dollars: 0.5 }],
    ['msg.price_dollars', { price_dollars: '0.96001' }],
    ['msg.delta_fp', { delta_fp: `5${'0'.repeat(20)}` }],
    ['msg.delta_fp', { delta_fp: 5 }],
    ['msg.delta_fp', { delta_fp: undefined }],
    ['msg.market_ticker', { market_ticker: '' }],
    ['msg.ts_ms', { ts_ms: '1' }],
  ])('with a bad %s is malformed and keeps its place', (at, change) => {
    expect(decode({ ...today, msg: { ...today.msg, ...change } })).toMatchObject({
      type: 'malformed',
      at,
      sid: 2,
      seq: 3,
    })
  })

  test.each([
    ['sid', { sid: -1 }],
    ['seq', { seq: 1.5 }],
    ['msg', { msg: [] }],
  ])('with a bad %s is malformed', (at, change) => {
    expect(decode({ ...today, ...change })).toMatchObject({ type: 'malformed', at })
  })
})

describe('a snapshot', () => {
  const snapshot = (msg: object) => ({
    type: 'orderbook_snapshot',
    sid: 1,
    seq: 1,
    msg: { market_ticker: 'KXA', market_id: 'm', ...msg },
  })

  test('is sorted, whatever the order sent', () => {
    const sent = snapshot({
      yes_dollars_fp: [
        ['0.2200', '333.00'],
        ['0.0800', '300.00'],
      ],
    })
    expect(decode(sent)).toMatchObject({
      yes: [
        [800, 30000],
        [2200, 33300],
      ],
      no: [],
    })
  })

  test('may be empty, its sides absent', () => {
    expect(decode(snapshot({}))).toMatchObject({ type: 'snapshot', yes: [], no: [], marketId: 'm' })
  })

  test('is read in cents and in dollars with whole counts', () => {
    expect(decode(snapshot({ yes: [[3, 80000]], no: null }))).toMatchObject({ yes: [[300, 8_000_000]], no: [] })
    expect(decode(snapshot({ yes: [[45, 100]], yes_dollars: [['0.4510', 100]] }))).toMatchObject({
      yes: [[4510, 10000]],
    })
  })

  test('has its NO levels turned back, and stays in ascending price', () => {
    const sent = snapshot({
      no_dollars_fp: [
        ['0.4400', '146.00'],
        ['0.4600', '20.00'],
      ],
    })
    expect(decode(sent, true)).toMatchObject({
      no: [
        [5400, 2000],
        [5600, 14600],
      ],
    })
  })

  test('drops levels of size zero, as the oracle does', () => {
    expect(decode(snapshot({ yes_dollars_fp: [['0.0800', '0.00']] }))).toMatchObject({ yes: [] })
  })

  test.each([
    ['msg.yes_dollars_fp[].size', { yes_dollars_fp: [['0.0800', '-1.00']] }],
    ['msg.yes_dollars_fp[]', { yes_dollars_fp: [['0.0800']] }],
    ['msg.no_dollars_fp[].price', { no_dollars_fp: [['1.0000', '1.00']] }],
    [
      'msg.yes_dollars_fp[].price twice',
      {
        yes_dollars_fp: [
          ['0.0800', '1.00'],
          ['0.0800', '2.00'],
        ],
      },
    ],
    ['msg.no_dollars_fp', { yes_dollars_fp: [], no_dollars_fp: {} }],
  ])('with a bad %s is malformed and names its market', (at, msg) => {
    expect(decode(snapshot(msg))).toMatchObject({ type: 'malformed', at, market: 'KXA', seq: 1 })
  })
})

describe('other frames', () => {
  test.each([
    [
      { type: 'subscribed', id: 1, msg: { channel: 'trade', sid: 2 } },
      { type: 'subscribed', id: 1, channel: 'trade', sid: 2 },
    ],
    [
      { id: 123, sid: 456, seq: 222, type: 'ok', msg: { market_tickers: ['A'] } },
      { type: 'ok', id: 123, sid: 456, seq: 222, markets: ['A'] },
    ],
    [
      { id: 1, sid: 4, seq: 2, type: 'ok', market_tickers: ['A'] },
      { type: 'ok', id: 1, sid: 4, seq: 2, markets: ['A'] },
    ],
    [
      { id: 1, sid: 4, seq: 2, type: 'ok' },
      { type: 'ok', id: 1, sid: 4, seq: 2, markets: undefined },
    ],
    [
      { id: 3, type: 'ok', msg: [{ channel: 'ticker', sid: 2 }] },
      { type: 'list', id: 3, subscriptions: [{ channel: 'ticker', sid: 2 }] },
    ],
    [
      { id: 102, sid: 2, seq: 7, type: 'unsubscribed' },
      { type: 'unsubscribed', id: 102, sid: 2, seq: 7 },
    ],
    [
      { type: 'error', sid: 1, seq: 9001, msg: { code: 25, msg: 'Subscription buffer overflow' } },
      {
        type: 'error',
        id: undefined,
        sid: 1,
        seq: 9001,
        code: 25,
        message: 'Subscription buffer overflow',
        markets: [],
      },
    ],
    [
      { type: 'constructor', sid: 1, seq: 2 },
      { type: 'unknown', name: 'constructor', sid: 1, seq: 2 },
    ],
    [
      { type: 'market_lifecycle_v2', sid: 13, seq: 4, msg: {} },
      { type: 'unknown', name: 'market_lifecycle_v2', sid: 13, seq: 4 },
    ],
  ])('%j', (frame, expected) => {
    expect(decode(frame)).toEqual(expected)
  })

  test('a trade, today and in March 2026', () => {
    const msg = {
      trade_id: 't',
      market_ticker: 'A',
      yes_price_dollars: '0.8900',
      count_fp: '3.00',
      taker_side: 'yes',
      ts: 1773331880,
    }
    const frame = { type: 'trade', sid: 2, seq: 2573, msg }
    expect(decode(frame)).toMatchObject({
      tradeId: 't',
      yesPrice: 8900,
      size: 300,
      takerSide: YES,
      exchangeMs: 1773331880000,
    })
    expect(decode({ ...frame, msg: { ...msg, taker_outcome_side: 'no', ts_ms: 5 } })).toMatchObject({
      takerSide: NO,
      exchangeMs: 5,
    })
  })

  test('a ticker whose market never traded', () => {
    const msg = {
      market_ticker: 'A',
      price_dollars: '',
      yes_bid_dollars: '0.0000',
      yes_ask_dollars: '1.0000',
      ts_ms: 1,
    }
    expect(decode({ type: 'ticker', sid: 1, msg })).toMatchObject({
      yesBid: undefined,
      yesAsk: undefined,
      last: undefined,
    })
  })

  test.each(['', '{', 'null', '[]', '"x"', '1', '{"type":1}', '{}'])('%j is malformed', (text) => {
    expect(decodeFrame(text, false)).toMatchObject({ type: 'malformed' })
  })

  test('no text makes it throw', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void decodeFrame(text, true)))
    const type = fc.constantFrom(
      'orderbook_delta',
      'orderbook_snapshot',
      'trade',
      'ticker',
      'subscribed',
      'ok',
      'unsubscribed',
      'error',
    )
    const frame = fc.record({ type, sid: fc.jsonValue(), seq: fc.jsonValue(), id: fc.jsonValue(), msg: fc.jsonValue() })
    fc.assert(fc.property(frame, (each) => void decode(each)))
  })
})

describe('the census', () => {
  test('counts fields and types that nobody knows, and no others', () => {
    const census = new FieldCensus()
    const msg = { market_ticker: 'A', price_dollars: '0.5000', delta_fp: '1.00', side: 'yes', ts_ms: 1 }
    decodeFrame(JSON.stringify({ type: 'orderbook_delta', sid: 1, seq: 1, msg, sending_ts_ms: 1 }), false, census.watch)
    expect(census.counts().size).toBe(0)
    decodeFrame(
      JSON.stringify({ type: 'orderbook_delta', sid: 1, seq: 1, shard: 2, msg: { ...msg, reason: 'x' } }),
      false,
      census.watch,
    )
    expect([...census.counts()]).toEqual([
      ['orderbook_delta.shard', 1],
      ['orderbook_delta.msg.reason', 1],
    ])
  })

  test('stays bounded', () => {
    const census = new FieldCensus()
    for (let index = 0; index < NAMES_MAX * 2; index++) census.countType(`t${index}`)
    expect(census.counts().size).toBe(NAMES_MAX + 1)
    const long = new FieldCensus()
    long.watch('trade', { msg: { ['x'.repeat(1_000_000)]: 1 } })
    expect([...long.counts().keys()].map(({ length }) => length)).toEqual([100])
    expect(census.counts().get('others')).toBe(NAMES_MAX)
  })
})
