import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DeltaScanner, decodeFrame, FieldCensus, TickerTable } from '#codec'
import type { RunningExchange } from '#exchange'
import { breaksOf, type Client, connect, type Frame, foldBooks, picture } from './support.ts'
import { framesOf, openWorld, sidOf, subscribeTo, updateOf } from './trading-support.ts'

let exchange: RunningExchange
const clients = new Map<boolean, Client>()

beforeAll(async () => {
  exchange = await openWorld({ ratePerSecond: 1500 })
  for (const useYesPrice of [false, true]) {
    const client = await connect(exchange)
    clients.set(useYesPrice, client)
    const params = { market_tickers: exchange.tickers, use_yes_price: useYesPrice }
    client.send(subscribeTo(1, ['orderbook_delta', 'trade', 'ticker'], params))
    client.send(subscribeTo(2, ['market_lifecycle_v2']))
    client.send(subscribeTo(3, ['cfbenchmarks_value'], { index_ids: ['all'] }))
    await sidOf(client, 'cfbenchmarks_value')
  }
  await new Promise((resolve) => setTimeout(resolve, 3000))
})
afterAll(() => exchange.close())

describe.each([false, true])('with use_yes_price %s', (useYesPrice) => {
  test('every frame decodes with the decoder of the recorder, without a fault and without an unknown field', () => {
    const census = new FieldCensus()
    const client = clients.get(useYesPrice) as Client
    const kinds = new Set<string>()
    for (const text of client.texts) {
      const frame = decodeFrame(text, useYesPrice, census.watch)
      expect(frame.type, text).not.toBe('malformed')
      kinds.add(frame.type)
    }
    expect([...census.counts()]).toEqual([])
    for (const kind of ['snapshot', 'delta', 'trade', 'ticker']) expect(kinds).toContain(kind)
    expect(breaksOf(client.frames)).toEqual([])
  })

  test('every delta has the shape that the recorder reads without parsing', () => {
    const tickers = new TickerTable()
    const { frames, texts } = clients.get(useYesPrice) as Client
    for (const { type, msg } of frames) if (type === 'orderbook_snapshot') tickers.add(msg.market_ticker)
    const scanner = new DeltaScanner(tickers)
    const deltas = texts.filter((text) => text.startsWith('{"type":"orderbook_delta"'))
    expect(deltas.length).toBeGreaterThan(500)
    for (const text of deltas) expect(scanner.scan(Buffer.from(text), useYesPrice), text).toBe(true)
  })

  test('the books that deltas lead to are those of the exchange at the same place in the sequence', async () => {
    const client = clients.get(useYesPrice) as Client
    const sid = await sidOf(client, 'orderbook_delta')
    const held = [...foldBooks(client.frames, useYesPrice).keys()]
    client.send(updateOf(100, sid, 'get_snapshot', { market_tickers: held }))
    await client.until(() => client.frames.filter(({ id }) => id === 100).length === held.length)
    const first = client.frames.findIndex(({ id }) => id === 100)
    const before = foldBooks(client.frames.slice(0, first), useYesPrice)
    const answers = client.frames.filter(({ id }) => id === 100)
    const after = foldBooks(answers, useYesPrice)
    for (const ticker of held) expect(picture(before, ticker), ticker).toBe(picture(after, ticker))
    expect(answers.some(({ msg }) => msg.yes_dollars_fp !== undefined && msg.no_dollars_fp !== undefined)).toBe(true)
  })

  test('times never go backward inside a market, and no frame is sent before it is due', () => {
    const last = new Map<string, number>()
    for (const { type, msg, sending_ts_ms = 0 } of (clients.get(useYesPrice) as Client).frames) {
      if (type !== 'orderbook_delta' && type !== 'trade' && type !== 'ticker') continue
      expect(Number.isSafeInteger(msg.ts_ms)).toBe(true)
      expect(msg.ts_ms).toBeGreaterThanOrEqual(last.get(msg.market_ticker) ?? 0)
      expect(msg.ts_ms).toBeLessThanOrEqual(sending_ts_ms + 1)
      last.set(msg.market_ticker, msg.ts_ms)
    }
    expect(last.size).toBeGreaterThan(5)
  })
})

