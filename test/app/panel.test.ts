/** The panel on a terminal that is only told of its characters: what a person would see. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { Panel } from '../../src/app/panel/panel.ts'
import { panelLines } from '../../src/app/panel/panel-text.ts'
import type { ServiceView } from '../../src/app/service/service-view.ts'
import { troublesOf } from '../../src/app/service/troubles.ts'
import { until } from '../support/recording.ts'
import { Screen } from './screen.ts'

const WELL: ServiceView = {
  environment: 'sim',
  isBuiltIn: true,
  seconds: 3_725,
  markets: { asked: 24, valid: 24, in_doubt: 0, unknown: 0 },
  framesPerSecond: 152,
  peakPerSecond: 1_310,
  frames: 1_234_567,
  age: { count: 900, p50Ms: 1.24, p99Ms: 14.6, maxMs: 212.3 },
  ahead: 0,
  commitP99Ms: 7.1,
  journalBytes: 45_000_000,
  breaks: 0,
  lost: 0,
  malformed: 0,
  backpressure: 'flowing',
  cutOff: undefined,
  archive: undefined,
  liveConnections: 1,
  connections: 1,
  store: {
    state: 'writing',
    position: '1:10',
    behind_bytes: 0,
    behind_ms: 0,
    rows: 1_230_000,
    rows_per_second: 150,
    transactions: 3_000,
    quarantined: 0,
    failures: 0,
    restarts: 0,
    last_error: null,
    refused: null,
  },
  pausedBy: undefined,
  refusal: undefined,
  disk: { freeBytes: 80e9, totalBytes: 1e12, usedBytes: 512e6 },
  outlook: { basis: 'expected', framesPerSecond: 150, bytesPerDay: 2.1e9 },
  api: { state: 'ready', restarts: 0, lastError: undefined, url: 'http://127.0.0.1:8001' },
  exchange: { state: 'ready', restarts: 0, lastError: undefined },
  clockAheadMs: undefined,
}

const panels: Panel[] = []
afterEach(() => {
  for (const each of panels.splice(0)) each.stop()
})

/** A panel of a view that may be changed, on a screen. */
function aPanel(columns = 80, rows = 30) {
  const screen = new Screen(columns, rows)
  const panel = new Panel(screen, false, 20)
  panels.push(panel)
  const shown = { view: WELL }
  return {
    screen,
    panel,
    shown,
    start: () =>
      panel.start(
        () => shown.view,
        () => {},
      ),
  }
}

test('says what is worth a look, at 80 columns in whole', () => {
  const lines = panelLines(WELL, [1, 2, 3, 4], 80).map(({ text }) => text)
  expect(lines).toEqual([
    'kalshiflow · SIMULATED EXCHANGE · 1:02:05 · Ctrl-C ends it',
    'books    24 of 24 valid',
    'frames   152/s     ▂▄▆█ peak 1,310/s · 1,234,567 in all',
    'age      p50 1.2 ms · p99 15 ms · max 212 ms (exchange time to book)',
    'durable  commit p99 7.1 ms · 45 MB of journal in this run',
    'stored   1,230,000 rows · up to date',
    'holes    0 breaks · 0 connections lost · 0 malformed',
    'disk     512 MB used · 2.1 GB a day expected · 38 days left',
    'serving  http://127.0.0.1:8001/rl/status · 0 restarts',
    'all is well',
  ])
})

test.each([21, 40, 79, 80, 120, 300])('has no line longer than a terminal of %i columns is wide', (columns) => {
  const view = { ...WELL, refusal: 'x'.repeat(500), liveConnections: 0, frames: 1e15 }
  for (const { text } of panelLines(view, Array(24).fill(1e9), columns)) expect(text.length).toBeLessThan(columns)
})

test('says in words what is wrong, the worst first, and nothing when all is well', () => {
  expect(troublesOf(WELL)).toEqual([])
  const bad = troublesOf({
    ...WELL,
    liveConnections: 0,
    refusal: 'the exchange refuses the key',
    disk: { freeBytes: 500 * 1024 ** 2, totalBytes: 1e12, usedBytes: 1 },
    clockAheadMs: -3_400,
    store: { ...WELL.store!, state: 'waiting', last_error: 'connection refused' },
    api: { ...WELL.api!, state: 'waiting', lastError: 'it crashed' },
  })
  expect(bad).toEqual([
    'NOT CONNECTED, and tried again: the exchange refuses the key',
    'only 500 MiB are left on the disk',
    "this machine's clock is 3.4 s behind the exchange's: set it by NTP",
    'the database is away: connection refused',
    'the API is down: it crashed',
    'the disk is full in 0.2 days at this rate',
  ])
})

