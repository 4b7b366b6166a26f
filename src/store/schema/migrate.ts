/**
 * Brings a schema to the version of this program: each pending migration in a transaction of its own, under an advisory
 * lock that ends with the transaction.
 *
 * Two programs at once take turns and each migration runs once. Whatever fails leaves the schema at the last migration
 * that succeeded. Nothing outside the schema is touched.
 */
import { type Database, inTransaction } from './database.ts'
import { SchemaError, sqlStateOf } from './errors.ts'
import { type Migration, readMigrations, renderMigration } from './migrations.ts'
import { checkSchemaName, DEFAULT_SCHEMA, lockKey, quoteName } from './names.ts'
import { MIGRATIONS_TABLE } from './objects.ts'

export type MigrateOptions = {
  /** Default `kalshiflow`. */
  readonly schema?: string
  /** Default: the program's own. */
  readonly migrations?: readonly Migration[]
}

export type Migrated = {
  /** The schema's version afterwards. */
  readonly version: number
  /** The migrations that this call applied, in order. */
  readonly applied: readonly string[]
}

export type AppliedMigration = { readonly version: number; readonly name: string; readonly checksum: string }

/** Returns what was applied; nothing when the schema is up to date. Throws a {@link SchemaError}, or the connection's error. */
export async function migrate(database: Database, options: MigrateOptions = {}): Promise<Migrated> {
  const schema = checkSchemaName(options.schema ?? DEFAULT_SCHEMA)
  const migrations = options.migrations ?? (await readMigrations())
  const applied: string[] = []
  for (;;) {
    const step = await inTransaction(database, () => applyNext(database, schema, migrations))
    if (step === undefined) return { version: migrations.length, applied }
    applied.push(step.name)
  }
}

/** What the schema has applied, in order; `undefined` when there is no schema of ours under the name. */
export async function readApplied(database: Database, schema: string): Promise<AppliedMigration[] | undefined> {
  if (!(await tableExists(database, schema, MIGRATIONS_TABLE))) return undefined
  const { rows } = await database.query(
    `SELECT version, name, checksum FROM ${quoteName(schema)}.${MIGRATIONS_TABLE} ORDER BY version`,
  )
  return rows.map((row) => ({
    version: Number(row['version']),
    name: String(row['name']),
    checksum: String(row['checksum']),
  }))
}

/** Throws unless the applied migrations are the first ones of those this program knows, to the letter. */
export function checkApplied(
  schema: string,
  applied: readonly AppliedMigration[],
  migrations: readonly Migration[],
): void {
  for (const [index, each] of applied.entries()) {
    const known = migrations[index]
    if (known === undefined) {
      throw new SchemaError(
        'FLOW_SCHEMA_NEWER',
        `Schema '${schema}' is at version ${applied.length} and this program knows ${migrations.length}: a later version of it was here. Use that version, or another schema.`,
        { schema, found: applied.length, known: migrations.length },
      )
    }
    if (each.version === known.version && each.checksum === known.checksum) continue
    throw new SchemaError(
      'FLOW_SCHEMA_CHANGED',
      `Migration ${each.version} (${each.name}) of schema '${schema}' was applied with checksum ${each.checksum.slice(0, 12)}, and this program's has ${known.checksum.slice(0, 12)}. Use the version that made the schema, or make it again with a reset.`,
      { schema, version: each.version, found: each.checksum, needed: known.checksum },
    )
  }
}

/** The migration applied; `undefined` when none was pending. */
async function applyNext(
  database: Database,
  schema: string,
  migrations: readonly Migration[],
): Promise<Migration | undefined> {
  await database.query('SELECT pg_catalog.pg_advisory_xact_lock($1)', [lockKey('migrate', schema)])
  const applied = await readApplied(database, schema)
  if (applied !== undefined) checkApplied(schema, applied, migrations)
  const next = migrations[applied?.length ?? 0]
  if (next === undefined) return undefined
  if (applied === undefined) await prepare(database, schema)
  try {
    await database.query(renderMigration(next, schema))
  } catch (cause) {
    throw explain(schema, next, cause)
  }
  await database.query(
    `INSERT INTO ${quoteName(schema)}.${MIGRATIONS_TABLE} (version, name, checksum) VALUES ($1, $2, $3)`,
    [next.version, next.name, next.checksum],
  )
  return next
}

/** The schema, unless it is there (its owner may not let us make schemas), and the table that remembers migrations. */
async function prepare(database: Database, schema: string): Promise<void> {
  const { rows } = await database.query('SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1', [schema])
  if (rows.length === 0) await database.query(`CREATE SCHEMA ${quoteName(schema)}`)
  await database.query(`
    CREATE TABLE ${quoteName(schema)}.${MIGRATIONS_TABLE} (
      version integer PRIMARY KEY,
      name text NOT NULL,
      checksum text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    )`)
}

async function tableExists(database: Database, schema: string, table: string): Promise<boolean> {
  const { rows } = await database.query(
    `SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2`,
    [schema, table],
  )
  return rows.length > 0
}

const TAKEN = ['42P07', '42723', '42710']

function explain(schema: string, migration: Migration, cause: unknown): unknown {
  const state = sqlStateOf(cause)
  // The connection's own failures pass through, for the caller knows how to wait and try again.
  if (state === undefined || /^(08|40|53|55|57)/.test(state)) return cause
  const said = (cause as Error).message
  const fields = { schema, version: migration.version, sqlState: state }
  if (TAKEN.includes(state)) {
    return new SchemaError(
      'FLOW_SCHEMA_OCCUPIED',
      `Schema '${schema}' holds something of another program's under one of our names (${said}). Nothing was changed; choose a schema of our own.`,
      fields,
      cause,
    )
  }
  return new SchemaError(
    'FLOW_SCHEMA_MIGRATION',
    `Migration ${migration.version} (${migration.name}) failed on schema '${schema}' and was rolled back: ${said}`,
    fields,
    cause,
  )
}
