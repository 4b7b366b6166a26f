/** What a schema holds: its version, tables with sizes, days, and how far each journal is stored. Reads only. */
import type { Position } from '#domain'
import type { Database } from './database.ts'
import { type DroppedDay, readDroppedDays } from './dropped-days.ts'
import { checkApplied, readApplied } from './migrate.ts'
import { type Migration, readMigrations } from './migrations.ts'
import { checkSchemaName, DEFAULT_SCHEMA, quoteName } from './names.ts'
import { PARTITIONED_TABLES, TABLES } from './objects.ts'

export type SchemaStatus = {
  readonly schema: string
  /** 0 when there is no schema of ours under the name. */
  readonly version: number
  /** Names of the migrations that this program knows and the schema lacks. */
  readonly pending: readonly string[]
  readonly tables: readonly TableStatus[]
  readonly cursors: readonly CursorStatus[]
  /** Days that were dropped since an archive has them, oldest first. */
  readonly dropped: readonly DroppedDay[]
}

export type TableStatus = {
  readonly table: string
  /** PostgreSQL's estimate; `undefined` until it has looked at the table. */
  readonly rowsEstimate: number | undefined
  /** With indexes and long values. */
  readonly bytes: number
  /** Days, oldest first; `undefined` for a table without. */
  readonly partitions: readonly PartitionStatus[] | undefined
}

export type PartitionStatus = {
  readonly name: string
  readonly rowsEstimate: number | undefined
  readonly bytes: number
}

export type CursorStatus = {
  readonly journal: string
  readonly journalId: number
  readonly environment: string
  readonly position: Position
  /** Unix ns: the receive stamp of the last record stored; 0 before the first. */
  readonly receivedNs: bigint
  readonly movedAt: Date
}

export type StatusOptions = { readonly schema?: string; readonly migrations?: readonly Migration[] }

/** Throws a {@link SchemaError} when the schema is another version's or was changed; the connection's error otherwise. */
export async function readStatus(database: Database, options: StatusOptions = {}): Promise<SchemaStatus> {
  const schema = checkSchemaName(options.schema ?? DEFAULT_SCHEMA)
  const migrations = options.migrations ?? (await readMigrations())
  const applied = await readApplied(database, schema)
  if (applied === undefined) {
    return { schema, version: 0, pending: migrations.map(({ name }) => name), tables: [], cursors: [], dropped: [] }
  }
  checkApplied(schema, applied, migrations)
  return {
    schema,
    version: applied.length,
    pending: migrations.slice(applied.length).map(({ name }) => name),
    tables: await readTables(database, schema),
    cursors: applied.length === 0 ? [] : await readCursors(database, schema),
    dropped: await readDroppedDays(database, schema),
  }
}

async function readTables(database: Database, schema: string): Promise<TableStatus[]> {
  const { rows } = await database.query(
    `SELECT coalesce(parent.relname, c.relname) AS "table", c.relname AS name, c.relkind AS kind,
       c.reltuples::double precision AS rows, pg_catalog.pg_total_relation_size(c.oid)::double precision AS bytes
     FROM pg_catalog.pg_class c
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid
     LEFT JOIN pg_catalog.pg_class parent ON parent.oid = i.inhparent
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND coalesce(parent.relname, c.relname) = ANY ($2)
     ORDER BY c.relname`,
    [schema, TABLES],
  )
  return TABLES.flatMap((table): TableStatus[] => {
    const own = rows.filter((row) => row['table'] === table)
    if (own.length === 0) return []
    const leaves = own
      .filter(({ kind }) => kind === 'r')
      .map(({ name, rows, bytes }) => ({
        name: String(name),
        rowsEstimate: Number(rows) < 0 ? undefined : Number(rows),
        bytes: Number(bytes),
      }))
    const known = leaves.flatMap(({ rowsEstimate }) => (rowsEstimate === undefined ? [] : [rowsEstimate]))
    return [
      {
        table,
        rowsEstimate: known.length === 0 && leaves.length > 0 ? undefined : sum(known),
        bytes: sum(leaves.map(({ bytes }) => bytes)),
        partitions: (PARTITIONED_TABLES as readonly string[]).includes(table) ? leaves : undefined,
      },
    ]
  })
}

async function readCursors(database: Database, schema: string): Promise<CursorStatus[]> {
  const { rows } = await database.query(
    `SELECT journal::text, journal_id, environment, segment, "offset"::text, received_ns::text, moved_at
     FROM ${quoteName(schema)}.rl_ingest_cursor ORDER BY journal_id`,
  )
  return rows.map((row) => ({
    journal: String(row['journal']),
    journalId: Number(row['journal_id']),
    environment: String(row['environment']),
    position: { segment: Number(row['segment']), offset: Number(row['offset']) },
    receivedNs: BigInt(String(row['received_ns'])),
    movedAt: row['moved_at'] as Date,
  }))
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
