/** What a user sees after a night in which a recorder was killed: gaps, report and reparse, as processes over its data. */
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { askRecorder } from '#app'
import { type RunningExchange, startExchange } from '#exchange'
import { DEMO } from '../support/captures.ts'
import { pointedAt, type Running, run } from '../support/program.ts'
import { aFolder, until } from '../support/recording.ts'

const { path: data, remove } = aFolder()
const cleanups: (() => unknown)[] = [remove]
let exchange: RunningExchange
let second: Running

const flags = ['--data', data]

/** Recording until every book is valid, and a little longer. */
async function record(): Promise<Running> {
  const markets = ['--markets', exchange.tickers.join(',')]
  const program = run(['record', '--no-serve', ...flags, ...markets], pointedAt(exchange))
  cleanups.push(() => program.kill('SIGKILL'))
  await until('all books are valid', async () => {
    const status = await askRecorder(data, { ask: 'status' }).catch(() => undefined)
    const { asked = 0, valid = 0 } = status?.markets ?? {}
    return asked > 0 && valid === asked && status?.store?.state === 'writing'
  })
  await sleep(500)
  return program
}

async function ask(...args: string[]) {
  const { code, out, err } = await run([...args, ...flags, '--json']).ended
  if (code === 2) throw new Error(`${args.join(' ')} could not run: ${err}`)
  return { code, body: JSON.parse(out) }
}

const causesOf = (body: { holes: { cause: string; closed_by: string | null }[] }) =>
  body.holes.map(({ cause, closed_by }) => `${cause} ${closed_by}`)

beforeAll(async () => {
  mkdirSync(data, { recursive: true })
  exchange = await startExchange({ port: 0, keyType: 'ed25519', capture: DEMO, ratePerSecond: 500, loop: true })
  cleanups.push(() => exchange.close())
  const first = await record()
  first.kill('SIGKILL')
  await first.ended
}, 120_000)

afterAll(async () => {
  for (const each of cleanups.reverse()) await each()
})

test('a killed recorder’s hole goes on until it is started again, and report says that the day is not clean', async () => {
  const gaps = await ask('gaps')
  expect([gaps.code, causesOf(gaps.body), gaps.body.died]).toEqual([1, ['process_down null'], true])
  const report = await ask('report')
  const faulty = report.body.lines.filter((each: { ok: boolean }) => !each.ok)
  expect([report.code, report.body.clean]).toEqual([1, false])
  expect(faulty.map(({ name }: { name: string }) => name)).toEqual(expect.arrayContaining(['uptime', 'holes', 'clean']))
}, 90_000)

test('started again, the hole is closed by snapshots; journal and database tell the same; reparse waits for its turn', async () => {
  second = await record()
  const live = await ask('report')
  const status = await askRecorder(data, { ask: 'status' })
  expect(live.body.alarms).toEqual(status.alerts?.firing)
  expect(live.body.disk.days_left).toBe(Math.floor(status.disk?.days_left ?? -1))
  expect(live.body.archive).toBeNull()
  expect((await run(['reparse', '--from', '1', ...flags]).ended).err).toContain('FLOW_STILL_RECORDING')
  second.kill('SIGTERM')
  await second.ended
  // Markets stay open while nobody records, so that both have to look at the same moment.
  const to = new Date().toISOString()
  const fromJournal = await ask('gaps', '--markets', '--to', to)
  expect(causesOf(fromJournal.body)).toEqual(['process_down snapshot', 'recording_stopped null'])
  const { body } = await ask('gaps', '--markets', '--to', to, '--source', 'database')
  expect({ ...body, source: 'journal' }).toEqual(fromJournal.body)
  for (const day of [...body.days, ...body.markets]) {
    expect(day.open_seconds).toBeGreaterThanOrEqual(day.asked_seconds)
    expect(day.clean_percent).toBeCloseTo((100 * day.clean_seconds) / day.open_seconds, 1)
    expect(day.held_percent).toBeCloseTo((100 * day.clean_seconds) / day.asked_seconds, 1)
  }
}, 90_000)

test('reparse makes the same rows again, and verify finds no fault', async () => {
  const { code, body } = await ask('reparse', '--from', '1:4096')
  expect([code, body.after]).toEqual([0, body.before])
  expect(body.after.rl_orderbook_deltas).toBeGreaterThan(100)
  expect((await ask('verify')).code).toBe(0)
}, 90_000)

test('a report is sent to the targets of the alarms, and a target that does not take it is told', async () => {
  const received: { title: string }[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk) => {
      text += chunk
    })
    request.on('end', () => {
      received.push(JSON.parse(text))
      response.end()
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  cleanups.push(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  const sent = await run(['report', '--send', ...flags], { KALSHIFLOW_ALERT_WEBHOOK_URL: url }).ended
  expect([sent.code, received.map(({ title }) => title)]).toEqual([1, [expect.stringContaining('NOT clean: uptime')]])
  const nowhere = await run(['report', '--send', ...flags]).ended
  expect([nowhere.code, nowhere.err]).toEqual([2, expect.stringContaining('KALSHIFLOW_ALERT_WEBHOOK_URL')])
}, 90_000)
