import fc from 'fast-check'
import { expect, test } from 'vitest'
import { INFOS_MAX, MarketInfos, STRANGERS_MAX } from './market-info.ts'

const rest = (path: string, body: unknown) => ({
  method: 'GET',
  path,
  status: 200,
  body: JSON.stringify(body),
  tookMs: 1,
})
const MARKET = {
  ticker: 'KXA-1-B',
  title: 'Will it?',
  event_ticker: 'KXA-1',
  status: 'active',
  close_time: '2026-11-23T00:00:00Z',
  result: '',
  settlement_value_dollars: null,
}
const lifecycle = (msg: object) => JSON.stringify({ type: 'market_lifecycle_v2', sid: 1, seq: 2, msg })

test('pages, single markets and lifecycle frames add up; the newest word counts', () => {
  const infos = new MarketInfos()
  infos.rest(
    rest('/trade-api/v2/markets?status=open&limit=1000', { markets: [MARKET, { ticker: 7 }, null], cursor: '' }),
  )
  expect(infos.get('KXA-1-B')).toEqual({
    title: 'Will it?',
    event_ticker: 'KXA-1',
    series_ticker: 'KXA',
    status: 'active',
    close_time: '2026-11-23T00:00:00Z',
  })
  const determined = { event_type: 'determined', market_ticker: 'KXA-1-B', result: 'yes', settlement_value: '1.0000' }
  infos.lifecycle(lifecycle(determined))
  infos.lifecycle(lifecycle({ event_type: 'close_date_updated', market_ticker: 'KXA-1-B', close_ts: 1_795_400_000 }))
  expect(infos.get('KXA-1-B')).toMatchObject({
    title: 'Will it?',
    status: 'determined',
    result: 'yes',
    settlement_value: '1.0000',
    close_time: '2026-11-23T02:13:20.000Z',
  })
  infos.rest(
    rest('/trade-api/v2/markets/KXA-1-B', { market: { ...MARKET, title: 'older', yes_sub_title: 'Yes' } }),
    true,
  )
  expect(infos.get('KXA-1-B')).toMatchObject({ title: 'Will it?', status: 'determined', yes_sub_title: 'Yes' })
})

test('other paths, failures and bodies of any shape change nothing and never throw', () => {
  const infos = new MarketInfos()
  infos.rest(rest('/trade-api/v2/events?with=markets', { markets: [MARKET] }))
  infos.rest({ ...rest('/trade-api/v2/markets', { markets: [MARKET] }), status: 500 })
  expect(infos.get('KXA-1-B')).toBeUndefined()
  fc.assert(
    fc.property(fc.json(), fc.string(), (json, text) => {
      for (const body of [json, text, `{"markets":${json}}`, `{"market":{"ticker":"A","title":${json}}}`]) {
        infos.rest({ method: 'GET', path: '/x/markets', status: 200, body, tookMs: 1 })
        infos.lifecycle(body)
        infos.lifecycle(`{"type":"market_lifecycle_v2","msg":{"market_ticker":"A","close_ts":${json}}}`)
      }
    }),
  )
})

test('what is held is bounded, and markets that nobody records are let go', () => {
  const infos = new MarketInfos()
  const markets = Array.from({ length: INFOS_MAX + 5 }, (_, index) => ({ ticker: `T${index}`, title: 't' }))
  infos.rest(rest('/markets', { markets }))
  expect(infos.get(`T${INFOS_MAX}`)).toBeUndefined()
  // Of strangers the newest are kept, and what was heard of again is new.
  infos.lifecycle(
    JSON.stringify({ type: 'market_lifecycle_v2', msg: { market_ticker: 'T9', event_type: 'activated' } }),
  )
  infos.prune((ticker) => ticker === 'T3')
  const isKept = (index: number) => infos.get(`T${index}`) !== undefined
  const first = INFOS_MAX - STRANGERS_MAX + 1
  expect([3, 4, 9, first - 1, first, INFOS_MAX - 1].map(isKept)).toEqual([true, false, true, false, true, true])
  infos.rest(rest('/markets', { markets: markets.slice(0, STRANGERS_MAX) }))
  infos.prune(() => false)
  expect(infos.get('T4')).toBeDefined()
})
