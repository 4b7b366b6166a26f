import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { RunningExchange } from '#exchange'
import { breaksOf, type Client, connect, NEVER_STARTS, openExchange, subscribe } from './support.ts'

const A = 'KXDEMO-RAIN-MON'
const B = 'KXDEMO-RAIN-TUE'
const C = 'KXDEMO-GAME-HOME'

let exchange: RunningExchange
let client: Client

beforeAll(async () => {
  exchange = await openExchange({ ...NEVER_STARTS, marketsPerSubscriptionMax: 4, commandsPerSecondMax: 50 })
})
afterAll(() => exchange.close())
beforeEach(async () => {
  client = await connect(exchange)
})
afterEach(() => {
  expect(breaksOf(client.frames)).toEqual([])
  client.close()
})

const update = (id: number, params: object) => ({ id, cmd: 'update_subscription', params })
const codeOf = async (command: { id: number; cmd: string; params?: unknown }) => (await client.ask(command)).msg.code

describe('subscribe', () => {
  test('is answered by one `subscribed` and then a snapshot of each market', async () => {
    client.send(subscribe([A, B]))
    await client.until(() => client.frames.length === 3)
    const [subscribed, first, second] = client.frames
    expect(subscribed).toMatchObject({ type: 'subscribed', id: 1, msg: { channel: 'orderbook_delta', sid: 1 } })
    expect(subscribed).not.toHaveProperty('seq')
    expect(first).toMatchObject({ type: 'orderbook_snapshot', sid: 1, seq: 1, msg: { market_ticker: A } })
    expect(second).toMatchObject({ type: 'orderbook_snapshot', sid: 1, seq: 2, msg: { market_ticker: B } })
    expect(first).not.toHaveProperty('id')
  })

  test('has compact JSON in the order of the wire, a send time and a newline at the end', async () => {
    client.send(subscribe([A]))
    await client.until(() => client.texts.length === 2)
    expect(client.texts[0]).toMatch(
      /^\{"type":"subscribed","id":1,"msg":\{"channel":"orderbook_delta","sid":1\},"sending_ts_ms":\d{13}\}\n$/,
    )
    expect(client.texts[1]).toMatch(
      /^\{"type":"orderbook_snapshot","sid":1,"seq":1,"msg":\{"market_ticker":"KXDEMO-RAIN-MON","market_id":"[0-9a-f-]{36}","yes_dollars_fp":\[\["0\.\d{4}","\d+\.\d\d"\].*"no_dollars_fp":.*\},"sending_ts_ms":\d{13}\}\n$/,
    )
  })

  test('gives each channel a sid of its own, counted from 1 on each connection', async () => {
    client.send(subscribe([A], false, ['orderbook_delta', 'trade', 'ticker', 'market_lifecycle_v2']))
    await client.until(() => client.frames.length === 5)
    const subscribed = client.frames.filter(({ type }) => type === 'subscribed')
    expect(subscribed.map(({ msg }) => [msg.channel, msg.sid])).toEqual([
      ['orderbook_delta', 1],
      ['trade', 2],
      ['ticker', 3],
      ['market_lifecycle_v2', 4],
    ])
    expect(await client.ask({ id: 2, cmd: 'list_subscriptions' })).toMatchObject({
      type: 'ok',
      id: 2,
      msg: [
        { channel: 'orderbook_delta', sid: 1 },
        { channel: 'trade', sid: 2 },
        { channel: 'ticker', sid: 3 },
        { channel: 'market_lifecycle_v2', sid: 4 },
      ],
    })
  })

  test('said again merges into the sid it has and answers `ok` with the full list', async () => {
    client.send(subscribe([A]))
    await client.seen(({ type }) => type === 'orderbook_snapshot')
    const ok = await client.ask({ ...subscribe([A, B], true), id: 2 })
    expect(ok).toMatchObject({ type: 'ok', id: 2, sid: 1, seq: 2, msg: { market_tickers: [A, B] } })
    await client.until(() => client.frames.length === 4)
    expect(client.frames[3]).toMatchObject({ type: 'orderbook_snapshot', seq: 3, msg: { market_ticker: B } })
  })

  test('answers an unknown ticker with an empty book and market_id ""', async () => {
    client.send(subscribe(['KXNOWHERE-1']))
    const { msg } = await client.seen(({ type }) => type === 'orderbook_snapshot')
    expect(msg).toEqual({ market_ticker: 'KXNOWHERE-1', market_id: '' })
  })

  test('with use_yes_price sends NO levels at one dollar less their price', async () => {
    const other = await connect(exchange)
    client.send(subscribe([A], false))
    other.send(subscribe([A], true))
    const plain = (await client.seen(({ type }) => type === 'orderbook_snapshot')).msg
    const turned = (await other.seen(({ type }) => type === 'orderbook_snapshot')).msg
    other.close()
    expect(turned.yes_dollars_fp).toEqual(plain.yes_dollars_fp)
    const complements = plain.no_dollars_fp.map(([price, size]: [string, string]) => [
      (1 - Number(price)).toFixed(4),
      size,
    ])
    expect(turned.no_dollars_fp).toEqual(complements.reverse())
  })

  test('leaves the list out of every `ok` when skip_ticker_ack was asked for', async () => {
    const { params } = subscribe([A])
    client.send({ id: 1, cmd: 'subscribe', params: { ...params, skip_ticker_ack: true } })
    await client.seen(({ type }) => type === 'orderbook_snapshot')
    const ok = await client.ask(update(2, { sid: 1, action: 'add_markets', market_tickers: [B] }))
    expect(ok).toMatchObject({ type: 'ok', sid: 1, seq: 2 })
    expect(ok).not.toHaveProperty('msg')
  })

  test('takes id 0 and no id for none', async () => {
    client.send({ id: 0, cmd: 'list_subscriptions' })
    client.send({ cmd: 'list_subscriptions' })
    await client.until(() => client.frames.length === 2)
    for (const frame of client.frames) expect(frame).not.toHaveProperty('id')
  })
})

describe('update_subscription', () => {
  beforeEach(async () => {
    client.send(subscribe([A]))
    await client.seen(({ type }) => type === 'orderbook_snapshot')
  })

  test('adds markets: `ok` with the sorted list, then their snapshots', async () => {
    const ok = await client.ask(update(2, { sids: [1], action: 'add_markets', market_tickers: [C, B] }))
    expect(ok).toMatchObject({ type: 'ok', id: 2, sid: 1, seq: 2, msg: { market_tickers: [C, A, B] } })
    await client.until(() => client.frames.length === 5)
    expect(client.frames.slice(3).map(({ msg }) => msg.market_ticker)).toEqual([C, B])
  })

  test('deletes markets', async () => {
    const ok = await client.ask(update(2, { sid: 1, action: 'delete_markets', market_ticker: A }))
    expect(ok).toMatchObject({ type: 'ok', sid: 1, seq: 2, msg: { market_tickers: [] } })
  })

  test('answers get_snapshot by snapshots alone, with the id and the next numbers', async () => {
    await client.ask(update(2, { sid: 1, action: 'add_markets', market_tickers: [B] }))
    client.send(update(3, { sid: 1, action: 'get_snapshot', market_tickers: [A, B] }))
    client.send(update(4, { sid: 1, action: 'get_snapshot', market_tickers: [] }))
    await client.ask({ id: 5, cmd: 'list_subscriptions' })
    const answers = client.frames.filter(({ id }) => id === 3)
    expect(answers).toMatchObject([
      { type: 'orderbook_snapshot', sid: 1, seq: 4, msg: { market_ticker: A } },
      { type: 'orderbook_snapshot', sid: 1, seq: 5, msg: { market_ticker: B } },
    ])
    expect(client.frames.some(({ id }) => id === 4)).toBe(false)
  })

  test('has its errors in the sequence of the sid', async () => {
    const error = await client.ask(update(2, { sid: 1, action: 'shuffle' }))
    expect(error).toMatchObject({ type: 'error', id: 2, sid: 1, seq: 2, msg: { code: 13 } })
    expect(await client.ask(update(3, { sid: 1, action: 'get_snapshot', market_tickers: [A] }))).toMatchObject({
      seq: 3,
    })
  })

  test.each([
    ['4: no sid at all', 4, { action: 'add_markets', market_tickers: [B] }],
    ['12: two sids', 12, { sids: [1, 2], action: 'add_markets', market_tickers: [B] }],
    ['12: sid and sids', 12, { sid: 1, sids: [1], action: 'add_markets', market_tickers: [B] }],
    ['12: an empty list', 12, { sids: [], action: 'add_markets', market_tickers: [B] }],
    ['7: a sid it does not have', 7, { sid: 9, action: 'add_markets', market_tickers: [B] }],
    ['11: a sid that is no number', 11, { sid: 'one', action: 'add_markets', market_tickers: [B] }],
    ['15: no action', 15, { sid: 1, market_tickers: [B] }],
    ['13: an action nobody knows', 13, { sid: 1, action: 'subscribe', market_tickers: [B] }],
    ['14: no tickers', 14, { sid: 1, action: 'add_markets' }],
    ['14: an empty list of tickers', 14, { sid: 1, action: 'delete_markets', market_tickers: [] }],
    ['14: get_snapshot with one ticker instead of a list', 14, { sid: 1, action: 'get_snapshot', market_ticker: A }],
    ['14: UUIDs on the order book', 14, { sid: 1, action: 'add_markets', market_ids: ['x'] }],
    ['11: one ticker and a list', 11, { sid: 1, action: 'add_markets', market_ticker: B, market_tickers: [B] }],
    ['11: a ticker that is no text', 11, { sid: 1, action: 'add_markets', market_tickers: [7] }],
    ['11: a snapshot of a market not held', 11, { sid: 1, action: 'get_snapshot', market_tickers: [B] }],
    [
      '26: more markets than allowed',
      26,
      { sid: 1, action: 'add_markets', market_tickers: ['K-1', 'K-2', 'K-3', 'K-4'] },
    ],
  ])('is refused with %s', async (_, code, params) => {
    expect(await codeOf(update(2, params))).toBe(code)
  })
})

describe('unsubscribe', () => {
  test('is answered once for each sid, with its next number', async () => {
    client.send(subscribe([A], false, ['orderbook_delta', 'trade']))
    await client.seen(({ type }) => type === 'orderbook_snapshot')
    client.send({ id: 2, cmd: 'unsubscribe', params: { sids: [1, 2] } })
    await client.until(() => client.frames.filter(({ type }) => type === 'unsubscribed').length === 2)
    expect(client.frames.slice(-2)).toMatchObject([
      { type: 'unsubscribed', id: 2, sid: 1, seq: 2 },
      { type: 'unsubscribed', id: 2, sid: 2, seq: 1 },
    ])
    expect((await client.ask({ id: 3, cmd: 'list_subscriptions' })).msg).toEqual([])
  })

  test('and subscribed again, the channel gets a fresh sid', async () => {
    client.send(subscribe([A]))
    await client.seen(({ type }) => type === 'orderbook_snapshot')
    await client.ask({ id: 2, cmd: 'unsubscribe', params: { sids: [1] } })
    const again = await client.ask({ ...subscribe([A]), id: 3 })
    expect(again).toMatchObject({ type: 'subscribed', msg: { sid: 2 } })
  })
})

describe('a bad command is refused with', () => {
  test.each([
    ['1: no JSON', 1, '{"id":1,'],
    ['1: JSON that is no object', 1, '[1]'],
    ['1: an empty message', 1, ''],
    ['5: a command nobody knows', 5, { id: 7, cmd: 'dance' }],
    ['5: no command', 5, { id: 7 }],
    ['2: no params', 2, { id: 7, cmd: 'subscribe' }],
    ['2: params that are no object', 2, { id: 7, cmd: 'unsubscribe', params: [1] }],
    ['3: no channels', 3, { id: 7, cmd: 'subscribe', params: { market_ticker: A } }],
    ['3: an empty list of channels', 3, { id: 7, cmd: 'subscribe', params: { channels: [] } }],
    ['8: a channel nobody knows', 8, { id: 7, cmd: 'subscribe', params: { channels: ['gossip'] } }],
    ['8: a channel that was removed', 8, { id: 7, cmd: 'subscribe', params: { channels: ['ticker', 'multivariate'] } }],
    ['14: an order book of no market', 14, { id: 7, cmd: 'subscribe', params: { channels: ['orderbook_delta'] } }],
    ['11: channels that are no list', 11, { id: 7, cmd: 'subscribe', params: { channels: 'trade' } }],
    [
      '11: a flag that is no boolean',
      11,
      { id: 7, cmd: 'subscribe', params: { channels: ['trade'], use_yes_price: 1 } },
    ],
    ['4: no sids', 4, { id: 7, cmd: 'unsubscribe', params: {} }],
    ['7: a sid it does not have', 7, { id: 7, cmd: 'unsubscribe', params: { sids: [3] } }],
    ['11: sids that are no numbers', 11, { id: 7, cmd: 'unsubscribe', params: { sids: ['1'] } }],
    ['11: an id that is no whole number', 11, { id: 'seven', cmd: 'list_subscriptions' }],
  ])('%s', async (_, code, command) => {
    client.send(command)
    const error = await client.seen(({ type }) => type === 'error')
    expect(error.msg.code).toBe(code)
    expect(error).not.toHaveProperty('sid')
  })

  test('27: too many commands in a second', async () => {
    for (let count = 0; count < 120; count++) client.send({ id: count + 1, cmd: 'list_subscriptions' })
    await client.until(() => client.frames.length === 120)
    const refused = client.frames.filter(({ msg }) => msg.code === 27)
    expect(refused.length).toBeGreaterThanOrEqual(20)
    expect(client.frames.filter(({ type }) => type === 'ok').length + refused.length).toBe(120)
  })
})
