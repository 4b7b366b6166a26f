/** The service as a process: what `start`, `record` and `serve` do for whoever runs them, from the outside. */
import { expect, test } from 'vitest'
import { listRuns } from '#app'
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
  isValid,
  kept,
  marketsOf,
  PLAIN,
  starting,
  urlOf,
} from './service-support.ts'

test('`start` with nothing configured is healthy in 15 s, moves books, trades, ends in 5 s, and goes on when started again', async () => {
  const data = folder()
  const startedMs = performance.now()
  const program = starting(data)
  const url = await urlOf(program)
  await until('it is healthy', () => isHealthy(url))
  expect(performance.now() - startedMs).toBeLessThan(15_000)
  await until('all books are valid', async () => {
    const markets = await marketsOf(url)
    return markets.length >= 20 && markets.every(({ valid }) => valid)
  })
  expect(program.logged('bounds')[0]).toMatchObject({ journal: 2 * 64 * 1024 ** 2, totalBytes: expect.any(Number) })
  expect(program.logged('disk_outlook')[0]).toMatchObject({ basis: 'expected', framesPerSecond: 150 })
  const volumes = async () => (await marketsOf(url)).map((each) => each.total_volume_fp)
  const before = await volumes()
  await until('books move', async () => String(await volumes()) !== String(before))
  await until('trades appear', async () => (await marketsOf(url)).some(({ last_trade }) => last_trade !== null))

  const askedMs = performance.now()
  program.kill('SIGINT')
  const { code, out } = await program.ended
  expect(performance.now() - askedMs).toBeLessThan(5_000)
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ isComplete: true, reason: 'SIGINT', restarts: 0 })

  const again = starting(data)
  const later = await urlOf(again)
  await until('it is healthy again', () => isHealthy(later))
  await until('it is connected', () => again.logged('connection_opened').length === 1)
  again.kill('SIGTERM')
  expect((await again.ended).code).toBe(0)
  const runs = await listRuns(`${data}/journal`)
  expect(runs.map(({ stopped }) => stopped?.reason)).toEqual(['SIGINT', 'SIGTERM'])
})

test('`start` whose port is taken says by whom, and has connected nowhere', async () => {
  const PORT = String(await aTakenPort())
  const { code, err, out } = await run(['start', '--no-store', '--data', folder(), '--json'], { ...PLAIN, PORT }).ended
  expect(code).toBe(2)
  expect(err).toContain('FLOW_API_PORT_TAKEN')
  expect(err).toContain(`process ${process.pid}`)
  expect(err).not.toContain('connection_opened')
  expect(JSON.parse(out)).toMatchObject({ error: { code: 'FLOW_API_PORT_TAKEN' } })
})

test('`start` whose API crashes goes on recording, and the API is back on the same port', async () => {
  const program = inspected()
  const url = await urlOf(program)
  await until('it is healthy', () => isHealthy(url))
  await evaluateInThread(program.err(), 'api-worker.ts', `setTimeout(() => { throw new Error('ended by a test') })`)
  await until('it was noticed', () => program.logged('thread_event').length > 0)
  await until('it is back', () => isHealthy(url))
  type Status = { stats: { recorder: { threads: object; message_age_ms: { p99: number } | null } } }
  const { recorder } = (await get<Status>(`${url}/rl/status`)).body.stats
  expect(recorder.threads).toMatchObject({
    api: { state: 'ready', restarts: 1 },
    exchange: { state: 'ready', restarts: 0 },
  })
  expect(recorder.message_age_ms).not.toBeNull()
  expect(program.logged('thread_event')[0]).toMatchObject({ thread: 'api', what: 'restarting', why: 'ended by a test' })
  program.kill('SIGINT')
  const { code, out } = await program.ended
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ isComplete: true, restarts: 1, connectionsLost: 0 })
})

test('`record` serves health and metrics and nothing else, and `serve` beside it the books', async () => {
  const exchange = await anExchange()
  const data = folder()
  const args = ['record', '--no-store', '--data', data, '--markets', exchange.tickers.join(','), '--port', '0']
  const recorder = kept(run(args, pointedAt(exchange)))
  const server = kept(run(['serve', '--no-store', '--data', data, '--port', '0'], PLAIN))
  const url = await urlOf(recorder)
  await until('it is healthy', () => isHealthy(url))
  expect(await (await fetch(`${url}/rl/metrics`)).text()).toMatch(/^kalshiflow_\w+/m)
  expect((await get(`${url}/rl/markets`)).status).toBe(404)

  const served = await urlOf(server)
  const [ticker] = exchange.tickers
  await until('the book is valid', async () => (await isValid(served, ticker!)) === true)
  recorder.kill('SIGTERM')
  expect((await recorder.ended).code).toBe(0)
  await until('the book is that of a recording that has ended', async () => (await isValid(served, ticker!)) === false)
  await until('it is no longer ready', async () => (await get(`${served}/rl/health`)).status === 503)
  server.kill('SIGINT')
  expect((await server.ended).code).toBe(0)
})
