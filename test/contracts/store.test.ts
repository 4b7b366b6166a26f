/** Both adapters of the store's database, and that a writer makes the same rows in either. */
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MemoryStore, type StoreOperation, StoreWriter } from '#store'
import { PostgresDatabase } from '../../src/store/writer/postgres-database.ts'
import { tellAtLength } from '../store/writer-story.ts'
import { storeAll, writerOptions } from '../store/writer-support.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { until } from '../support/recording.ts'
import { keepsTheStoreContract } from './store.ts'

let postgres: TestPostgres
let client: pg.Client
let schemas = 0

beforeAll(async () => {
  postgres = await startPostgres()
  client = await postgres.connect()
}, 60_000)

afterAll(() => postgres.stop())

keepsTheStoreContract('a store in memory', async () => {
  const database = new MemoryStore()
  return { database, count: async (table) => database.rows(table).length }
})

keepsTheStoreContract('PostgreSQL', async () => {
  const schema = `contract_${++schemas}`
  return {
    database: new PostgresDatabase(postgres.config, schema, { lockMs: 5_000, statementMs: 60_000, idleMs: 30_000 }),
    count: async (table) => Number((await client.query(`SELECT count(*) AS n FROM ${schema}.${table}`)).rows[0].n),
  }
})

const TABLES = [
  'rl_markets',
  'rl_orderbook_deltas',
  'rl_orderbook_snapshots',
  'rl_trades',
  'rl_trade_ids',
  'rl_ticker',
  'rl_sessions',
  'rl_connections',
  'rl_gaps',
  'rl_validity',
  'rl_audits',
  'rl_quarantine',
]

/** A row in words that both adapters share: numbers as text, columns by name, those without a value left out. */
const textOf = (row: Record<string, unknown>): string =>
  Object.entries(row)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => {
      if (value instanceof Uint8Array) return `${name}=${Buffer.from(value).toString('hex')}`
      return `${name}=${Array.isArray(value) || typeof value !== 'object' ? String(value) : JSON.stringify(value)}`
    })
    .sort()
    .join(' ')

test('a writer makes the same rows in either', async () => {
  const story = await tellAtLength(3, 120)
  const memory = new MemoryStore()
  try {
    await storeAll(writerOptions(postgres, story.journal, 'same', { rowsMax: 50 }))
    await storeAll({ ...writerOptions(postgres, story.journal, 'same', { rowsMax: 30 }), database: memory })
  } finally {
    story.remove()
  }
  for (const table of TABLES) {
    const { rows } = await client.query<Record<string, unknown>>(`SELECT * FROM same.${table}`)
    expect(memory.rows(table).map(textOf).sort(), table).toEqual(rows.map(textOf).sort())
  }
  expect(memory.rows('rl_gaps').length).toBeGreaterThan(5)
}, 30_000)

test('a writer that could never commit says how far it is behind, from the first record on', async () => {
  const story = await tellAtLength(3, 20)
  const fault = (operation: StoreOperation) => (operation === 'commit' ? ('refused' as const) : undefined)
  const writer = new StoreWriter({
    ...writerOptions(postgres, story.journal, 'same'),
    database: new MemoryStore({ fault }),
  })
  const running = writer.run()
  try {
    await until('a commit has failed', () => writer.status.failures > 0)
    expect(writer.status).toMatchObject({ rows: 0 })
    expect(writer.status.behindMs).toBeGreaterThan(0)
  } finally {
    await writer.stop()
    await running
    story.remove()
  }
}, 30_000)
