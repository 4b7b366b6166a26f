import { expect, test } from 'vitest'
import { createInterner, cutMessage, fillMessage } from './message.ts'

const sending = { ticker: 'T-C2', marketId: 'u2', yesPrices: false, shiftMs: 0, tradeSalt: '' }
const cut = (type: string, msg: Record<string, unknown>, keepTimes = false) =>
  cutMessage(type, msg, { keepTimes, intern: createInterner() })

const DELTA = {
  market_ticker: 'T',
  market_id: 'u',
  price_dollars: '0.3700',
  delta_fp: '-17.00',
  side: 'no',
  ts: '2026-05-14T04:31:24.394037Z',
  ts_ms: 1778733084394,
}

test('a delta takes the ticker, the id and the price of its sending, and nothing else changes', () => {
  const text = fillMessage(cut('orderbook_delta', DELTA), { ...sending, yesPrices: true })
  expect(text).toBe(JSON.stringify({ ...DELTA, market_ticker: 'T-C2', market_id: 'u2', price_dollars: '0.6300' }))
})

test('the price of a YES delta is the same on both scales', () => {
  const text = fillMessage(cut('orderbook_delta', { ...DELTA, side: 'yes' }), { ...sending, yesPrices: true })
  expect(JSON.parse(text).price_dollars).toBe('0.3700')
})

test.each([
  ['2026-05-14T04:31:24.394037Z', 1778733084394, 606, '2026-05-14T04:31:25.000037Z'],
  ['2026-05-14T04:31:24.39Z', 1778733084390, 610, '2026-05-14T04:31:25Z'],
  ['2026-05-14T04:31:24Z', 1778733084000, 1, '2026-05-14T04:31:24.001Z'],
  ['2026-05-14T04:31:24.394037123Z', 1778733084394, -395, '2026-05-14T04:31:23.999037123Z'],
])('the time %s (%i) moved by %i ms is %s', (ts, ts_ms, shiftMs, expected) => {
  const text = fillMessage(cut('orderbook_delta', { ...DELTA, ts, ts_ms }), { ...sending, shiftMs })
  expect(JSON.parse(text)).toMatchObject({ ts: expected, ts_ms: ts_ms + shiftMs })
})

test('the seconds of a trade move with its milliseconds, and a copy of it is another trade', () => {
  const trade = { trade_id: 'a', market_ticker: 'T', ts: 1778733084, ts_ms: 1778733084394 }
  const text = fillMessage(cut('trade', trade), { ...sending, shiftMs: 606, tradeSalt: '1.0' })
  expect(JSON.parse(text)).toMatchObject({ ts: 1778733085, ts_ms: 1778733085000 })
  expect(JSON.parse(text).trade_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

test('with keepTimes no time is a slot', () => {
  const text = fillMessage(cut('orderbook_delta', DELTA, true), { ...sending, ticker: 'T', marketId: 'u', shiftMs: 99 })
  expect(text).toBe(JSON.stringify(DELTA))
})
