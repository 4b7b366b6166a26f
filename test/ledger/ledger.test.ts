/** What the ledger says of a recording: every hole with cause, start, end, markets and how it was closed, and no other. */
import { expect, test } from 'vitest'
import { RECORD } from '#domain'
import { cleanPercent, coverageOf, heldPercent, totalOf, verifiedPercent } from '#ledger'
import { aDelta } from '../support/frames.ts'
import { lines, MS, START_MS, tell } from './ledger-support.ts'

test('a recording without a hole has none in its ledger', async () => {
  const ledger = await tell((story) => {
    story.delta('KXB-2', '0.4000', '1.00', { ms: 2 })
    story.snapshot('KXA-1')
  })
  expect(lines(ledger)).toEqual([])
})

test('a sequence break is one hole of all markets of its sid, each with its own end', async () => {
  const ledger = await tell((story) => {
    story.skip()
    story.delta('KXB-2', '0.4000', '1.00', { ms: 2 })
    story.pass(5 * MS)
    story.snapshot('KXA-1')
    story.pass(5 * MS)
    story.snapshot('KXB-2')
  })
  expect(lines(ledger)).toEqual(['sequence_break 10- ABC open'])
  const [hole] = ledger.holes()
  expect(hole).toMatchObject({ blame: 'exchange', connection: 1, sid: 1, open: 1, fromKind: 'frame' })
  expect(hole?.markets.map(({ toMs, closedBy }) => [toMs === undefined ? null : toMs - START_MS, closedBy])).toEqual([
    [25, 'snapshot'],
    [30, 'snapshot'],
    [null, undefined],
  ])
})

test('a process that died is one hole, whatever declares it and however many connections it had', async () => {
  const ledger = await tell(async (story) => {
    story.pass(50 * MS)
    await story.run()
    const fromNs = String((BigInt(START_MS) + 10n) * 1_000_000n)
    story.record(RECORD.GAP, { cause: 'process_down', fromNs, toNs: String(BigInt(START_MS + 70) * 1_000_000n) })
    story.pass(30 * MS)
    story.connect()
  })
  expect(lines(ledger)).toEqual(['process_down 10-100 ABC snapshot'])
  expect(ledger.holes()[0]).toMatchObject({ blame: 'own', fromKind: 'durable' })
})

test('what died and was not started again is open until it is looked at', async () => {
  const ledger = await tell(() => {})
  expect(ledger.isRunOpen).toBe(true)
  ledger.died({ segment: 1, offset: 9_999 })
  expect(lines(ledger)).toEqual(['process_down 10- ABC open'])
})

test('a market in doubt that is let go is in no hole any more', async () => {
  const ledger = await tell((story) => {
    story.skip()
    story.delta('KXB-2', '0.4000', '1.00', { ms: 2 })
    story.snapshot('KXB-2')
    story.snapshot('KXC-3')
    story.pass(10 * MS)
    story.letGo('KXA-1')
    story.pass(5 * MS)
    story.say(JSON.stringify({ type: 'ok', id: 7, sid: 1 }))
  })
  expect(lines(ledger)).toEqual(['sequence_break 10-30 ABC let_go'])
})

test('a market that the next run does not ask for is let go when that run began', async () => {
  const ledger = await tell(async (story) => {
    await story.run()
    story.pass(10 * MS)
    story.stop()
  })
  expect(lines(ledger)).toEqual(['process_down 10-20 ABC let_go'])
})

test('a market that closed while in doubt is out of its hole then', async () => {
  const ledger = await tell((story) => {
    const body = JSON.stringify({
      market: { ticker: 'KXA-1', open_time: '2026-08-01T00:00:00Z', close_time: new Date(START_MS + 50).toISOString() },
    })
    story.record(RECORD.REST, { method: 'GET', path: '/trade-api/v2/markets/KXA-1', status: 200, body, tookMs: 1 })
    story.skip()
    story.delta('KXA-1', '0.4000', '1.00', { ms: 2 })
    story.snapshot('KXB-2')
    story.snapshot('KXC-3')
    story.pass(100 * MS)
    story.say(aDelta(1, 'KXB-2', '0.4000', '1.00'))
  })
  expect(lines(ledger)).toEqual(['sequence_break 10-50 ABC market_closed'])
})

test('our own full buffer is our own, in the exchange’s pause too', async () => {
  // Thursday 2026-08-06 03:06 in New York.
  const pauseNs = 1_786_000_000_000_000_000n
  const causes = async (cause: string) => {
    const ledger = await tell((story) => {
      story.lose(cause as 'disconnect')
      story.pass(5 * MS)
      story.connect()
    }, pauseNs)
    return ledger.holes().map((hole) => [hole.cause, hole.blame, hole.detail ?? null])
  }
  expect(await causes('disconnect')).toEqual([['maintenance', 'exchange', 'disconnect']])
  expect(await causes('own_backpressure')).toEqual([['own_backpressure', 'own', null]])
  expect(await causes('disk_full')).toEqual([['disk_full', 'own', null]])
  expect(await causes('paused')).toEqual([['recording_paused', 'operator', null]])
})

