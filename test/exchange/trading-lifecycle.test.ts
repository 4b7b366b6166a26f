import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RunningExchange } from '#exchange'
import { breaksOf, type Client, connect, type Frame, foldBooks } from './support.ts'
import { framesOf, getSigned, openWorld, SHORT_LIFE, sidOf, subscribeTo } from './trading-support.ts'

let exchange: RunningExchange
let client: Client

/** Holds every market from its creation to its end, as a recorder that follows the exchange would. */
beforeAll(async () => {
  exchange = await openWorld({ ...SHORT_LIFE, markets: 8, seed: 1 })
  client = await connect(exchange)
  client.send(subscribeTo(1, ['market_lifecycle_v2']))
  client.send(subscribeTo(2, ['trade', 'ticker']))
  client.send(subscribeTo(3, ['orderbook_delta'], { market_tickers: exchange.tickers }))
  const sid = await sidOf(client, 'orderbook_delta')
  let id = 10
  client.socket.on('message', (bytes) => {
    const { type, msg } = JSON.parse(String(bytes)) as Frame
    if (type !== 'market_lifecycle_v2' || msg.event_type !== 'created') return
    const params = { sid, action: 'add_markets', market_tickers: [msg.market_ticker] }
    client.send({ id: id++, cmd: 'update_subscription', params })
  })
  await client.until(() => told('settled').length >= 2 && told('created').length >= 2, 15_000)
}, 20_000)
afterAll(() => exchange.close())

const told = (change: string): readonly Frame[] =>
  framesOf(client, 'market_lifecycle_v2').filter(({ msg }) => msg.event_type === change)

test('markets come into being, are determined and settle, within seconds', () => {
  const changes = new Map<string, string[]>()
  for (const { msg } of framesOf(client, 'market_lifecycle_v2')) {
    changes.set(msg.market_ticker, [...(changes.get(msg.market_ticker) ?? []), msg.event_type])
  }
  const settled = [...changes.values()].filter((each) => each.includes('settled'))
  expect(settled.length).toBeGreaterThanOrEqual(2)
  for (const each of settled) expect(each.slice(-2)).toEqual(['determined', 'settled'])
  expect(breaksOf(client.frames)).toEqual([])
})

test('what is told of a market has the fields of each change, times in seconds', () => {
  const [created] = told('created')
  const seconds = expect.any(Number)
  expect(created?.msg).toMatchObject({
    exchange_index: 0,
    open_ts: seconds,
    close_ts: seconds,
    price_level_structure: expect.any(String),
    price_ranges: expect.any(Array),
    additional_metadata: { event_ticker: expect.any(String), rules_primary: expect.any(String) },
  })
  expect(created?.msg.open_ts).toBeLessThan(1e11)
  const [determined] = told('determined')
  expect(determined?.msg).toMatchObject({
    result: expect.stringMatching(/^(yes|no|scalar)$/),
    settlement_value: expect.stringMatching(/^[01]\.\d{4}$/),
    determination_ts: seconds,
  })
  expect(told('settled')[0]?.msg.settled_ts).toEqual(seconds)
})

test('an event is told of before its markets', () => {
  const events = new Set<string>()
  let checked = 0
  for (const { type, msg } of client.frames) {
    if (type === 'event_lifecycle') events.add(msg.event_ticker)
    if (type !== 'market_lifecycle_v2' || msg.event_type !== 'created') continue
    expect(events).toContain(msg.additional_metadata.event_ticker)
    checked++
  }
  expect(checked).toBeGreaterThan(0)
})

test('a market that was created while the exchange ran is subscribed, trades, and ends with an empty book', () => {
  const created = new Set(told('created').map(({ msg }) => msg.market_ticker))
  const settled = told('settled').map(({ msg }) => msg.market_ticker)
  const deltas = framesOf(client, 'orderbook_delta').filter(({ msg }) => created.has(msg.market_ticker))
  expect(deltas.length).toBeGreaterThan(0)
  // Trades were subscribed without names: markets that came later are among them.
  expect(framesOf(client, 'trade').some(({ msg }) => created.has(msg.market_ticker))).toBe(true)
  const books = foldBooks(client.frames)
  for (const ticker of settled) {
    const book = books.get(ticker)
    expect(book === undefined || book.yes.size + book.no.size === 0).toBe(true)
  }
})

test('the subscriber of a settled market hears nothing more of it', () => {
  for (const { msg } of told('settled')) {
    const at = client.frames.findIndex((each) => each.msg === msg)
    const later = client.frames.slice(at + 1).filter((each) => each.msg?.market_ticker === msg.market_ticker)
    expect(later.map(({ type }) => type)).toEqual([])
  }
})

test('REST shows the settled market with its result and what it paid', async () => {
  const [settled] = told('settled')
  const [determined] = told('determined').filter(({ msg }) => msg.market_ticker === settled?.msg.market_ticker)
  const { body } = await getSigned(exchange, `/markets/${settled?.msg.market_ticker}`)
  expect(body.market).toMatchObject({
    status: 'finalized',
    result: determined?.msg.result,
    settlement_value_dollars: determined?.msg.settlement_value,
    settlement_ts: expect.any(String),
    yes_bid_dollars: '0.0000',
    yes_ask_dollars: '1.0000',
  })
  const listed = await getSigned(exchange, '/markets?status=settled')
  expect(listed.body.markets.map(({ ticker }: { ticker: string }) => ticker)).toContain(settled?.msg.market_ticker)
})

test('whoever subscribes to a settled market gets an empty book under its own market_id', async () => {
  const ticker = told('settled')[0]?.msg.market_ticker
  const late = await connect(exchange)
  late.send(subscribeTo(1, ['orderbook_delta'], { market_ticker: ticker }))
  const { msg } = await late.seen(({ type }) => type === 'orderbook_snapshot')
  expect(msg).toEqual({ market_ticker: ticker, market_id: expect.stringMatching(/^[0-9a-f-]{36}$/) })
  late.close()
})
