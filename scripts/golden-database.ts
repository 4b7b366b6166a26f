/**
 * Makes a golden database: one text of SQL that leaves a schema as a program of that version left it, rows of the golden
 * journal included. Run when a version of the schema is released, and committed; test/golden/databases.faults.test.ts opens
 * it with every program after. Its text is its own: it does not read the migrations again when it is loaded.
 *
 *   node --conditions=source scripts/golden-database.ts 8 test/golden/data-v1 test/golden/databases
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type pg from 'pg'
import type { Position } from '#domain'
import { FileDisk, openCursor } from '#journal'
import { migrate, readMigrations, TABLES } from '#store'
import { storeAll, writerOptions } from '../test/store/writer-support.ts'
import { startPostgres } from '../test/support/postgres.ts'

const SCHEMA = 'kalshiflow'
const QUOTED = `"${SCHEMA}"`

async function makeGoldenDatabase(version: number, data: string, target: string): Promise<void> {
  const postgres = await startPostgres()
  try {
    const end = await lastPosition(join(data, 'journal'))
    await storeAll(writerOptions(postgres, join(data, 'journal'), SCHEMA, { durable: () => end }))
    const full = await postgres.connect()
    await full.query('CREATE DATABASE of_version')
    // What no journal holds, and a rebuild leaves alone.
    await full.query(
      `INSERT INTO ${QUOTED}.rl_models (model_name, version, algorithm, created_at, updated_at) VALUES ('golden', '1', 'ppo', '2026-11-22', '2026-11-22')`,
    )
    const migrations = (await readMigrations()).slice(0, version)
    const client = await connectTo(postgres.config, 'of_version')
    await migrate(client, { schema: SCHEMA, migrations })
    const lines = [
      `-- A schema of version ${version} with the rows of test/golden/data-v1: made by scripts/golden-database.ts, never edited.`,
      `CREATE SCHEMA ${QUOTED};`,
      `CREATE TABLE ${QUOTED}.rl_schema_migrations (version integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());`,
      ...migrations.flatMap(({ version: number, name, checksum, sql }) => [
        sql.replaceAll(':"schema"', () => QUOTED),
        `INSERT INTO ${QUOTED}.rl_schema_migrations (version, name, checksum) VALUES (${number}, '${name}', '${checksum}');`,
      ]),
      ...(await partitionsOf(full)),
    ]
    for (const table of tablesInOrder(await tableNames(client))) lines.push(...(await rowsOf(full, client, table)))
    await client.end()
    mkdirSync(target, { recursive: true })
    writeFileSync(join(target, `v${version}.sql.gz`), gzipSync(`${lines.join('\n')}\n`, { level: 9 }))
  } finally {
    await postgres.stop()
  }
}

/** Behind the last record: what is torn is never reached. */
async function lastPosition(folder: string): Promise<Position> {
  let last: Position = { segment: 0, offset: 0 }
  for await (const { next } of openCursor({ disk: new FileDisk(), folder }).records()) last = next
  return last
}

async function connectTo(config: pg.ClientConfig, database: string): Promise<pg.Client> {
  const { default: driver } = await import('pg')
  const client = new driver.Client({ ...config, database })
  await client.connect()
  return client
}

async function tableNames(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1`,
    [SCHEMA],
  )
  return rows.map(({ name }) => name).filter((name) => name !== 'rl_schema_migrations')
}

/** Tables that others point at come first. */
const tablesInOrder = (names: readonly string[]): string[] =>
  [...TABLES].reverse().filter((each) => names.includes(each))

async function partitionsOf(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ child: string; parent: string; bound: string }>(
    `SELECT child.relname AS child, parent.relname AS parent, pg_get_expr(child.relpartbound, child.oid) AS bound
     FROM pg_inherits i JOIN pg_class child ON child.oid = i.inhrelid JOIN pg_class parent ON parent.oid = i.inhparent
     JOIN pg_namespace n ON n.oid = parent.relnamespace
     WHERE n.nspname = $1 AND parent.relkind = 'p' AND child.relkind = 'r' AND parent.relname <> 'rl_index' ORDER BY 1`,
    [SCHEMA],
  )
  return rows.map(
    ({ child, parent, bound }) => `CREATE TABLE ${QUOTED}.${child} PARTITION OF ${QUOTED}.${parent} ${bound};`,
  )
}

/** The rows of a table in the columns that it had in that version, as one INSERT. */
async function rowsOf(full: pg.Client, client: pg.Client, table: string): Promise<string[]> {
  const { rows: columns } = await client.query<{ name: string; identity: string; generated: string }>(
    `SELECT column_name AS name, is_identity AS identity, is_generated AS generated FROM information_schema.columns
     WHERE table_schema = $1 AND table_name = $2 ORDER BY ordinal_position`,
    [SCHEMA, table],
  )
  const names = columns.filter(({ generated }) => generated === 'NEVER').map(({ name }) => `"${name}"`)
  const { rows } = await full.query<{ row: string }>(
    `SELECT concat_ws(', ', ${names.map((name) => `quote_nullable(${name}::text)`).join(', ')}) AS row FROM ${QUOTED}.${table}`,
  )
  if (rows.length === 0) return []
  const always = columns.some(({ identity }) => identity === 'YES') ? ' OVERRIDING SYSTEM VALUE' : ''
  const values = rows.map(({ row }) => `(${row})`).join(',\n')
  return [`INSERT INTO ${QUOTED}.${table} (${names.join(', ')})${always} VALUES\n${values};`]
}

if (import.meta.main) {
  const [version, data, target] = process.argv.slice(2)
  if (data === undefined || target === undefined)
    throw new Error('needs a version, a golden data folder and a folder to write to')
  await makeGoldenDatabase(Number(version), data, target)
  process.exit(0)
}