test('unknown is not clean, and only what a later snapshot confirmed is verified', async () => {
  const ledger = await tell((story) => {
    story.ask('KXB-2')
    story.snapshot('KXB-2')
    story.pass(20 * MS)
    story.lose()
    story.pass(40 * MS)
    story.connect()
    story.pass(20 * MS)
    story.delta('KXB-2', '0.4000', '1.00', { ms: 2 })
  })
  const range = { fromMs: START_MS - 1000, toMs: START_MS + 1000, zone: 'UTC' }
  const [, a] = [...ledger.markets()].flatMap((each) =>
    coverageOf(each, ledger.times.get(each.market), range, { untilMs: ledger.lastMs, nowMs: ledger.lastMs }),
  )
  const { askedMs, cleanMs, verifiedMs } = a!
  // Asked for from 0 to 100; known from 0 to 20 and from 80 on; its snapshot at 20 said that it was right until then.
  expect([askedMs, cleanMs, verifiedMs].map(Math.round)).toEqual([100, 40, 20])
  expect(a).toMatchObject({ market: 'KXB-2', day: '2026-08-07', openKnown: false })
  // The exchange told no times: the time asked for stands for the open time.
  expect(a?.openMs).toBe(a?.askedMs)
})

const HOUR = 3_600_000
const at = (text: string): number => Date.parse(`${text}Z`)
const EVER = { fromMs: 0, toMs: Number.POSITIVE_INFINITY, zone: 'UTC' }
const span = (from: string, to?: string) => ({ fromMs: at(from), toMs: to === undefined ? undefined : at(to) })
const hours = (days: ReturnType<typeof coverageOf>) =>
  days.map(({ day, openMs, askedMs, cleanMs }) => [day, openMs / HOUR, askedMs / HOUR, cleanMs / HOUR])

test('a market that was found late is clean for a share of its open time, and held for all that was asked for', () => {
  const valid = [{ ...span('2026-11-22T13:00'), verifiedMs: at('2026-11-22T13:00') }]
  const found = { market: 'KXA-1', wanted: [span('2026-11-22T13:00')], valid }
  const times = { openMs: at('2026-11-22T10:00'), closeMs: at('2026-11-22T14:00') }
  const now = at('2026-11-22T20:00')
  const days = coverageOf(found, times, EVER, { untilMs: now, nowMs: now })
  expect(hours(days)).toEqual([['2026-11-22', 4, 1, 1]])
  expect([cleanPercent(days[0]!), heldPercent(days[0]!)]).toEqual([25, 100])
})

test('of a market that opened long before the journal and has no told close, whole days count, and today up to now', () => {
  const valid = [{ ...span('2026-11-21T18:00'), verifiedMs: at('2026-11-21T18:00') }]
  const found = { market: 'KXA-1', wanted: [span('2026-11-21T18:00')], valid }
  const times = { openMs: at('2026-06-01T00:00'), closeMs: undefined }
  const now = at('2026-11-22T08:00')
  const days = coverageOf(found, times, EVER, { untilMs: now, nowMs: now })
  expect(hours(days)).toEqual([
    ['2026-11-21', 24, 6, 6],
    ['2026-11-22', 8, 8, 8],
  ])
  expect(totalOf(days)).toEqual({ openMs: 32 * HOUR, askedMs: 14 * HOUR, cleanMs: 14 * HOUR, verifiedMs: 0 })
})

test('what a market was open for behind the last record counts, too, and days on which nobody asked for it do not', () => {
  const valid = [{ ...span('2026-11-20T00:00', '2026-11-20T12:00'), verifiedMs: at('2026-11-20T06:00') }]
  const found = { market: 'KXA-1', wanted: [span('2026-11-20T00:00')], valid }
  const times = { openMs: at('2026-06-01T00:00'), closeMs: at('2027-01-01T00:00') }
  const ends = { untilMs: at('2026-11-20T12:00'), nowMs: at('2026-11-22T08:00') }
  const days = coverageOf(found, times, EVER, ends)
  expect(hours(days)).toEqual([['2026-11-20', 24, 12, 12]])
  expect([cleanPercent(days[0]!), heldPercent(days[0]!)]).toEqual([50, 100])
  const morning = { ...EVER, fromMs: at('2026-11-20T06:00'), toMs: at('2026-11-20T10:00') }
  expect(hours(coverageOf(found, times, morning, ends))).toEqual([['2026-11-20', 4, 4, 4]])
})

test('the example of docs/gaps.md comes out as it stands there', () => {
  const day = (time: string) => at(`2026-11-22T${time}`)
  const market = {
    market: 'KXA-1',
    wanted: [{ fromMs: day('10:30:00'), toMs: undefined }],
    valid: [
      { fromMs: day('10:30:01'), toMs: day('12:29:50'), verifiedMs: day('11:00:00') },
      { fromMs: day('12:30:10'), toMs: undefined, verifiedMs: day('13:30:00') },
    ],
  }
  const now = day('20:00:00')
  const times = { openMs: day('10:00:00'), closeMs: day('14:00:00') }
  const [told] = coverageOf(market, times, EVER, { untilMs: now, nowMs: now })
  expect(told).toMatchObject({ openMs: 14_400_000, askedMs: 12_600_000, cleanMs: 12_579_000, verifiedMs: 5_389_000 })
  expect([cleanPercent(told!), heldPercent(told!), verifiedPercent(told!)]).toEqual([87.354, 99.833, 42.841])
})
