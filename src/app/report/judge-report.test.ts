import { describe, expect, test } from 'vitest'
import type { Coverage, Hole } from '#ledger'
import { judgeReport } from './judge-report.ts'
import { renderReport } from './render-report.ts'
import { DEFAULT_LIMITS, type Facts } from './report.ts'

const HOUR = 3_600_000
const NOW = Date.parse('2026-11-22T08:00:00Z')

const aHole = (hole: Partial<Hole>): Hole => ({
  ...{ cause: 'sequence_break', blame: 'exchange', detail: undefined, connection: 1, sid: 1 },
  ...{ found: { segment: 1, offset: 1 }, foundMs: NOW - HOUR, fromMs: NOW - HOUR, fromKind: 'frame' },
  ...{ toMs: NOW - HOUR + 50, closedBy: 'snapshot', markets: [], open: 0 },
  ...hole,
})

const aDay = (market: string, cleanMs: number, askedMs = 24 * HOUR): Coverage => ({
  ...{ market, day: '2026-11-21', openKnown: true, openMs: askedMs, askedMs, cleanMs, verifiedMs: cleanMs },
})

/** A night in which everything was as it should be, though the exchange made a hole. */
const WELL: Facts = {
  environment: 'prod',
  fromMs: NOW - 24 * HOUR,
  toMs: NOW,
  zone: 'UTC',
  runs: [{ session: 'a', version: '1', fromMs: NOW - 30 * HOUR, toMs: NOW, end: 'open' }],
  upMs: 24 * HOUR,
  isRecording: true,
  frames: 1_000_000,
  holes: [aHole({})],
  coverage: [aDay('KXA', 24 * HOUR - 50)],
  total: { openMs: 24 * HOUR, askedMs: 24 * HOUR, cleanMs: 24 * HOUR - 50, verifiedMs: 20 * HOUR },
  audits: { matched: 900, offset: 2, mismatched: 0 },
  ages: { count: 10_000, p50: 20, p99: 90, max: 400 },
  store: { state: 'writing', behindMs: 30, quarantined: 0 },
  alarms: [],
  archive: { target: 's3://b/p', behindSegments: 0, successMs: NOW, fault: undefined },
  disk: { freeBytes: 500e9, totalBytes: 1e12, bytesPerDay: 2e9, daysLeft: 250 },
  results: { closed: 10, withResult: 9, overdue: [] },
  versions: { program: '1', node: 'v24', recorded: ['1'] },
  damage: [],
}

const judge = (change: Partial<Facts>) => judgeReport({ ...WELL, ...change }, DEFAULT_LIMITS)

