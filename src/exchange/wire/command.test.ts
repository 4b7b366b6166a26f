import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readCommand } from './command.ts'
import { ERROR_TEXT, MARKET_CHANNELS } from './protocol.ts'

const CHANNELS_HELD = new Map([
  [1, 'orderbook_delta'],
  [2, 'ticker'],
  [3, 'cfbenchmarks_value'],
] as const)
const channelOf = (sid: number) => CHANNELS_HELD.get(sid as 1)

test('any text is a command or a refusal with a known code, never an exception', () => {
  const aValue = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.oneof(fc.string(), fc.integer())),
  )
  const aNearCommand = fc
    .record({
      id: aValue,
      cmd: fc.constantFrom('subscribe', 'unsubscribe', 'update_subscription', 'list_subscriptions', ''),
      params: fc.dictionary(
        fc.constantFrom(
          'channels',
          'sids',
          'sid',
          'action',
          'market_ticker',
          'market_tickers',
          'market_ids',
          'use_yes_price',
          'index_ids',
        ),
        fc.oneof(aValue, fc.constantFrom('get_snapshot', 'indexlist', ['ticker'], ['orderbook_delta'], [1], 1, 3)),
      ),
    })
    .map((command) => JSON.stringify(command))
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), aNearCommand), (text) => {
      const command = readCommand(text, channelOf)
      if (command.kind === 'refused') expect(ERROR_TEXT).toHaveProperty(String(command.code))
    }),
    { numRuns: 2000 },
  )
})

test('markets may be named by id on the ticker channel alone', () => {
  const read = (channel: string) =>
    readCommand(
      JSON.stringify({ id: 1, cmd: 'subscribe', params: { channels: [channel], market_ids: ['u'] } }),
      channelOf,
    )
  expect(read('ticker')).toMatchObject({ kind: 'subscribe', named: { by: 'ids', names: ['u'] } })
  expect(read('trade')).toMatchObject({ kind: 'refused', code: 14 })
})

test('a snapshot is asked for on the order book alone', () => {
  const params = { sid: 2, action: 'get_snapshot', market_tickers: ['T'] }
  const command = readCommand(JSON.stringify({ id: 1, cmd: 'update_subscription', params }), channelOf)
  expect(command).toEqual({ kind: 'refused', id: 1, code: 13, sid: 2 })
})

test('a channel that the exchange does not have is unknown', () => {
  const text = JSON.stringify({ id: 1, cmd: 'subscribe', params: { channels: ['cfbenchmarks_value'] } })
  expect(readCommand(text, channelOf)).toMatchObject({ kind: 'subscribe', indexIds: [] })
  expect(readCommand(text, channelOf, MARKET_CHANNELS)).toMatchObject({ kind: 'refused', code: 8 })
})

test.each([
  ['subscribe_indices', { index_ids: ['BRTI'] }, { kind: 'update_indices', indexIds: ['BRTI'] }],
  ['unsubscribe_indices', { index_ids: ['all'] }, { kind: 'update_indices', indexIds: ['all'] }],
  ['indexlist', {}, { kind: 'update_indices', indexIds: [] }],
  ['subscribe_indices', {}, { kind: 'refused', code: 24, sid: 3 }],
  ['subscribe_indices', { index_ids: [] }, { kind: 'refused', code: 24, sid: 3 }],
  ['subscribe_indices', { index_ids: [7] }, { kind: 'refused', code: 11, sid: 3 }],
  ['get_snapshot', { market_tickers: ['A'] }, { kind: 'refused', code: 13, sid: 3 }],
])('on the index channel, %s with %o', (action, params, expected) => {
  const text = JSON.stringify({ id: 1, cmd: 'update_subscription', params: { sid: 3, action, ...params } })
  expect(readCommand(text, channelOf)).toMatchObject(expected)
})

test.each(['sid', 'sids'])('a %s that is null is a value of the wrong type', (name) => {
  const text = JSON.stringify({ id: 1, cmd: 'update_subscription', params: { [name]: null, action: 'get_snapshot' } })
  expect(readCommand(text, channelOf)).toEqual({ kind: 'refused', id: 1, code: 11 })
})
