import { expect, test } from 'vitest'
import type { ServiceStatus } from '#live'
import { SignalReader } from './read-signals.ts'

const CONNECTION = {
  connection: 1,
  state: 'live',
  markets: 10,
  unproven: 0,
  attempts: 1,
  orientation: 'as_asked',
  message_age_ms: { p50: 300, trend_ms_per_minute: 2 },
  replaced: 0,
} as const

const STATUS = {
  up_ms: 1_000,
  stopping: false,
  paused: null,
  refusal: null,
  frames: 10,
  markets: { asked: 10, valid: 9, in_doubt: 1, unknown: 0 },
  connections: [CONNECTION],
  counts: { breaks: 0, malformed: 0 },
  connections_lost: 0,
  audit: { asked: 5, matched: 4, offset: 0, mismatched: 0, many_offsets: false, oldest_market_ms: 7 },
  wire: { changed: false, what: null, since: null, units_checked: true },
  clock: null,
  backpressure: 'flowing',
  journal: { failing: false, failed: null, damaged: 0, durable: '1:100', head: '1:100', commit_p99_ms: 3 },
  disk: { free_bytes: 1e9, total_bytes: 2e9 },
  store: null,
  threads: {},
  event_loop_delay_ms: { p50: 0, p99: 1, max: 2 },
} as unknown as ServiceStatus

const withJournal = (durable: string, head: string): ServiceStatus => ({
  ...STATUS,
  journal: { ...STATUS.journal, durable, head },
})

test('something waits for the disk only from when the durable position stands still behind the head', () => {
  const reader = new SignalReader()
  const undurableMs = (status: ServiceStatus, nowMs: number) => reader.read(status, nowMs).journal.undurableMs
  expect(undurableMs(withJournal('1:100', '1:100'), 1_000)).toBe(0)
  // Nothing new for an hour: nothing waits.
  expect(undurableMs(withJournal('1:100', '1:100'), 3_600_000)).toBe(0)
  expect(undurableMs(withJournal('1:100', '1:200'), 3_601_000)).toBe(1_000)
  expect(undurableMs(withJournal('1:150', '1:300'), 3_602_000)).toBe(0)
  expect(undurableMs(withJournal('1:150', '1:900'), 3_612_000)).toBe(10_000)
})

test('frames are missed from when their count stands still', () => {
  const reader = new SignalReader()
  expect(reader.read(STATUS, 1_000).noFrameMs).toBe(0)
  expect(reader.read(STATUS, 61_000).noFrameMs).toBe(60_000)
  expect(reader.read({ ...STATUS, frames: 11 }, 62_000).noFrameMs).toBe(0)
})

test('a connection without markets is not missed, and one that is being proven is open', () => {
  const states = ['live', 'proving', 'subscribing', 'connecting', 'waiting', 'stalled'] as const
  const connections = [
    ...states.map((state) => ({ ...CONNECTION, state })),
    { ...CONNECTION, state: 'waiting', markets: 0 } as const,
  ]
  expect(new SignalReader().read({ ...STATUS, connections }, 0)).toMatchObject({ connections: 6, connectionsDown: 3 })
})

test('of the age of messages only what the clock is surely off by is taken away', () => {
  const ageWith = (clock: ServiceStatus['clock']) => new SignalReader().read({ ...STATUS, clock }, 0).messageAgeMs
  expect(ageWith(null)).toBe(300)
  expect(ageWith({ source: 'exchange', offset_ms: 200, error_ms: 500 })).toBe(300)
  expect(ageWith({ source: 'chrony', offset_ms: 200, error_ms: 20 })).toBe(120)
  expect(ageWith({ source: 'chrony', offset_ms: -200, error_ms: 20 })).toBe(480)
})

test('what other parts say of themselves is taken where they say it', () => {
  const more = {
    wire: { changed: true, what: 'prices have five decimals', since: null, units_checked: true },
    disk: { free_bytes: 1, total_bytes: 2, days_left: 3.5, full: true },
    archive: { behind_segments: 4, last_error: 'denied', target: '/a', proved_segments: 1, last_success: null },
  }
  const signals = new SignalReader().read({ ...STATUS, ...more } as ServiceStatus, 0)
  expect(signals).toMatchObject({
    wireChanged: 'prices have five decimals',
    disk: { daysLeft: 3.5, isFull: true },
    archive: { behindSegments: 4, error: 'denied' },
  })
  expect(new SignalReader().read(STATUS, 0)).toMatchObject({ wireChanged: undefined, archive: undefined })
})
