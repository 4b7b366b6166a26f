import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readCommand } from './command.ts'
import { ERROR_TEXT } from './protocol.ts'

const channelOf = (sid: number) => (sid === 1 ? 'orderbook_delta' : sid === 2 ? 'ticker' : undefined)

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
        ),
        fc.oneof(aValue, fc.constantFrom('get_snapshot', ['ticker'], ['orderbook_delta'], [1], 1)),
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
