/**
 * Old days let go: what their rows were made from, and the dropping, written down in the same transaction. Whether an
 * archive has those segments is the caller's to prove first.
 */
import { type Database, inTransaction } from './database.ts'
import { checkSchemaName, lockKey, quoteName } from './names.ts'
import { PARTITIONED_TABLES, type PartitionedTable } from './objects.ts'
import { type Day, formatDay } from './partition-day.ts'
import { partitionName } from './partitions.ts'

export type DroppedDay = {
  /** YYYY-MM-DD, UTC. */
  readonly day: string
  readonly rows: number
  readonly target: string
}

/** Days that have a partition and lie before `before`, oldest first. */
export async function findDaysBefore(database: Database, schema: string, before: Day): Promise<Day[]> {
  const { rows } = await database.query(
    `SELECT DISTINCT right(child.relname, 8) AS day
     FROM pg_catalog.pg_inherits i
     JOIN pg_catalog.pg_class child ON child.oid = i.inhrelid
     JOIN pg_catalog.pg_class parent ON parent.oid = i.inhparent
     JOIN pg_catalog.pg_namespace n ON n.oid = parent.relnamespace
     WHERE n.nspname = $1 AND parent.relname = ANY ($2) AND child.relname ~ '_[0-9]{8}$'
     ORDER BY 1`,
    [checkSchemaName(schema), PARTITIONED_TABLES],
  )
  return rows
    .map(({ day }) => String(day))
    .map((day) => Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T00:00:00Z`) / 86_400_000)
    .filter((day) => day < before)
}

/** The journal segments that a day's rows were made from, by rising number. Reads the whole day. */
export async function segmentsOfDay(database: Database, schema: string, day: Day): Promise<number[]> {
  const segments = new Set<number>()
  for (const name of (await partitionsOf(database, schema, day)).values()) {
    const { rows } = await database.query(`SELECT DISTINCT segment FROM ${quoteName(schema)}.${quoteName(name)}`)
    for (const { segment } of rows) segments.add(Number(segment))
  }
  return [...segments].sort((a, b) => a - b)
}

/**
 * Drops a day's partitions and writes down that it did, in one transaction. Answers how many rows went. Nothing happens
 * unless the rows' segments are those that were told: rows that came meanwhile stay.
 */
export async function dropDay(
  database: Database,
  schema: string,
  { day, journalId, segments, target }: DropDay,
): Promise<number | 'changed'> {
  return inTransaction(database, async () => {
    await database.query('SELECT pg_catalog.pg_advisory_xact_lock($1)', [lockKey('partition', schema)])
    const known = new Set(segments)
    let dropped = 0
    for (const [table, name] of await partitionsOf(database, schema, day)) {
      const partition = `${quoteName(schema)}.${quoteName(name)}`
      await database.query(`LOCK TABLE ${partition} IN ACCESS EXCLUSIVE MODE`)
      const { rows } = await database.query(`SELECT segment, count(*) AS count FROM ${partition} GROUP BY segment`)
      const found = rows.map(({ segment, count }) => ({ segment: Number(segment), count: Number(count) }))
      if (found.some(({ segment }) => !known.has(segment))) return 'changed'
      const count = found.reduce((sum, each) => sum + each.count, 0)
      const numbers = found.map(({ segment }) => segment)
      await database.query(
        `INSERT INTO ${quoteName(schema)}.rl_dropped_days AS d
           (journal_id, "day", "table", "rows", first_segment, last_segment, target)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (journal_id, "day", "table") DO UPDATE SET "rows" = d."rows" + excluded."rows",
           first_segment = least(d.first_segment, excluded.first_segment),
           last_segment = greatest(d.last_segment, excluded.last_segment),
           target = excluded.target, dropped_at = now()`,
        [
          journalId,
          dateOf(day),
          table,
          count,
          count === 0 ? null : Math.min(...numbers),
          count === 0 ? null : Math.max(...numbers),
          target,
        ],
      )
      await database.query(`DROP TABLE ${partition}`)
      dropped += count
    }
    return dropped
  })
}

export type DropDay = {
  readonly day: Day
  readonly journalId: number
  /** What {@link segmentsOfDay} said, all of it proved to be in the archive. */
  readonly segments: readonly number[]
  readonly target: string
}

/** What was dropped, oldest day first; empty for a schema of an earlier version. */
export async function readDroppedDays(database: Database, schema: string): Promise<DroppedDay[]> {
  const table = `${quoteName(checkSchemaName(schema))}.rl_dropped_days`
  const { rows: there } = await database.query('SELECT to_regclass($1) IS NOT NULL AS is_there', [table])
  if (there[0]?.['is_there'] !== true) return []
  const { rows } = await database.query(
    `SELECT to_char("day", 'YYYY-MM-DD') AS day, sum("rows") AS rows, max(target) AS target
     FROM ${table} GROUP BY "day" ORDER BY "day"`,
  )
  return rows.map(({ day, rows: count, target }) => ({ day: String(day), rows: Number(count), target: String(target) }))
}

/** Rows of a journal that were dropped with their days, by table; empty for a schema of an earlier version. */
export async function countDroppedRows(
  database: Database,
  schema: string,
  journalId: number,
): Promise<Partial<Record<PartitionedTable, number>>> {
  const table = `${quoteName(checkSchemaName(schema))}.rl_dropped_days`
  const { rows: there } = await database.query('SELECT to_regclass($1) IS NOT NULL AS is_there', [table])
  if (there[0]?.['is_there'] !== true) return {}
  const { rows } = await database.query(
    `SELECT "table", sum("rows") AS rows FROM ${table} WHERE journal_id = $1 GROUP BY "table"`,
    [journalId],
  )
  return Object.fromEntries(rows.map((row) => [row['table'], Number(row['rows'])]))
}

async function partitionsOf(database: Database, schema: string, day: Day): Promise<Map<PartitionedTable, string>> {
  const { rows } = await database.query(
    `SELECT c.relname AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relispartition AND c.relname = ANY ($2)`,
    [checkSchemaName(schema), PARTITIONED_TABLES.map((table) => partitionName(table, day))],
  )
  const found = new Set(rows.map(({ name }) => String(name)))
  return new Map(
    PARTITIONED_TABLES.flatMap((table) => {
      const name = partitionName(table, day)
      return found.has(name) ? [[table, name] as const] : []
    }),
  )
}

const dateOf = (day: Day): string => formatDay(day).replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3')