describe('a report', () => {
  test('is clean when every line is as it should be, a short hole of the exchange’s and an awaited result included', () => {
    const report = judge({})
    expect(report.isClean).toBe(true)
    expect(renderReport(report)[1]).toBe('Clean.')
  })

  test('says nothing of alarms and archive where no recorder runs to tell', () => {
    const names = judge({ isRecording: false, alarms: undefined, archive: undefined }).lines.map(({ name }) => name)
    expect(names).not.toContain('alarms')
    expect(names).not.toContain('archive')
  })

  test('tells how far the archive is behind, which is no fault by itself', () => {
    const archive = { ...WELL.archive!, behindSegments: 3, successMs: NOW - 2 * HOUR }
    const told = judge({ archive }).lines.find(({ name }) => name === 'archive')
    expect(told).toEqual({
      name: 'archive',
      isWell: true,
      text: 's3://b/p 3 segments behind; it had all at 2026-11-22 06:00:00',
    })
  })

  test('is clean of a short recording that lost but the way of its first snapshots', () => {
    const short = {
      total: { openMs: 25_000, askedMs: 25_000, cleanMs: 24_900, verifiedMs: 0 },
      coverage: [aDay('KXA', 24_900, 25_000)],
    }
    expect(judge({ ...short, fromMs: NOW - 25_000, upMs: 25_000, holes: [] }).isClean).toBe(true)
  })

  test('tells how little of a market’s open time was asked for, and judges what was', () => {
    const late = { ...aDay('KXA', 6 * HOUR, 6 * HOUR), openMs: 24 * HOUR }
    const report = judge({ coverage: [late], total: late })
    expect(report.isClean).toBe(true)
    const text = report.lines.find(({ name }) => name === 'clean')?.text
    expect(text).toBe(
      '25.000 % of the open time; held 100.000 % of what was asked for; verified 100.000 % of the clean time',
    )
    expect(renderReport(report).at(-1)).toMatch(/^KXA +1 d 00 h +6 h 00 m +25\.000 +100\.000$/)
  })

  test.each<[string, Partial<Facts>]>([
    ['uptime', { upMs: 23 * HOUR }],
    ['uptime', { runs: [{ session: 'a', version: '1', fromMs: NOW - 30 * HOUR, toMs: NOW, end: 'died' }] }],
    ['uptime', { runs: [] }],
    // Where nothing ran nobody else is to be asked why nothing came.
    ['uptime', { runs: [], frames: 0, upMs: 0, ages: undefined, coverage: [] }],
    ['frames', { frames: 0, audits: { matched: 1, offset: 0, mismatched: 0 } }],
    ['holes', { holes: [aHole({ cause: 'own_backpressure', blame: 'own' })] }],
    ['holes', { holes: [aHole({ open: 1, toMs: undefined, closedBy: undefined })] }],
    ['clean', { total: { openMs: HOUR, askedMs: HOUR, cleanMs: HOUR - 4_000, verifiedMs: 0 } }],
    ['clean', { coverage: [aDay('KXA', 24 * HOUR), aDay('KXB', 20 * HOUR)] }],
    ['audits', { audits: { matched: 9, offset: 0, mismatched: 1 } }],
    ['audits', { audits: { matched: 0, offset: 0, mismatched: 0 } }],
    ['lag', { ages: { count: 10, p50: 20_000, p99: 20_000, max: 20_000 } }],
    ['lag', { store: { state: 'refused', behindMs: 0, quarantined: 0 } }],
    ['lag', { store: { state: 'waiting', behindMs: 600_000, quarantined: 0 } }],
    ['archive', { archive: { ...WELL.archive!, behindSegments: 3, fault: 'FLOW_ARCHIVE_TARGET: it is away' } }],
    ['alarms', { alarms: ['archive_behind', 'disk_days'] }],
    ['disk', { disk: { freeBytes: 5e9, totalBytes: 1e11, bytesPerDay: 2e9, daysLeft: 2.5 } }],
    ['disk', { disk: { freeBytes: 1e9, totalBytes: 1e12, bytesPerDay: undefined, daysLeft: undefined } }],
    ['results', { results: { closed: 1, withResult: 0, overdue: [{ market: 'KXA', closedMs: 1, status: 'closed' }] } }],
    ['journal', { damage: ['bytes 1 to 2 cannot be read'] }],
  ])('is not clean for its line %s alone, and says so there', (name, change) => {
    const report = judge(change)
    const faulty = report.lines.filter(({ isWell }) => !isWell).map((each) => each.name)
    expect([report.isClean, faulty]).toEqual([false, [name]])
    const screen = renderReport(report)
    expect(screen.filter((line) => line.startsWith(`! ${name}`))).toHaveLength(1)
    expect(screen[1]).toMatch(/^NOT CLEAN: 1 line is/)
  })

  test('fits a screen of 80 columns and 40 lines, with ten worst markets and every line wrong', () => {
    const markets = Array.from({ length: 30 }, (_, index) =>
      aDay(`KXVERYLONGSERIES-26NOV222055ABCDEFGHIJ-${index}`, index),
    )
    const report = judge({
      coverage: markets,
      total: { openMs: 1000, askedMs: 1000, cleanMs: 1, verifiedMs: 0 },
      holes: [aHole({ cause: 'own_backpressure', blame: 'own', open: 1 })],
      audits: { matched: 1, offset: 0, mismatched: 1 },
      upMs: 0,
      alarms: ['not_connected', 'books_invalid', 'disk_days', 'archive_behind', 'store_behind', 'recorder_late'],
      archive: { ...WELL.archive!, behindSegments: 3, fault: 'FLOW_ARCHIVE_TARGET: it is away' },
    })
    expect(report.worst.map(({ cleanMs }) => cleanMs)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    const screen = renderReport(report)
    expect(screen.filter((line) => line.length > 80)).toEqual([])
    expect(screen.length).toBeLessThanOrEqual(40)
  })
})