test('stands still below the log: lines scroll above it, whole, however long they are', async () => {
  const { screen, panel, shown, start } = aPanel(60)
  panel.write('before\n')
  start()
  panel.write(`${'long '.repeat(30)}end\n`)
  shown.view = { ...WELL, age: { count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 } }
  await until('it was drawn', () => !screen.text.some((row) => row.startsWith('age')))
  panel.write('between\n')
  shown.view = { ...WELL, frames: 5, seconds: 9 }
  await until('it was drawn again', () => screen.text.some((row) => row.includes('0:00:09')))
  panel.write('last\n')
  const log = screen.text.slice(
    0,
    screen.text.findIndex((row) => row.startsWith('kalshiflow')),
  )
  expect(log[0]).toBe('before')
  expect(log.join('').replaceAll(' ', '')).toContain(`${'long'.repeat(30)}end`)
  expect(log.slice(-2)).toEqual(['between', 'last'])
  expect(log.filter((row) => row.includes('long'))).toHaveLength(3)
  expect(screen.text.filter((row) => row.startsWith('kalshiflow'))).toHaveLength(1)
  expect(screen.text.at(-1)).toBe('all is well')
})

test('may grow and shrink by a line without taking one of the log', async () => {
  const { screen, panel, shown, start } = aPanel(60, 14)
  const fewer = { ...WELL, age: { count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 } }
  shown.view = fewer
  start()
  for (let line = 1; line <= 9; line++) {
    panel.write(`line ${line} ${'.'.repeat(60)}\n`)
    shown.view = line % 2 === 1 ? { ...WELL, frames: line } : fewer
    const hasAge = line % 2 === 1
    await until('it was drawn', () => screen.text.some((row) => row.startsWith('age')) === hasAge)
  }
  const log = screen.text.slice(
    0,
    screen.text.findIndex((row) => row.startsWith('kalshiflow')),
  )
  expect(log.filter((row) => row.startsWith('line'))).toHaveLength(9)
  expect(log).toHaveLength(18)
  expect(screen.text.at(-1)).toBe('all is well')
})

test('shows every line whichever of them changes', async () => {
  const { screen, shown, start } = aPanel()
  start()
  for (const change of [{ frames: 1 }, { breaks: 3 }, { commitP99Ms: 9 }, { malformed: 2 }]) {
    shown.view = { ...shown.view, ...change }
    const wanted = panelLines(shown.view, [], 80).map(({ text }) => text)
    await until('every line is there', () => String(screen.text) === String(wanted), 2_000)
  }
})

test.each([120, 79, 40])('is drawn anew, once, when the terminal becomes %i columns wide', (columns) => {
  const { screen, panel, start } = aPanel(80)
  panel.write('before\n')
  start()
  screen.resize(columns)
  expect(screen.text).toEqual(['before', ...panelLines(WELL, [], columns).map(({ text }) => text)])
})

test('writes nothing while nothing changes', async () => {
  const { screen, start } = aPanel()
  start()
  const { writes } = screen
  await sleep(200)
  expect(screen.writes).toBe(writes)
})

test('leaves the screen as if it had never been there, and the cursor where it was', () => {
  const { screen, panel, start } = aPanel()
  panel.write('before\n')
  start()
  expect(screen.isCursorShown).toBe(false)
  panel.stop()
  expect(screen.isCursorShown).toBe(true)
  panel.write('after\n')
  expect(screen.text).toEqual(['before', 'after'])
})

test('on a terminal of few rows keeps its head and what is wrong', () => {
  const { screen, shown, start } = aPanel(80, 6)
  shown.view = { ...WELL, pausedBy: 'me' }
  start()
  expect(screen.text[0]).toContain('kalshiflow')
  expect(screen.text.at(-1)).toBe('! PAUSED by me: nothing is recorded')
  expect(screen.text.length).toBeLessThan(6)
})
