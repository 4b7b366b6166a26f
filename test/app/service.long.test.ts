/** The service as a process through what takes longer: settlements, hung threads, databases and disks that are away. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { FileDisk, openJournal, SystemClock } from '#journal'
import { evaluateInThread } from '../support/inspected.ts'
import { pointedAt, run } from '../support/program.ts'
import { until } from '../support/recording.ts'
import {
  anExchange,
  aTakenPort,
  folder,
  get,
  inspected,
  isHealthy,
  kept,
  type Markets,
  marketsOf,
  PLAIN,
  starting,
  urlOf,
} from './service-support.ts'

/** Other tests may take all of the machine. */
const LONG_MS = 60_000

const isLive = (program: ReturnType<typeof starting>) => () =>
  program.logged('session_state').some(({ to }) => to === 'live')

test('in the built-in exchange a market settles within three minutes, and its result is told', async () => {
  const program = starting(folder())
  const url = await urlOf(program)
  await until('it is healthy', () => isHealthy(url), LONG_MS)
  const startedMs = performance.now()
  let settled: Markets['markets'][number] | undefined
  const look = async () => {
    settled = (await marketsOf(url)).find((each) => each.settlement_value_dollars !== null)
    await sleep(200)
    return settled !== undefined
  }
  await until('a market has settled', look, 180_000)
  process.stdout.write(`the first settlement was seen after ${Math.round((performance.now() - startedMs) / 1000)} s\n`)
  expect(settled?.result).toMatch(/yes|no|scalar/)
  await until('what has closed is let go', () => program.logged('markets_let_go').length > 0, 2 * LONG_MS)
  await until('what has opened is taken in', () => program.logged('markets_added').length > 0, LONG_MS)
  program.kill('SIGINT')
  expect((await program.ended).code).toBe(0)
})

test('a thread of the API that hangs is ended and replaced, and the recorder does not notice', async () => {
  const program = inspected()
  const url = await urlOf(program)
  await until('it is healthy', () => isHealthy(url), LONG_MS)
  await evaluateInThread(program.err(), 'api-worker.ts', 'setTimeout(() => { for (;;); })')
  await until('it was noticed', () => program.logged('thread_event').length > 0, LONG_MS)
  expect(program.logged('thread_event')[0]?.['why']).toMatch(/no sign of life for 1\d(\.\d)? s/)
  await until('it is back', () => isHealthy(url), LONG_MS)
  program.kill('SIGINT')
  expect(JSON.parse((await program.ended).out)).toMatchObject({ isComplete: true, connectionsLost: 0 })
})

test('when the built-in exchange crashes, the recorder connects to the one that takes its place', async () => {
  const program = inspected()
  await until('it is connected', isLive(program), LONG_MS)
  await evaluateInThread(program.err(), 'exchange-worker.ts', 'setTimeout(() => process.exit(1))')
  await until('it is connected again', () => program.logged('connection_opened').length > 1, LONG_MS)
  expect(program.logged('thread_event')[0]).toMatchObject({ thread: 'exchange', what: 'restarting' })
  program.kill('SIGINT')
  const { code, out } = await program.ended
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ restarts: 1 })
})

test('`start` of one environment on a folder of another is refused before it connects', async () => {
  const data = folder()
  const writing = { disk: new FileDisk(), clock: new SystemClock(), writer: 'test' }
  const journal = await openJournal({ ...writing, folder: `${data}/journal`, environment: 'prod' })
  await journal.close()
  const { code, err } = await run(['start', '--sim', '--no-store', '--data', data], PLAIN).ended
  expect(code).toBe(2)
  expect(err).toContain('FLOW_JOURNAL_ENVIRONMENT')
  expect(err).not.toContain('connection_opened')
})

test('`start` without its database goes on recording, says so, and ends with 3', async () => {
  const database = `postgresql://u:secret@127.0.0.1:${await aTakenPort('closing')}/d`
  const program = kept(run(['start', '--data', folder(), '--json', '--database', database], PLAIN))
  await until('it was told', () => program.logged('database_failed').length > 0)
  await until('it records', isLive(program), LONG_MS)
  program.kill('SIGINT')
  const { code, out, err } = await program.ended
  expect(code).toBe(3)
  expect(JSON.parse(out)).toMatchObject({ isComplete: true, store: { state: 'unavailable' } })
  expect(err).not.toContain('secret')
})

test('`start` that ends answers health until then; told twice it ends at once, and the next one goes on from what was durable', async () => {
  const data = folder()
  // A database that takes connections and never answers is waited for at the end.
  const database = `postgresql://u@127.0.0.1:${await aTakenPort()}/d`
  const program = kept(run(['start', '--data', data, '--database', database], PLAIN))
  await until('it records', isLive(program), LONG_MS)
  program.kill('SIGINT')
  await until('it ends', () => program.logged('stopping').length > 0)
  await sleep(400)
  // The journal is closed by now, the store is still waited for.
  const url = await urlOf(program)
  const health = () => get<{ reasons: { code: string }[] }>(`${url}/rl/health`)
  await until('health says that it ends', async () =>
    (await health()).body.reasons.some(({ code }) => code === 'stopping'),
  )
  expect((await health()).status).toBe(503)
  const askedMs = performance.now()
  program.kill('SIGINT')
  expect((await program.ended).code).toBe(130)
  expect(performance.now() - askedMs).toBeLessThan(1_000)
  const again = await run(['start', '--no-store', '--data', data, '--for', '1s', '--json'], PLAIN).ended
  expect(again.code).toBe(0)
})

test('`record` whose port is taken goes on without health, and says so', async () => {
  const exchange = await anExchange()
  const PORT = String(await aTakenPort())
  const args = ['record', '--no-store', '--data', folder(), '--markets', exchange.tickers[0]!, '--for', '1s', '--json']
  const program = run(args, { ...pointedAt(exchange), PORT })
  const { code, out } = await program.ended
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ isComplete: true, connections: 1 })
  expect(program.logged('api_absent')[0]).toMatchObject({ code: 'FLOW_API_PORT_TAKEN' })
})

test('`record` whose clock is off says so when its signatures are refused', async () => {
  const exchange = await anExchange({ clockOffsetMs: 3_600_000 })
  const args = ['record', '--no-store', '--data', folder(), '--markets', exchange.tickers[0]!, '--for', '1s']
  const program = run(args, { ...pointedAt(exchange), PORT: '0' })
  expect((await program.ended).code).toBe(1)
  const [refused] = program.logged('connect_failed')
  expect(refused).toMatchObject({ code: 'FLOW_CLOCK_OFF', msg: expect.stringContaining('NTP') })
})