test('a ticker comes at most once a second for each market, and shows the best of the replayed book', () => {
  const { frames } = clients.get(false) as Client
  const lastMs = new Map<string, number>()
  const replayed: Frame[] = []
  let compared = 0
  for (const frame of frames) {
    if (frame.type === 'orderbook_snapshot' || frame.type === 'orderbook_delta') replayed.push(frame)
    if (frame.type !== 'ticker') continue
    const { market_ticker: ticker, ts_ms, ts, yes_bid_dollars, yes_ask_dollars, yes_bid_size_fp } = frame.msg
    expect(frame).not.toHaveProperty('seq')
    expect(ts).toBe(Math.floor(ts_ms / 1000))
    expect(ts_ms - (lastMs.get(ticker) ?? 0)).toBeGreaterThanOrEqual(1000)
    lastMs.set(ticker, ts_ms)
    if (compared++ > 60) continue
    const book = foldBooks(replayed).get(ticker)
    const best = (side: 'yes' | 'no') => [...(book?.[side].keys() ?? [])].map(Number).sort((a, b) => b - a)[0]
    expect(Number(yes_bid_dollars), frame.msg).toBeCloseTo(best('yes') ?? 0, 9)
    expect(Number(yes_ask_dollars), frame.msg).toBeCloseTo(1 - (best('no') ?? 0), 9)
    const size = book?.yes.get(yes_bid_dollars) ?? 0n
    expect(BigInt(yes_bid_size_fp.replace('.', ''))).toBe(size)
  }
  expect(compared).toBeGreaterThan(12)
})

test('trades carry the fields of today', () => {
  const trades = framesOf(clients.get(false) as Client, 'trade')
  expect(trades.length).toBeGreaterThan(0)
  for (const { msg, seq } of trades) {
    expect(seq).toBeGreaterThan(0)
    expect(Object.keys(msg).sort()).toEqual([
      'count_fp',
      'is_block_trade',
      'market_ticker',
      'no_price_dollars',
      'taker_book_side',
      'taker_outcome_side',
      'taker_side',
      'trade_id',
      'ts',
      'ts_ms',
      'yes_price_dollars',
    ])
    expect(Number(msg.yes_price_dollars) + Number(msg.no_price_dollars)).toBeCloseTo(1, 9)
    expect(msg.taker_book_side).toBe(msg.taker_outcome_side === 'yes' ? 'bid' : 'ask')
  }
})

describe('the index channel', () => {
  test('sends each index about once a second, with the average of the minute before', () => {
    const values = framesOf(clients.get(false) as Client, 'cfbenchmarks_value')
    expect(values.length).toBeGreaterThanOrEqual(3)
    const [{ msg, seq } = {} as Frame] = values
    expect(seq).toBe(1)
    const data = JSON.parse(msg.data)
    expect(data).toEqual({ type: 'value', time: data.time, id: msg.index_id, value: data.value })
    expect(msg.avg_60s_data).toEqual({
      value: expect.stringMatching(/^\d+\.\d{8}$/),
      window_size: expect.any(Number),
      window_start_ts_ms: data.time - 60_000,
      window_end_ts_exclusive: data.time,
    })
  })

  test('takes and lets go of indices, lists them, and asks for ids with 24', async () => {
    const client = await connect(exchange)
    client.send(subscribeTo(1, ['cfbenchmarks_value']))
    const sid = await sidOf(client, 'cfbenchmarks_value')
    const list = await client.ask(updateOf(2, sid, 'indexlist'))
    expect(list).toMatchObject({ type: 'cfbenchmarks_value_indexlist', sid, seq: 1 })
    const [index] = list.msg.index_ids
    expect(framesOf(client, 'cfbenchmarks_value')).toEqual([])
    const error = await client.ask(updateOf(3, sid, 'subscribe_indices'))
    expect(error).toMatchObject({ type: 'error', sid, seq: 2, msg: { code: 24, msg: 'Index IDs required' } })
    const ok = await client.ask(updateOf(4, sid, 'subscribe_indices', { index_ids: [index] }))
    expect(ok).toMatchObject({ type: 'ok', sid, seq: 3, msg: { index_ids: [index] } })
    await client.seen(({ type }) => type === 'cfbenchmarks_value')
    expect(await client.ask(updateOf(5, sid, 'add_markets', { market_tickers: ['A-1'] }))).toMatchObject({
      msg: { code: 13 },
    })
    await client.ask(updateOf(6, sid, 'unsubscribe_indices', { index_ids: ['all'] }))
    expect(breaksOf(client.frames)).toEqual([])
    client.close()
  })
})

test('an unknown ticker gets an empty book with market_id ""', async () => {
  const client = await connect(exchange)
  client.send(subscribeTo(1, ['orderbook_delta'], { market_ticker: 'KXNOWHERE-1' }))
  const { msg } = await client.seen(({ type }) => type === 'orderbook_snapshot')
  expect(msg).toEqual({ market_ticker: 'KXNOWHERE-1', market_id: '' })
  client.close()
})

test('send_initial_snapshot answers with the last ticker of each market at once', async () => {
  const client = await connect(exchange)
  const { tickers } = exchange
  client.send(subscribeTo(1, ['ticker'], { market_tickers: tickers, send_initial_snapshot: true }))
  client.send({ id: 2, cmd: 'list_subscriptions' })
  const listed = await client.seen(({ id }) => id === 2)
  const before = framesOf(client, 'ticker').filter(
    (frame) => client.frames.indexOf(frame) < client.frames.indexOf(listed),
  )
  expect(new Set(before.map(({ msg }) => msg.market_ticker))).toEqual(new Set(tickers))
  client.close()
})
