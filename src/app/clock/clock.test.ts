import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { ClockBody } from '#domain'
import { aLog } from '../../../test/support/recording.ts'
import { askClock } from './ask-clock.ts'
import { ClockWatch } from './clock-watch.ts'
import { ExchangeDates } from './exchange-dates.ts'
import { readChrony, readNtpq, readTimesync } from './read-clock.ts'

test('chrony says how slow the clock is; the error is root dispersion and half the root delay', () => {
  const output =
    'CB007101,203.0.113.1,2,1795360000.123456789,0.002500000,-0.000010000,0.000020000,-12.3,0.001,0.05,0.020000000,0.001000000,64.5,Normal\n'
  expect(readChrony(output)).toEqual({ source: 'chrony', offsetMs: -2.5, errorMs: 11 })
  expect(readChrony(output.replace('Normal', 'Not synchronised'))).toBeUndefined()
  expect(readChrony('506 Cannot talk to daemon\n')).toBeUndefined()
  // As chronyc 4.3 of Debian printed it of a server whose clock was two seconds ahead of ours.
  const behind =
    '7F000001,127.0.0.1,2,1795382675.531375887,2.000009775,-0.000000016,0.000002680,-0.003,-0.000,0.052,0.000029085,0.000002862,4.1,Normal\n'
  expect(readChrony(behind)?.offsetMs).toBeCloseTo(-2_000.009775)
  expect(readChrony(behind)?.errorMs).toBeCloseTo(0.0174, 4)
  // As it printed them: a daemon that follows its own clock, and one that follows none.
  const rest = '0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,0.000000000,0.000000000,0.0'
  expect(readChrony(`7F7F0101,,10,1795382573.384377596,${rest},Normal\n`)).toBeUndefined()
  expect(readChrony(`00000000,,0,0.000000000,${rest},Not synchronised\n`)).toBeUndefined()
})

test('ntpq says how far the servers are ahead', () => {
  expect(readNtpq('leap=00, offset=-1.5, rootdelay=20.0,\nrootdisp=3.25\n')).toEqual({
    source: 'ntp',
    offsetMs: 1.5,
    errorMs: 13.25,
  })
  expect(readNtpq('leap=11, offset=0.0, rootdelay=0.0, rootdisp=9000.1')).toBeUndefined()
  expect(readNtpq('ntpq: read: Connection refused')).toBeUndefined()
})

test('timesyncd says what its last answer was off by, which may be left or not', () => {
  const output =
    '       Server: 203.0.113.1\n       Offset: -3.5ms\n        Delay: 20ms\nRoot distance: 15ms (max: 5s)\n'
  expect(readTimesync(output)).toEqual({ source: 'timesyncd', offsetMs: 0, errorMs: 18.5 })
  expect(readTimesync('Failed to query server: no such service\n')).toBeUndefined()
})

test('dates of answers, each to the second, agree on much less than a second', () => {
  const dates = new ExchangeDates()
  const aheadMs = 137
  for (let each = 0; each < 40; each++) {
    const oursMs = 1_795_000_000_000 + each * 1_370
    const theirDateMs = Math.floor((oursMs - aheadMs) / 1000) * 1000
    dates.heard(oursMs - (theirDateMs + 500), 510, each * 1_370)
  }
  const { offsetMs, errorMs } = dates.estimate(60_000)!
  expect(Math.abs(offsetMs - aheadMs)).toBeLessThanOrEqual(errorMs)
  expect(errorMs).toBeLessThan(60)
})

test('after a step of a clock the newest answers count', () => {
  const dates = new ExchangeDates()
  for (let each = 0; each < 10; each++) dates.heard(0, 500, each)
  dates.heard(3_600_000, 500, 11)
  expect(dates.estimate(12)).toEqual({ source: 'exchange', offsetMs: 3_600_000, errorMs: 500 })
  expect(dates.estimate(12 + 31 * 60_000)).toBeUndefined()
})

test('a program that is not there, hangs or talks nonsense is passed over', async () => {
  const read = (output: string): ClockBody | undefined =>
    output.startsWith('ok') ? { source: 'ntp', offsetMs: 1, errorMs: 2 } : undefined
  const programs = [
    { program: 'kalshiflow-no-such-program', words: [], read },
    { program: process.execPath, words: ['-e', 'process.exit(3)'], read },
    { program: process.execPath, words: ['-e', 'console.log("ok")'], read },
  ]
  expect(await askClock(programs)).toEqual({ source: 'ntp', offsetMs: 1, errorMs: 2 })
  expect(await askClock(programs.slice(0, 2))).toBeUndefined()
})

test('an estimate is told at start, hourly, and when it is another; not with each answer', async () => {
  let nowMs = 0
  let program: ClockBody | undefined
  const told: ClockBody[] = []
  const watch = new ClockWatch({
    onEstimate: (each) => told.push(each),
    log: aLog().log,
    ask: async () => program,
    nowMs: () => nowMs,
  })
  watch.start()
  await sleep(1)
  expect(told).toEqual([])
  for (; nowMs < 3_000_000; nowMs += 1_000) watch.heard(20, 500)
  expect(told).toEqual([{ source: 'exchange', offsetMs: 20, errorMs: 500 }])
  for (; nowMs < 4_000_000; nowMs += 1_000) watch.heard(20, 500)
  expect(told).toHaveLength(2)
  watch.heard(2_000, 500)
  expect(told.at(-1)).toEqual({ source: 'exchange', offsetMs: 2_000, errorMs: 500 })
  watch.stop()
})
