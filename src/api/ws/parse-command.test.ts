import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CHANNELS, parseCommand } from './parse-command.ts'

const parse = (command: unknown) => parseCommand(JSON.stringify(command), 10)

describe('a command', () => {
  test('is read with its id, channels and tickers, each once', () => {
    const params = { channels: ['trade', 'orderbook', 'trade'], market_tickers: ['A', 'B', 'A'], more: 1 }
    expect(parse({ id: 3, cmd: 'subscribe', params })).toEqual({
      cmd: 'subscribe',
      id: 3,
      channels: ['trade', 'orderbook'],
      tickers: ['A', 'B'],
    })
    expect(parse({ cmd: 'unsubscribe', params: { channels: ['stats'], market_tickers: 'all' } })).toEqual({
      cmd: 'unsubscribe',
      id: null,
      channels: ['stats'],
      tickers: 'all',
    })
  })

  test.each([
    ['{', 'FLOW_WS_JSON'],
    ['[]', 'FLOW_WS_JSON'],
    ['null', 'FLOW_WS_JSON'],
    ['{"cmd":"drop"}', 'FLOW_WS_COMMAND'],
    ['{"id":"1","cmd":"subscribe"}', 'FLOW_WS_COMMAND'],
    ['{"cmd":"subscribe"}', 'FLOW_WS_PARAMS'],
    ['{"cmd":"subscribe","params":{"channels":[],"market_tickers":"all"}}', 'FLOW_WS_PARAMS'],
    ['{"cmd":"subscribe","params":{"channels":["books"],"market_tickers":"all"}}', 'FLOW_WS_PARAMS'],
    ['{"cmd":"subscribe","params":{"channels":["trade"],"market_tickers":[]}}', 'FLOW_WS_PARAMS'],
    ['{"cmd":"subscribe","params":{"channels":["trade"],"market_tickers":"ALL"}}', 'FLOW_WS_PARAMS'],
    ['{"cmd":"subscribe","params":{"channels":["trade"],"market_tickers":["A B"]}}', 'FLOW_WS_PARAMS'],
    ['{"cmd":"subscribe","params":{"channels":["trade"],"market_tickers":["A",7]}}', 'FLOW_WS_PARAMS'],
  ])('that is %s is answered with %s', (text, code) => {
    expect(parseCommand(text, 10)).toMatchObject({ cmd: 'fault', code, message: expect.stringMatching(/./) })
  })

  test('may not name more tickers than go into one', () => {
    const tickers = Array.from({ length: 11 }, (_, index) => `T${index}`)
    const params = { channels: ['trade'], market_tickers: tickers }
    expect(parse({ id: 1, cmd: 'subscribe', params })).toMatchObject({ id: 1, code: 'FLOW_WS_LIMIT' })
  })
})

/** Commands with something wrong in them, anywhere. */
const nearlyCommands = fc.record(
  {
    id: fc.oneof(fc.integer(), fc.anything()),
    cmd: fc.oneof(fc.constantFrom('subscribe', 'unsubscribe'), fc.anything()),
    params: fc.oneof(
      fc.record(
        {
          channels: fc.oneof(fc.array(fc.oneof(fc.constantFrom(...CHANNELS), fc.anything())), fc.anything()),
          market_tickers: fc.oneof(fc.constant('all'), fc.array(fc.oneof(fc.string(), fc.anything())), fc.anything()),
        },
        { requiredKeys: [] },
      ),
      fc.anything(),
    ),
  },
  { requiredKeys: [] },
)

test('any text has an answer, and what is taken is whole', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    nearlyCommands.map((each) => {
      try {
        return JSON.stringify(each) ?? ''
      } catch {
        return '{"cmd":'
      }
    }),
  )
  fc.assert(
    fc.property(texts, (text) => {
      const command = parseCommand(text, 10)
      if (command.cmd === 'fault') {
        expect(command.message).not.toBe('')
        return
      }
      expect(command.channels.length).toBeGreaterThan(0)
      expect(command.channels.every((each) => CHANNELS.includes(each))).toBe(true)
      if (command.tickers !== 'all') expect(command.tickers.length).toBeGreaterThan(0)
    }),
    { numRuns: 2_000 },
  )
})
