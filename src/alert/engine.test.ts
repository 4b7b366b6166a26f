import { describe, expect, test } from 'vitest'
import { WELL } from '../../test/support/alert-signals.ts'
import { AlertEngine, type EngineLimits } from './engine.ts'
import type { Message } from './message.ts'
import type { Rule } from './rule.ts'
import { DEFAULT_RULES } from './rules.ts'
import type { Signals } from './signals.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const rule = (change: Partial<Rule> = {}): Rule => ({
  name: 'books_in_doubt',
  severity: 'warning',
  holdMs: 30 * SECOND,
  clearMs: MINUTE,
  about: 'About.',
  todo: 'Do.',
  judge: ({ markets }) => (markets.inDoubt > 0 ? `${markets.inDoubt} in doubt` : undefined),
  ...change,
})
const DOUBT: Signals = { ...WELL, markets: { ...WELL.markets, inDoubt: 7 } }

/** Looks once a second for `ms`; answers what was told, with when. */
function run(rules: readonly Rule[], ms: number, at: (ms: number) => Signals, limits: Partial<EngineLimits> = {}) {
  const engine = new AlertEngine(rules, limits)
  const told: (Message & { atMs: number })[] = []
  for (let nowMs = 0; nowMs <= ms; nowMs += SECOND) {
    const message = engine.look(at(nowMs), nowMs)
    if (message !== undefined) told.push({ ...message, atMs: nowMs })
  }
  return { engine, told }
}

describe('an alarm', () => {
  test('fires only when it has been wrong for its hold time', () => {
    const { told } = run([rule()], 29 * SECOND, () => DOUBT)
    expect(told).toEqual([])
    const later = run([rule()], 40 * SECOND, () => DOUBT)
    expect(later.told).toHaveLength(1)
    expect(later.told[0]).toMatchObject({ atMs: 35 * SECOND, severity: 'warning', title: 'books_in_doubt: 7 in doubt' })
    expect(later.engine.firing).toEqual(['books_in_doubt'])
  })

  test('that comes and goes within its hold time never fires', () => {
    const { told } = run([rule()], HOUR, (ms) => (ms % (30 * SECOND) < 25 * SECOND ? DOUBT : WELL))
    expect(told).toEqual([])
  })

  test('clears only when it has been right for its clear time, and says how long it lasted', () => {
    const { told, engine } = run([rule()], 10 * MINUTE, (ms) => (ms < 5 * MINUTE ? DOUBT : WELL))
    expect(told.map(({ atMs }) => atMs)).toEqual([35 * SECOND, 6 * MINUTE + 5 * SECOND])
    expect(told[1]).toMatchObject({ severity: 'info', title: 'all clear: books_in_doubt' })
    expect(told[1]!.text).toContain('after 5 min')
    expect(engine.firing).toEqual([])
  })

  test('that flaps past hold and clear times is few messages, not a stream', () => {
    const { told } = run([rule()], 6 * HOUR, (ms) => (ms % (3 * MINUTE) < 90 * SECOND ? DOUBT : WELL))
    // Without holding on it would be one every 90 s: 240.
    expect(told.length).toBeLessThan(30)
  })

  test('that goes on is told again every few hours', () => {
    const { told } = run([rule()], 13 * HOUR, () => DOUBT)
    expect(told).toHaveLength(4)
    expect(told[3]!.title).toBe('still firing: books_in_doubt')
  })
})

describe('a storm', () => {
  test('of many alarms at once is one message, the worst severity', () => {
    const rules = Array.from({ length: 15 }, (_, index) =>
      rule({ name: `rule_${index}`, severity: index === 7 ? 'critical' : 'warning', holdMs: (index % 4) * SECOND }),
    )
    const { told } = run(rules, MINUTE, () => DOUBT)
    expect(told).toHaveLength(1)
    expect(told[0]).toMatchObject({ severity: 'critical' })
    expect(told[0]!.title).toContain('15 alarms')
  })

  test('that goes on for an hour is at most one message a minute', () => {
    const rules = Array.from({ length: 60 }, (_, index) => rule({ name: `rule_${index}`, holdMs: index * 50 * SECOND }))
    const { told } = run(rules, HOUR, () => DOUBT)
    expect(told.length).toBeLessThanOrEqual(51)
    const gaps = told.slice(1).map(({ atMs }, index) => atMs - told[index]!.atMs)
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(MINUTE)
  })
})

describe('the default rules', () => {
  test('none fires while nothing is wrong', () => {
    expect(run(DEFAULT_RULES, 2 * HOUR, () => WELL).told).toEqual([])
  })

  test('each fires when what it watches is wrong, and no other for the same', () => {
    const { markets, journal, disk, lastHour } = WELL
    const wrong: Record<string, Partial<Signals>> = {
      not_connected: { connectionsDown: 1 },
      no_frames: { noFrameMs: HOUR },
      nothing_asked: { markets: { asked: 0, inDoubt: 0, unknown: 0 } },
      paused: { pausedBy: 'ann' },
      books_in_doubt: { markets: { ...markets, inDoubt: 1 } },
      orientation_wrong: { orientationWrong: 1 },
      wire_changed: { wireChanged: 'prices have five decimals' },
      audit_mismatch: { lastHour: { ...lastHour, mismatches: 1 } },
      snapshot_offset: { lastHour: { ...lastHour, offsets: 6 } },
      proof_overdue: { oldestProofMs: 3 * HOUR },
      message_age: { messageAgeMs: 3_000 },
      clock_off: { clock: { aheadMs: -2_100, errorMs: 50 } },
      sequence_breaks: { lastHour: { ...lastHour, breaks: 11 } },
      connections_lost: { lastHour: { ...lastHour, lost: 11 } },
      malformed: { lastHour: { ...lastHour, malformed: 6 } },
      recorder_late: { loopP99Ms: 300 },
      journal_failed: { journal: { ...journal, failed: 'EIO' } },
      journal_failing: { journal: { ...journal, isFailing: true } },
      journal_late: { journal: { ...journal, undurableMs: 31_000 } },
      backpressure: { journal: { ...journal, backpressure: 'paused' } },
      journal_damaged: { journal: { ...journal, damaged: 1 } },
      journal_slow: { journal: { ...journal, commitP99Ms: 600 } },
      disk_full: { disk: { ...disk, freeBytes: 500 * 1024 ** 2 } },
      disk_days: { disk: { ...disk, daysLeft: 2 } },
      archive_behind: { archive: { behindSegments: 3, error: 'denied' } },
      store_refused: { store: { ...WELL.store!, state: 'refused', refused: 'another journal' } },
      store_away: { store: { ...WELL.store!, state: 'unavailable' } },
      store_behind: { store: { ...WELL.store!, behindMs: 2 * MINUTE } },
      thread_down: { threadsDown: { api: 'EADDRINUSE' } },
      thread_restarts: { lastHour: { ...lastHour, restarts: 3 } },
    }
    const both = { books_invalid: { markets: { ...markets, inDoubt: 30 } } }
    for (const [name, change] of Object.entries(wrong)) {
      expect(run(DEFAULT_RULES, HOUR, () => ({ ...WELL, ...change })).engine.firing, name).toEqual([name])
    }
    for (const [name, change] of Object.entries(both)) {
      expect(run(DEFAULT_RULES, HOUR, () => ({ ...WELL, ...change })).engine.firing, name).toContain(name)
    }
    expect(DEFAULT_RULES.map(({ name }) => name).sort()).toEqual([...Object.keys(wrong), ...Object.keys(both)].sort())
  })
})
