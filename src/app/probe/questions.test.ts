import { describe, expect, it } from 'vitest'
import { QUESTIONS } from './questions/index.ts'
import { redact, redactFrame } from './redact.ts'
import { asJson, type ConnectionName, type Seen, type SeenConnection } from './seen.ts'

const NOTHING: Seen = {
  connections: {},
  handshakes: [],
  rest: [],
  algorithm: undefined,
  markets: ['KXA'],
  unknownTicker: 'KXNONE',
  settledTicker: undefined,
  scopes: undefined,
}

/** A connection on which these frames came after these commands. */
function heard(
  name: ConnectionName,
  frames: readonly object[],
  commands: readonly object[] = [],
): Pick<Seen, 'connections'> {
  const sent = commands.map(
    (each, index) => ({ kind: 'command', atMs: index, text: JSON.stringify(each), id: index + 1 }) as const,
  )
  const came = frames.map((each, index) => {
    const frame = asJson(each)
    return {
      kind: 'frame',
      atMs: 100 + index,
      text: `${JSON.stringify(each)}\n`,
      frame,
      msg: asJson(frame['msg']),
    } as const
  })
  const connection: SeenConnection = { name, events: [...sent, ...came], pings: [], closed: undefined }
  return { connections: { [name]: connection } }
}

const verdict = (id: string, seen: Partial<Seen>): string =>
  QUESTIONS.find((each) => each.id === id)!.answer({ ...NOTHING, ...seen }).verdict

const snapshot = (seq: number, yes: string[][] = [], more: object = {}) => ({
  type: 'orderbook_snapshot',
  sid: 1,
  seq,
  ...more,
  msg: { market_ticker: 'KXA', market_id: 'a', ...(yes.length > 0 ? { yes_dollars_fp: yes } : {}) },
})
const delta = (seq: number, price: string, change: string, ms = 1) => ({
  type: 'orderbook_delta',
  sid: 1,
  seq,
  msg: { market_ticker: 'KXA', side: 'yes', price_dollars: price, delta_fp: change, ts_ms: ms },
})

describe('a question', () => {
  it.each(QUESTIONS.map(({ id }) => id))('%s is not answered by an exchange that says nothing', (id) => {
    expect(verdict(id, {})).toBe('not seen')
  })

  it.each([
    ['numbers-from-one', heard('no', [snapshot(1), delta(2, '0.4000', '1.00')]), 'confirmed'],
    ['numbers-from-one', heard('no', [snapshot(1), delta(3, '0.4000', '1.00')]), 'refuted'],
    ['ok-takes-a-number', heard('yes', [{ type: 'ok', id: 2, sid: 1, seq: 3 }]), 'confirmed'],
    ['ok-takes-a-number', heard('yes', [{ type: 'ok', id: 2, sid: 1 }]), 'refuted'],
    ['unsubscribed-takes-a-number', heard('yes', [{ type: 'unsubscribed', id: 2, sid: 1 }]), 'refuted'],
    [
      'snapshot-is-exact',
      heard('yes', [snapshot(1, [['0.40', '1.00']]), snapshot(2, [['0.40', '1.00']], { id: 3 })]),
      'confirmed',
    ],
    [
      'snapshot-is-exact',
      heard('yes', [snapshot(1, [['0.40', '1.00']]), snapshot(2, [['0.40', '2.00']], { id: 3 })]),
      'refuted',
    ],
    ['snapshot-is-exact', heard('yes', [snapshot(1, [['0.40', '1.00']]), snapshot(2)]), 'not seen'],
    [
      'exchange-times',
      heard('no', [snapshot(1), delta(2, '0.4000', '1.00', 9), delta(3, '0.4000', '1.00', 8)]),
      'refuted',
    ],
    ['sending-time', heard('no', [snapshot(1)]), 'not seen'],
    ['sending-time', heard('no', [snapshot(1, [], { sending_ts_ms: 5 })]), 'confirmed'],
    ['unknown-fields', heard('no', [{ ...snapshot(1), novelty: 1 }]), 'refuted'],
    ['unknown-ticker', heard('yes', [{ type: 'error', msg: { code: 16, market_ticker: 'KXNONE' } }]), 'refuted'],
    [
      'second-subscribe',
      heard(
        'yes',
        [{ type: 'subscribed', id: 2, msg: { sid: 2 } }],
        [
          { cmd: 'subscribe', c: 'orderbook_delta' },
          { cmd: 'subscribe', c: 'orderbook_delta' },
        ],
      ),
      'refuted',
    ],
  ])('%s is answered by what came', (id, seen, expected) => {
    expect(verdict(id, seen)).toBe(expected)
  })

  it('has an id of its own, a sentence and a place where it matters', () => {
    expect(new Set(QUESTIONS.map(({ id }) => id)).size).toBe(QUESTIONS.length)
    for (const { fact, matters } of QUESTIONS) expect([fact.at(-1), matters.at(-1)]).toEqual(['.', '.'])
  })
})

describe('what is published', () => {
  const own = '{"type":"orderbook_delta","msg":{"client_order_id":"mine","subaccount":3,"side":"no"}}\n'

  it('says that something of one’s own was there, and not what', () => {
    expect(redact(own, [])).toBe(
      '{"type":"orderbook_delta","msg":{"client_order_id":"‹redacted›","subaccount":"‹redacted›","side":"no"}}\n',
    )
    expect(redact('a key-1 b', ['key-1'])).toBe('a ‹redacted› b')
    expect(redact('{"user_id": broken', [])).toBe('‹redacted›')
  })

  it('leaves it out of frames, which stay what anybody is sent', () => {
    expect(redactFrame(own, [])).toBe('{"type":"orderbook_delta","msg":{"side":"no"}}\n')
  })
})
