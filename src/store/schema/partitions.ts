/**
 * The tables' days: makes the partitions that rows need before they come.
 *
 * There is no default partition, since rows in it would stand in the way of the day made later. A day is made beside its
 * table and attached, which stops neither readers nor writers.
 */
import { type Database, inTransaction } from './database.ts'
import { DEFAULT_SCHEMA, lockKey, quoteName } from './names.ts'
import { PARTITIONED, PARTITIONED_TABLES, type PartitionedTable } from './objects.ts'
import { DAYS_AHEAD_MAX, type Day, dayOfNs, formatDay } from './partition-day.ts'

export type PartitionOptions = {
  /** Default `kalshiflow`. */
  readonly schema?: string
  /** Default: every table that has days. */
  readonly tables?: readonly PartitionedTable[]
}

/** `rl_orderbook_deltas_20260819`. */
export const partitionName = (table: PartitionedTable, day: Day): string => `${table}_${formatDay(day)}`

/**
 * Makes what is missing and returns its names. Call it inside a transaction: programs that make the same day at once wait
 * for each other until it ends. Days are those that {@link partitionDay} accepts.
 */
export async function ensurePartitions(
  database: Database,
  days: Iterable<Day>,
  { schema = DEFAULT_SCHEMA, tables = PARTITIONED_TABLES }: PartitionOptions = {},
): Promise<string[]> {
  const wanted = [...new Set(days)].flatMap((day) => tables.map((table) => ({ table, day })))
  if ((await findMissing(database, schema, wanted)).length === 0) return []
  await database.query('SELECT pg_catalog.pg_advisory_xact_lock($1)', [lockKey('partition', schema)])
  const missing = await findMissing(database, schema, wanted)
  if (missing.length > 0) await database.query(missing.map((each) => createPartition(schema, each)).join(';\n'))
  return missing.map(({ table, day }) => partitionName(table, day))
}

/** Makes today's partitions and the next two days', in a transaction of its own. Returns the names of those it made. */
export function ensurePartitionsAhead(
  database: Database,
  nowNs: bigint,
  options: PartitionOptions = {},
): Promise<string[]> {
  const today = dayOfNs(nowNs)
  const days = Array.from({ length: DAYS_AHEAD_MAX + 1 }, (_, ahead) => today + ahead)
  return inTransaction(database, () => ensurePartitions(database, days, options))
}

type Wanted = { readonly table: PartitionedTable; readonly day: Day }

async function findMissing(database: Database, schema: string, wanted: readonly Wanted[]): Promise<Wanted[]> {
  const { rows } = await database.query(
    `SELECT child.relname AS name
     FROM pg_catalog.pg_inherits i
     JOIN pg_catalog.pg_class child ON child.oid = i.inhrelid
     JOIN pg_catalog.pg_class parent ON parent.oid = i.inhparent
     JOIN pg_catalog.pg_namespace n ON n.oid = parent.relnamespace AND n.oid = child.relnamespace
     WHERE n.nspname = $1 AND parent.relkind = 'p' AND child.relname = ANY ($2)`,
    [schema, wanted.map(({ table, day }) => partitionName(table, day))],
  )
  const found = new Set(rows.map(({ name }) => name))
  return wanted.filter(({ table, day }) => !found.has(partitionName(table, day)))
}

function createPartition(schema: string, { table, day }: Wanted): string {
  const parent = `${quoteName(schema)}.${table}`
  const child = `${quoteName(schema)}.${quoteName(partitionName(table, day))}`
  const { perDay } = PARTITIONED[table]
  const from = BigInt(day) * perDay
  return `CREATE TABLE ${child} (LIKE ${parent} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMMENTS);
ALTER TABLE ${parent} ATTACH PARTITION ${child} FOR VALUES FROM ('${from}') TO ('${from + perDay}')`
}
