/**
 * The statements of a batch. Every name carries its schema, nothing is prepared by name and nothing outlives its
 * transaction, so that they work behind a pooler that gives each transaction another connection.
 */

import type { CopyTable } from '../rows/tables.ts'
import { quoteName } from '../schema/index.ts'
import type { ChangedTable, JsonTable } from './json-tables.ts'

export type Limits = { readonly lockMs: number; readonly statementMs: number; readonly idleMs: number }

/** The text of every statement for one schema. */
export function statementsFor(schema: string) {
  const at = (table: string) => `${quoteName(schema)}.${table}`
  const names = (columns: readonly string[]) => columns.map(quoteName).join(', ')
  const records = (columns: Readonly<Record<string, string>>) =>
    `jsonb_to_recordset($1::jsonb) AS r(${Object.entries(columns)
      .map(([name, type]) => `${quoteName(name)} ${type}`)
      .join(', ')})`
  return {
    begin: ({ lockMs, statementMs, idleMs }: Limits) =>
      `BEGIN; SET LOCAL lock_timeout = ${lockMs}; SET LOCAL statement_timeout = ${statementMs};` +
      ` SET LOCAL idle_in_transaction_session_timeout = ${idleMs}; SET LOCAL search_path = pg_catalog, pg_temp`,
    /** $1 … $3 the place it moves to and its segment's id, $4 the last stamp, $5 counts, $6 the journal, $7, $8 where it must stand, with no removal under way. */
    move:
      `UPDATE ${at('rl_ingest_cursor')} SET segment = $1, "offset" = $2, segment_key = $3, received_ns = $4,` +
      ` counts = $5, moved_at = now() WHERE journal_id = $6 AND segment = $7 AND "offset" = $8 AND redo_segment IS NULL`,
    copy: ({ name, columns }: CopyTable) => `COPY ${at(name)} (${names(columns)}) FROM STDIN (FORMAT binary)`,
    insert: ({ name, columns }: JsonTable) =>
      `INSERT INTO ${at(name)} (${names(Object.keys(columns))}) SELECT ${names(Object.keys(columns))} FROM ${records(columns)}`,
    /** Answers the ids that are new. $1 the journal, $2 ids, $3 segments, $4 offsets. */
    tradeIds:
      `INSERT INTO ${at('rl_trade_ids')} (journal_id, trade_id, segment, "offset")` +
      ` SELECT $1::integer, * FROM unnest($2::text[], $3::integer[], $4::bigint[])` +
      ` ON CONFLICT DO NOTHING RETURNING trade_id`,
    quarantine:
      `INSERT INTO ${at('rl_quarantine')} (journal_id, segment, "offset", received_ns, connection, record_type, reason, at, sqlstate, raw)` +
      ` VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
    /** A column that a change does not name keeps its value. $1 the rows. */
    change: ({ name, keys, columns }: ChangedTable) => {
      const changed = Object.keys(columns).filter((each) => !keys.includes(each))
      const set = changed.map((each) => `${quoteName(each)} = coalesce(r.${quoteName(each)}, t.${quoteName(each)})`)
      const where = keys.map((each) => `t.${quoteName(each)} = r.${quoteName(each)}`)
      return `UPDATE ${at(name)} AS t SET ${set.join(', ')} FROM ${records(columns)} WHERE ${where.join(' AND ')}`
    },
  }
}

export type Statements = ReturnType<typeof statementsFor>
