/**
 * The two ways to throw rows away. A rebuild empties what the journal can make again; a reset drops everything of ours,
 * models included. Both go by our own names and never cascade into another program's objects.
 */
import { type Database, inTransaction } from './database.ts'
import { SchemaError, sqlStateOf } from './errors.ts'
import { readApplied } from './migrate.ts'
import { checkSchemaName, DEFAULT_SCHEMA, lockKey, quoteName } from './names.ts'
import { DERIVED_TABLES, FUNCTIONS, PARTITIONED_TABLES, TABLES, VIEWS } from './objects.ts'

/** A server's default room is for 6,400 locks, and a partition with its indexes takes up to seven. */
const DAYS_AT_ONCE = 200

export type RebuildOptions = { readonly schema?: string }

export type ResetOptions = {
  readonly schema?: string
  /** The schema's name once more: models and trading rows cannot be made again. */
  readonly confirm: string
}

/**
 * Empties every table that is made from the journal, cursors included, so that the store begins at the journal's start.
 * Models, episodes and actions stay. Throws `FLOW_SCHEMA_ABSENT` and `FLOW_SCHEMA_DEPENDED`.
 *
 * Up to {@link DAYS_AT_ONCE} partitions are emptied in one transaction with the rest. Of more, the others go first, that
 * many at a time, for a server locks only so many things at once; interrupted there, it must be run again.
 */
export async function rebuildPrepare(database: Database, options: RebuildOptions = {}): Promise<void> {
  const schema = checkSchemaName(options.schema ?? DEFAULT_SCHEMA)
  const truncate = (names: readonly string[]) =>
    database.query(`TRUNCATE ${names.map((name) => qualify(schema, name)).join(', ')} RESTART IDENTITY`)
  for (;;) {
    const done = await inOurSchema(database, schema, async () => {
      // The writer moves its cursor first: whoever holds the cursor has no writer beside it.
      await database.query(`LOCK TABLE ${qualify(schema, 'rl_ingest_cursor')} IN ACCESS EXCLUSIVE MODE`)
      const days = await findFilledDays(database, schema)
      if (days.length <= DAYS_AT_ONCE) {
        const whole = (name: string) => !(PARTITIONED_TABLES as readonly string[]).includes(name)
        const tables = [...days, ...(await findOurs(database, schema, DERIVED_TABLES)).filter(whole)]
        if (tables.length > 0) await truncate(tables)
        return true
      }
      await truncate(days.slice(0, DAYS_AT_ONCE))
      return false
    })
    if (done) return
  }
}

/**
 * Drops everything of ours in one transaction; the schema itself stays. Returns the names of the tables and views
 * dropped. Throws as {@link rebuildPrepare} does, and `FLOW_SCHEMA_LOCKS`.
 */
export async function reset(database: Database, options: ResetOptions): Promise<string[]> {
  const schema = checkSchemaName(options.schema ?? DEFAULT_SCHEMA)
  if (options.confirm !== schema) {
    throw new SchemaError(
      'FLOW_SCHEMA_UNCONFIRMED',
      `A reset throws away every table of schema '${schema}', models and trading rows included; confirm it with the schema's name, found '${options.confirm}'.`,
      { schema },
    )
  }
  return inOurSchema(database, schema, async () => {
    const views = await findOurs(database, schema, VIEWS)
    const tables = await findOurs(database, schema, TABLES)
    const named = (names: readonly string[]) => names.map((name) => qualify(schema, name)).join(', ')
    if (views.length > 0) await database.query(`DROP VIEW ${named(views)}`)
    if (tables.length > 0) await database.query(`DROP TABLE ${named(tables)}`)
    for (const each of FUNCTIONS) await database.query(`DROP FUNCTION IF EXISTS ${quoteName(schema)}.${each}`)
    return [...views, ...tables]
  })
}

async function inOurSchema<Answer>(database: Database, schema: string, work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await inTransaction(database, async () => {
      await database.query('SELECT pg_catalog.pg_advisory_xact_lock($1)', [lockKey('migrate', schema)])
      if ((await readApplied(database, schema)) !== undefined) return await work()
      throw new SchemaError('FLOW_SCHEMA_ABSENT', `The database has no schema of ours named '${schema}'.`, { schema })
    })
  } catch (cause) {
    const state = sqlStateOf(cause)
    if (state === '53200') {
      throw new SchemaError(
        'FLOW_SCHEMA_LOCKS',
        `Schema '${schema}' has more days than the server can lock at once, so nothing was changed: ${(cause as Error).message}. Raise max_locks_per_transaction, or drop old days first.`,
        { schema },
        cause,
      )
    }
    if (state !== '2BP01' && state !== '0A000') throw cause
    const { message, detail = '' } = cause as Error & { detail?: string }
    throw new SchemaError(
      'FLOW_SCHEMA_DEPENDED',
      `Another program's objects rest on our tables in schema '${schema}', so nothing was changed: ${message}. ${detail}`.trim(),
      { schema },
      cause,
    )
  }
}

/** Which of our names are there: an older version of the schema has fewer. */
async function findOurs<Name extends string>(
  database: Database,
  schema: string,
  names: readonly Name[],
): Promise<Name[]> {
  const { rows } = await database.query(
    `SELECT c.relname AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = ANY ($2) AND c.relkind IN ('r', 'p', 'v')`,
    [schema, names],
  )
  const found = new Set(rows.map(({ name }) => name))
  return names.filter((name) => found.has(name))
}

/** Partitions of ours with anything in them, oldest first. */
async function findFilledDays(database: Database, schema: string): Promise<string[]> {
  const { rows } = await database.query(
    `SELECT child.relname AS name
     FROM pg_catalog.pg_inherits i
     JOIN pg_catalog.pg_class child ON child.oid = i.inhrelid
     JOIN pg_catalog.pg_class parent ON parent.oid = i.inhparent
     JOIN pg_catalog.pg_namespace n ON n.oid = parent.relnamespace AND n.oid = child.relnamespace
     WHERE n.nspname = $1 AND parent.relname = ANY ($2) AND child.relkind = 'r'
       AND pg_catalog.pg_relation_size(child.oid) > 0
     ORDER BY pg_catalog.right(child.relname, 8), 1`,
    [schema, PARTITIONED_TABLES],
  )
  return rows.map(({ name }) => String(name))
}

const qualify = (schema: string, name: string): string => `${quoteName(schema)}.${quoteName(name)}`
