/**
 * The writer where the world fails: a COMMIT whose answer is lost, a server that goes away, a second store, rows that
 * PostgreSQL refuses, a journal that is not the one it was. Whatever happens: each record once, or a refusal in words.
 */
import { rmSync } from 'node:fs'
import { createServer, connect as dial, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type StoreEvent, StoreWriter, startStoreWorker } from '#store'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { until } from '../support/recording.ts'
import { openStory, type Story, tellAtLength } from './writer-story.ts'
import { countRows, storeAll, tableDigests, untilStill, writerOptions } from './writer-support.ts'

let postgres: TestPostgres
let client: pg.Client
let story: Story
let right: Record<string, string>

beforeAll(async () => {
  postgres = await startPostgres()
  client = await postgres.connect()
  story = await tellAtLength(7, 600)
  await storeAll(writerOptions(postgres, story.journal, 'right'))
  right = await tableDigests(client, 'right')
}, 60_000)

afterAll(async () => {
  story.remove()
  await postgres.stop()
})

/** Between client and server: swallows the answer to every `nth` COMMIT and cuts the connection. */
async function commitSwallower(path: string, nth: number): Promise<{ port: number; cuts(): number; close(): void }> {
  let commits = 0
  let cuts = 0
  const sockets = new Set<Socket>()
  const server: Server = createServer((near) => {
    const far = dial(path)
    let isDeaf = false
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
    }
    near.on('data', (bytes) => {
      if (bytes.includes('COMMIT\0') && ++commits % nth === 0) isDeaf = true
      far.write(bytes)
    })
    far.on('data', (bytes) => {
      if (!isDeaf) {
        near.write(bytes)
        return
      }
      cuts++
      near.destroy()
      far.destroy()
    })
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    cuts: () => cuts,
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

test('a COMMIT whose answer is lost stores nothing twice', async () => {
  const proxy = await commitSwallower(join(postgres.config.host, '.s.PGSQL.5432'), 5)
  const events: StoreEvent[] = []
  try {
    const database = { ...postgres.config, host: '127.0.0.1', port: proxy.port }
    const options = { database, rowsMax: 40, batchRows: 1, onEvent: (event: StoreEvent) => events.push(event) }
    await storeAll(writerOptions(postgres, story.journal, 'swallowed', options))
  } finally {
    proxy.close()
  }
  expect(await tableDigests(client, 'swallowed')).toEqual(right)
  expect(proxy.cuts()).toBeGreaterThan(2)
  expect(events.filter(({ kind }) => kind === 'commit_confirmed').length).toBeGreaterThan(0)
}, 60_000)

test('two writers of one journal make the rows of one', async () => {
  const options = writerOptions(postgres, story.journal, 'two', { rowsMax: 20, batchRows: 1 })
  await storeAll({ ...options, durable: () => ({ segment: 1, offset: 0 }) }, true)
  const writers = [new StoreWriter(options), new StoreWriter(options)]
  for (const writer of writers) void writer.run()
  const isDone = async () => (await tableDigests(client, 'two'))['rl_sessions'] === right['rl_sessions']
  await until('one of them is done', isDone)
  await Promise.race(writers.map((writer) => untilStill(writer)))
  await Promise.all(writers.map((writer) => writer.stop()))
  expect(await tableDigests(client, 'two')).toEqual(right)
}, 60_000)

test('a row that cannot be is quarantined alone, with its bytes', async () => {
  const poisoned = await openStory()
  await poisoned.run()
  poisoned.connect()
  const sound = ['0.3000', '0.3100', '0.3200', '0.3300', '0.3400']
  const lifecycle = (title: string) =>
    `{"type":"market_lifecycle_v2","sid":3,"msg":{"market_ticker":"KXA-1","event_type":"created","title":"${title}"}}`
  for (const price of sound) poisoned.delta('KXA-1', price, '1.00')
  const poison = [
    '{"type":"trade","sid":9,"msg":{"trade_id":"x","market_ticker":"A\\u0000B","yes_price_dollars":"0.4","count_fp":"1.00","ts_ms":1786000000000}}',
    '{"type":"trade","sid":9,"msg":{"trade_id":"y\\u0000","market_ticker":"KXA-1","yes_price_dollars":"0.4","count_fp":"1.00","ts_ms":1786000000000}}',
    '{"type":"trade","sid":9,"msg":{"trade_id":"z","market_ticker":"KXA-1","yes_price_dollars":"0.4","count_fp":"1.00","ts_ms":4102444800000}}',
    '{"type":"trade","sid":9,"msg":{"trade_id":"w","market_ticker":"KXA-1","yes_price_dollars":"0.4","count_fp":"1.00","ts_ms":1}}',
    '{"type":"orderbook_delta","sid":99999999999,"seq":1,"msg":{"market_ticker":"KXA-1","price_dollars":"0.4000","delta_fp":"1.00","side":"yes","ts_ms":1}}',
    '{"type":"orderbook_delta","sid":1,"seq":',
    // No JSON that PostgreSQL takes: only the server finds it.
    lifecycle('\\ud800'),
  ]
  for (const text of poison) {
    poisoned.say(text)
    poisoned.say(lifecycle('sound'))
  }
  poisoned.frameOf(77, '{"type":"ok","id":1}')
  await poisoned.end()
  try {
    const status = await storeAll(writerOptions(postgres, poisoned.journal, 'poison'))
    const { rows } = await client.query<{ raw: Buffer; reason: string; sqlstate: string | null }>(
      `SELECT raw, reason, sqlstate FROM poison.rl_quarantine ORDER BY segment, "offset"`,
    )
    expect(rows.map(({ raw }) => raw.toString())).toEqual([...poison, '{"type":"ok","id":1}'])
    expect(rows.filter(({ sqlstate }) => sqlstate !== null).length).toBe(1)
    expect(status.quarantined).toBe(poison.length + 1)
    expect(await countRows(client, 'poison', 'rl_orderbook_deltas')).toBe(sound.length)
    expect(await countRows(client, 'poison', 'rl_market_lifecycle')).toBe(poison.length)
    expect(await countRows(client, 'poison', 'rl_trades')).toBe(0)
  } finally {
    poisoned.remove()
  }
}, 30_000)

describe('a journal that is not the one stored', () => {
  test('is refused when it is another', async () => {
    const other = await tellAtLength(8, 5)
    try {
      await expect(storeAll(writerOptions(postgres, other.journal, 'right'))).rejects.toMatchObject({
        code: 'FLOW_STORE_OTHER_JOURNAL',
      })
      await storeAll(writerOptions(postgres, other.journal, 'right', { severalJournals: true }))
      expect(await countRows(client, 'right', 'rl_ingest_cursor')).toBe(2)
    } finally {
      other.remove()
    }
  })

  test('is refused when it is an older copy', async () => {
    const copy = await tellAtLength(9, 300)
    try {
      await storeAll(writerOptions(postgres, copy.journal, 'older'))
      const { rows } = await client.query<{ segment: number }>('SELECT segment FROM older.rl_ingest_cursor')
      const name = String(rows[0]?.segment).padStart(10, '0')
      rmSync(join(copy.journal, `${name}.kfj`))
      await expect(storeAll(writerOptions(postgres, copy.journal, 'older'))).rejects.toMatchObject({
        code: 'FLOW_STORE_JOURNAL_OLDER',
      })
    } finally {
      copy.remove()
    }
  })
})

describe('in a thread of its own', () => {
  const optionsOf = (schema: string) => {
    const { durable: _, onEvent: __, disk: ___, ...options } = writerOptions(postgres, story.journal, schema)
    return options
  }

  test('it drains to the durable position, and says so', async () => {
    const worker = startStoreWorker({ ...optionsOf('thread'), flushIntervalMs: 60_000, batchRows: 1_000_000 })
    worker.durable(story.durable)
    const drained = await worker.drain(15_000)
    expect(drained).toEqual({ isComplete: true, position: story.durable, durable: story.durable })
    await worker.stop()
    expect(await tableDigests(client, 'thread')).toEqual(right)
  }, 30_000)

  test('it is ended and started anew when it falls silent, and counted', async () => {
    const worker = startStoreWorker({ ...optionsOf('silent'), silenceMsMax: 50 })
    await until('it was started anew', () => worker.status().restarts >= 2)
    await worker.stop()
  }, 30_000)

  test('it tells its owner why it must not go on', async () => {
    const worker = startStoreWorker({ ...optionsOf('x'), journalFolder: join(story.folder, 'nowhere') })
    expect(await worker.refused).toMatchObject({ code: 'FLOW_STORE_NO_JOURNAL' })
    await worker.stop()
  }, 30_000)
})

// The last of the file: the server of the others goes away here.
test('a server that goes away is waited for: nothing is lost, lag is told, memory is bounded', async () => {
  const events: StoreEvent[] = []
  const options = { rowsMax: 30, batchRows: 1, backoffMsMax: 200, onEvent: (event: StoreEvent) => events.push(event) }
  const writer = new StoreWriter(writerOptions(postgres, story.journal, 'away', options))
  void writer.run()
  await until('some rows are stored', () => writer.status.transactions >= 3)
  await postgres.halt('SIGKILL')
  await until('the failure is told', () => writer.status.state === 'waiting')
  await sleep(300)
  const { status } = writer
  expect(status.failures).toBeGreaterThan(0)
  expect(status.behindBytes).toBeGreaterThan(0)
  expect(status.behindMs).toBeGreaterThan(0)
  await postgres.restart()
  await untilStill(writer)
  await writer.stop()
  const again = await postgres.connect()
  expect(await tableDigests(again, 'away')).toEqual(right)
  expect(events.some(({ kind }) => kind === 'recovered')).toBe(true)
}, 60_000)
