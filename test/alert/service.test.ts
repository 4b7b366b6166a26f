/**
 * The alarms of a recorder that is real in every part, told to real servers: what is wrong is told and told to be over, the
 * dead-man is pinged while frames are durable and books proven and at no other time, and the end is told.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { AlertService } from '../../src/app/alert/alert-service.ts'
import { DailyReport, localTime, reportCommand } from '../../src/app/alert/daily-report.ts'
import { HourCounts } from '../../src/app/alert/hour-counts.ts'
import { Secret } from '../../src/app/config/secret.ts'
import { ServiceStatusSource } from '../../src/app/control/service-status.ts'
import { aLog, record, until } from '../support/recording.ts'
import { aWebServer } from './targets.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function aServedRecorder(rules: string) {
  const hook = await aWebServer()
  const deadMan = await aWebServer()
  const recording = await record({ markets: 6, ratePerSecond: 100 })
  const source = new ServiceStatusSource({ recorder: recording.recorder })
  const { log, lines, of } = aLog()
  const alerts = new AlertService({
    config: {
      profile: undefined,
      alert: {
        webhook: { url: new Secret(hook.url), secret: undefined },
        slackUrl: undefined,
        mail: undefined,
        rules,
        repeatMs: 3_600_000,
        deadManUrl: new Secret(deadMan.url),
        deadManMs: 50,
        reportAt: undefined,
      },
    },
    environment: 'sim',
    dataFolder: recording.folder,
    log,
    status: () => source.status(),
    lookEveryMs: 25,
    limits: { groupMs: 50, messageMsMin: 50 },
  })
  closing.push(
    hook.close,
    deadMan.close,
    () => recording.close(),
    () => source.close(),
  )
  const told = () => hook.received.map(({ body }) => JSON.parse(body))
  return { hook, deadMan, recording, alerts, lines, of, told }
}

test('what is wrong is told, then that it is over; the dead-man is pinged before and after, and not meanwhile', async () => {
  const { hook, deadMan, recording, alerts, of, told, lines } = await aServedRecorder(
    'not_connected.hold=100ms,not_connected.clear=100ms',
  )
  const { recorder, exchange } = recording
  await until('all books are valid', () => recorder.markets.every((each) => recorder.fold.market(each)?.valid))
  alerts.start(new Date('2026-11-22T10:00:00Z'))
  await until('the dead-man is pinged', () => deadMan.received.length >= 3)
  expect(alerts.summary.dead_man?.withheld).toEqual([])
  await until('that it was down is told', () => told().length > 0)
  expect(told()[0]).toMatchObject({
    severity: 'critical',
    fields: { event: 'recorder_was_down', from: '2026-11-22T10:00:00.000Z', environment: 'sim' },
  })

  exchange.faults.refuseHandshakes(10_000, 503)
  for (const { id } of exchange.sent().connections) exchange.faults.cut(id, 'terminate')
  await until('it fires', () => alerts.summary.firing.includes('not_connected'))
  const pings = deadMan.received.length
  const alarm = () => told().find(({ title }) => title.includes('not_connected: 1 of 1 connection down'))
  await until('it is told', () => alarm() !== undefined)
  expect(alarm()).toMatchObject({ version: 1, severity: 'critical', fields: { fired: 'not_connected' } })
  await sleep(200)
  expect(deadMan.received.length).toBe(pings)
  expect(alerts.summary.dead_man?.withheld).toContain('not_connected')

  exchange.faults.refuseHandshakes(0, 503)
  await until('it is over', () => told().some(({ title }) => title.includes('all clear: not_connected')))
  await until('the dead-man is pinged again', () => deadMan.received.length > pings)
  expect(of('dead_man_withheld').length).toBeGreaterThan(0)
  expect(of('alerts_changed').map(({ firing }) => firing)).toContainEqual(['not_connected'])

  await alerts.stop('asked to', { frames: 12 }, 2_000)
  expect(told().at(-1)).toMatchObject({
    title: 'sim: the recorder has stopped: asked to',
    fields: { event: 'recorder_stopped', frames: 12 },
  })
  const pingsAtEnd = deadMan.received.length
  await sleep(150)
  expect(deadMan.received.length).toBe(pingsAtEnd)
  expect(JSON.stringify([lines, told(), alerts.summary])).not.toMatch(/SECRET/)
  expect(hook.received.length).toBe(told().length)
})

test('a status that cannot be had is told in the log, and the dead-man hears nothing', async () => {
  const deadMan = await aWebServer()
  closing.push(deadMan.close)
  const { log, of } = aLog()
  const alert = {
    webhook: undefined,
    slackUrl: undefined,
    mail: undefined,
    rules: '',
    repeatMs: 1e9,
    reportAt: undefined,
  }
  const alerts = new AlertService({
    config: { profile: undefined, alert: { ...alert, deadManUrl: new Secret(deadMan.url), deadManMs: 10 } },
    environment: 'sim',
    dataFolder: '/nowhere',
    log,
    status: () => Promise.reject(new Error('no status')),
    lookEveryMs: 10,
  })
  alerts.start(undefined)
  await until('it is told', () => of('alert_failed').length > 0)
  await sleep(50)
  expect(alerts.summary.dead_man?.withheld).toEqual(['not_looked_at'])
  expect(deadMan.received).toEqual([])
  await alerts.stop('test ended', {}, 100)
})

test('a disk that hangs without an error is told, although it cannot even be asked what is free', async () => {
  const hook = await aWebServer()
  const recording = await record({ markets: 6, ratePerSecond: 100 })
  let questions = 0
  const freeSpace = () => {
    questions++
    return new Promise<undefined>(() => {})
  }
  const source = new ServiceStatusSource({ recorder: recording.recorder, freeSpace })
  closing.push(
    hook.close,
    () => recording.close(),
    () => source.close(),
  )
  // What does not become durable stands still while the head goes on.
  const hanging = async () => {
    const status = await source.status()
    return { ...status, journal: { ...status.journal, durable: '1:0' } }
  }
  const { log } = aLog()
  const targets = { webhook: { url: new Secret(hook.url), secret: undefined }, slackUrl: undefined, mail: undefined }
  const rest = {
    rules: 'journal_late.limit=200ms',
    repeatMs: 1e9,
    deadManUrl: undefined,
    deadManMs: 0,
    reportAt: undefined,
  }
  const alerts = new AlertService({
    config: { profile: undefined, alert: { ...targets, ...rest } },
    environment: 'sim',
    dataFolder: recording.folder,
    log,
    status: hanging,
    lookEveryMs: 25,
    limits: { groupMs: 0, messageMsMin: 0 },
  })
  alerts.start(undefined)
  await until('it is told', () => hook.received.some(({ body }) => body.includes('journal_late')))
  expect(questions).toBe(1)
  await alerts.stop('test ended', {}, 1_000)
})

test('the daily report is run once a day at its time in its zone, and what fails is told', async () => {
  const { log, of } = aLog()
  const at = { minutes: 7 * 60, zone: 'America/New_York' }
  const time = (text: string) => Date.parse(text)
  expect(localTime(time('2026-11-22T12:05:00Z'), at.zone)).toEqual({ day: '2026-11-22', minutes: 425 })
  const command = [process.execPath, '-e', 'console.error("the day was bad"); process.exitCode = 2'] as const
  const report = new DailyReport({ at, command, log }, time('2026-11-21T12:30:00Z'))
  expect(report.tick(time('2026-11-21T12:31:00Z'))).toBe(false)
  expect(report.tick(time('2026-11-22T11:59:00Z'))).toBe(false)
  expect(report.tick(time('2026-11-22T12:00:00Z'))).toBe(true)
  expect(report.tick(time('2026-11-22T12:00:20Z'))).toBe(false)
  await until('it has ended', () => of('report_failed').length === 1)
  expect(of('report_failed')[0]).toMatchObject({ code: 2, reason: 'the day was bad' })
  expect(report.tick(time('2026-11-22T23:00:00Z'))).toBe(false)
  expect(report.tick(time('2026-11-23T12:10:00Z'))).toBe(true)
  report.stop()
})

test('the daily report is the same program, without what its launcher gave it to watch over it', () => {
  const execArgv = ['--import', 'data:text/javascript,watch', '--conditions=source']
  const ours = { execPath: '/node', execArgv, argv: ['/node', '/src/app/main.ts', 'record', '--profile', 'demo'] }
  const words = ['/node', '--conditions=source', '/src/app/main.ts', 'report', '--send', '--data', '/d']
  expect(reportCommand('/d', undefined, ours)).toEqual(words)
  expect(reportCommand('/d', 'demo', ours)).toEqual([...words, '--profile', 'demo'])
})

test('the last hour is counted from the first look, over restarts of what counts, and forgets', () => {
  const hour = new HourCounts(['breaks'])
  const minute = 60_000
  expect(hour.take({ breaks: 50 }, 0)).toEqual({ breaks: 0 })
  expect(hour.take({ breaks: 53 }, minute)).toEqual({ breaks: 3 })
  expect(hour.take({ breaks: 2 }, 30 * minute)).toEqual({ breaks: 5 })
  expect(hour.take({ breaks: 2 }, 62 * minute)).toEqual({ breaks: 2 })
  expect(hour.take({ breaks: 2 }, 120 * minute)).toEqual({ breaks: 0 })
})
