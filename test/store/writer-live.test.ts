/** The store beside a recorder that records: it keeps up, and at the end every frame is a row. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startStoreWorker } from '#store'
import { DEMO } from '../support/captures.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { record, until } from '../support/recording.ts'
import { countRows } from './writer-support.ts'

let postgres: TestPostgres

beforeAll(async () => {
  postgres = await startPostgres()
}, 60_000)

afterAll(() => postgres.stop())

test('a recording of 1,000 frames a second is stored while it runs, and whole once it has stopped', async () => {
  const recording = await record({ capture: DEMO, ratePerSecond: 1_000, loop: true, startAfterMarkets: 6 })
  const { recorder, folder } = recording
  const worker = startStoreWorker({
    journalFolder: `${folder}/journal`,
    database: postgres.config,
    flushIntervalMs: 100,
  })
  const pump = setInterval(() => worker.durable(recorder.journal.durable), 10)
  try {
    await until('rows are stored', () => worker.status().rows > 500)
    let worstMs = 0
    for (let look = 0; look < 20; look++) {
      await sleep(100)
      worstMs = Math.max(worstMs, worker.status().behindMs)
    }
    expect(worstMs).toBeLessThan(2_000)
    const account = await recorder.stop('test ended')
    clearInterval(pump)
    worker.durable(account.durable)
    expect(await worker.drain(10_000)).toEqual({
      isComplete: true,
      position: account.durable,
      durable: account.durable,
    })
    const client = await postgres.connect()
    expect(await countRows(client, 'kalshiflow', 'rl_quarantine')).toBe(0)
    const { counts } = recorder.fold
    expect(await countRows(client, 'kalshiflow', 'rl_orderbook_deltas')).toBe(counts.deltas)
    expect(await countRows(client, 'kalshiflow', 'rl_orderbook_snapshots', 'kind = 0')).toBe(counts.snapshots)
    expect(await countRows(client, 'kalshiflow', 'rl_ticker')).toBe(counts.tickers)
    expect(await countRows(client, 'kalshiflow', 'rl_sessions', 'stopped_ns IS NOT NULL')).toBe(1)
    expect(await countRows(client, 'kalshiflow', 'rl_connections', `cause = 'stopped'`)).toBe(1)
  } finally {
    clearInterval(pump)
    await worker.stop()
    await recording.close()
  }
}, 40_000)
