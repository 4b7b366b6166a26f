/**
 * Databases of each released schema version are opened by today's program: migrated up, proved against their journal, read,
 * and made again from it with the same rows. A migration that was changed after its release is refused here.
 */
import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { migrate, readMigrations, readStatus } from '#store'
import type { GoldenData } from '../../scripts/golden-data.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { run } from '../support/program.ts'
import { aFolder } from '../support/recording.ts'

const FOLDER = join(import.meta.dirname, 'databases')
const VERSIONS = readdirSync(FOLDER)
  .map((name) => Number(/^v(\d+)\.sql\.gz$/.exec(name)?.[1]))
  .sort((a, b) => a - b)
/** Rows of these are what frames say, whatever the version. */
const COMPARED = [
  'rl_orderbook_deltas',
  'rl_orderbook_snapshots',
  'rl_trades',
  'rl_ticker',
  'rl_markets',
  'rl_connections',
  'rl_sessions',
]

let postgres: TestPostgres
let data: ReturnType<typeof aFolder>
const expected = JSON.parse(readFileSync(join(import.meta.dirname, 'data-v1/expected.json'), 'utf8')) as GoldenData
beforeAll(async () => {
  postgres = await startPostgres()
  data = aFolder()
  cpSync(join(import.meta.dirname, 'data-v1'), data.path, { recursive: true })
})
afterAll(async () => {
  await postgres.stop()
  data.remove()
})

async function restored(version: number, word: string): Promise<{ client: pg.Client; url: string }> {
  const name = `golden_v${version}_${word}`
  const admin = await postgres.connect()
  await admin.query(`CREATE DATABASE ${name}`)
  await admin.end()
  const url = postgres.url.replace(/\/postgres(?=\?|$)/, `/${name}`)
  const { default: driver } = await import('pg')
  const client = new driver.Client({ ...postgres.config, database: name })
  clients.push(client)
  await client.connect()
  await client.query(gunzipSync(readFileSync(join(FOLDER, `v${version}.sql.gz`))).toString('utf8'))
  return { client, url }
}

/** Where a market was first heard of is the command that asked for it since version 8; before, its first frame. */
const SINCE_ELSEWHERE = ['first_ns', 'first_offset', 'first_segment']

/** Rows without what says when the database was written. */
async function rowsOf(client: pg.Client, table: string): Promise<string[]> {
  const { rows } = await client.query<{ row: string }>(
    `SELECT (to_jsonb(t) - $1::text[])::text AS row FROM kalshiflow.${table} t`,
    [['moved_at', 'updated_at', ...SINCE_ELSEWHERE]],
  )
  return rows.map(({ row }) => row).sort()
}

const clients: pg.Client[] = []
afterEach(async () => {
  for (const each of clients.splice(0)) await each.end()
})

describe.each(VERSIONS)('a database of version %i', (version) => {
  test('is brought up, with every row that it had', { timeout: 60_000 }, async () => {
    const { client } = await restored(version, 'up')
    const before = new Map<string, number>()
    for (const table of COMPARED) before.set(table, (await rowsOf(client, table)).length)
    const { version: now, applied } = await migrate(client)
    expect(applied.length).toBe((await readMigrations()).length - version)
    expect(await readStatus(client)).toMatchObject({ version: now, pending: [] })
    for (const table of COMPARED)
      expect([table, (await rowsOf(client, table)).length]).toEqual([table, before.get(table)])
    expect(before.get('rl_orderbook_deltas')).toBeGreaterThan(200)
  })
})

// The program takes seconds for each; what differs between versions is what the migrations do, which is told above.
describe.each([VERSIONS[0]!, VERSIONS.at(-1)!])('one of version %i', (version) => {
  test('is proved, read, and made again with the same rows', { timeout: 60_000 }, async () => {
    const { client, url } = await restored(version, 'again')
    const settings = { DATABASE_URL: url, LOG_FORMAT: 'json' }
    const at = ['--data', data.path, '--json']
    const up = await run(['db', 'migrate', ...at], settings).ended
    expect(up.code).toBe(0)
    const [verify, book] = await Promise.all([
      run(['verify', ...at], settings).ended,
      run(['book', '--all', '--from', 'database', ...at], settings).ended,
    ])
    expect(JSON.parse(verify.out)).toMatchObject({ faults: [] })
    const { books } = JSON.parse(book.out) as { books: { market_ticker: string; seq: number }[] }
    const wanted = Object.entries(expected.books).map(([ticker, { seq }]) => [ticker, seq])
    expect(books.map(({ market_ticker: ticker, seq }) => [ticker, seq]).sort()).toEqual(wanted.sort())

    const upgraded = new Map<string, string[]>()
    for (const table of COMPARED) upgraded.set(table, await rowsOf(client, table))
    const rebuilt = await run(['db', 'rebuild', ...at], settings).ended
    expect([rebuilt.code, JSON.parse(rebuilt.out)]).toMatchObject([0, { unreadable: 0, quarantined: 0 }])
    for (const table of COMPARED) expect(await rowsOf(client, table)).toEqual(upgraded.get(table))
    const models = version >= 3 ? [{ model_name: 'golden' }] : []
    expect((await client.query('SELECT model_name FROM kalshiflow.rl_models')).rows).toEqual(models)
  })
})

test('a migration that was changed after its release is refused', async () => {
  const { client } = await restored(6, 'changed')
  const migrations = (await readMigrations()).map((each) =>
    each.version === 3 ? { ...each, checksum: 'f'.repeat(64) } : each,
  )
  await expect(migrate(client, { migrations })).rejects.toMatchObject({ code: 'FLOW_SCHEMA_CHANGED' })
})

test('there is one for each version that was released', () => {
  expect(VERSIONS.slice(0, 6)).toEqual([1, 2, 3, 4, 5, 6])
  expect(VERSIONS).toEqual(VERSIONS.map((_, index) => index + 1))
})
