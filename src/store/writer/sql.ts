/**
 * The statements of a batch. Every name carries its schema, nothing is prepared by name and nothing outlives its
 * transaction, so that they work behind a pooler that gives each transaction another connection.
 */

import type { CopyTable } from '../rows/tables.ts'
import { quoteName } from '../schema/index.ts'

/** A row that comes as JSON: column and type. */
export type JsonTable = { readonly name: string; readonly columns: Readonly<Record<string, string>> }

export const MARKETS: JsonTable = {
  name: 'rl_markets',
  columns: {
    market_id: 'integer',
    journal_id: 'integer',
    ticker: 'text',
    first_segment: 'integer',
    first_offset: 'bigint',
    first_ns: 'bigint',
  },
}

export const SESSIONS: JsonTable = {
  name: 'rl_sessions',
  columns: {
    journal_id: 'integer',
    session: 'uuid',
    version: 'text',
    markets: 'text[]',
    started_segment: 'integer',
    started_offset: 'bigint',
    started_ns: 'bigint',
    stopped_segment: 'integer',
    stopped_offset: 'bigint',
    stopped_ns: 'bigint',
    reason: 'text',
    counts: 'jsonb',
  },
}

export const CONNECTIONS: JsonTable = {
  name: 'rl_connections',
  columns: {
    journal_id: 'integer',
    connection: 'integer',
    session: 'uuid',
    host: 'text',
    environment: 'text',
    use_yes_price: 'boolean',
    orientation: 'text',
    opened_segment: 'integer',
    opened_offset: 'bigint',
    opened_ns: 'bigint',
    lost_segment: 'integer',
    lost_offset: 'bigint',
    lost_ns: 'bigint',
    cause: 'text',
    detail: 'text',
    close_code: 'integer',
    last_proof_ns: 'bigint',
    last_proof_kind: 'text',
  },
}

export const LIFECYCLE: JsonTable = {
  name: 'rl_market_lifecycle',
  columns: {
    journal_id: 'integer',
    segment: 'integer',
    offset: 'bigint',
    received_ns: 'bigint',
    connection: 'integer',
    market_id: 'integer',
    event_ticker: 'text',
    event_type: 'text',
    body: 'jsonb',
  },
}

export const AUDITS: JsonTable = {
  name: 'rl_audits',
  columns: {
    market_id: 'integer',
    segment: 'integer',
    offset: 'bigint',
    received_ns: 'bigint',
    connection: 'integer',
    sid: 'integer',
    seq: 'bigint',
    matched: 'boolean',
    levels_wrong: 'integer',
    result: 'text',
    ours: 'jsonb',
    theirs: 'jsonb',
  },
}

const ENDED_SESSION = {
  journal_id: 'integer',
  session: 'uuid',
  stopped_segment: 'integer',
  stopped_offset: 'bigint',
  stopped_ns: 'bigint',
  reason: 'text',
  counts: 'jsonb',
}

const CHANGED_CONNECTION = {
  journal_id: 'integer',
  connection: 'integer',
  orientation: 'text',
  lost_segment: 'integer',
  lost_offset: 'bigint',
  lost_ns: 'bigint',
  cause: 'text',
  detail: 'text',
  close_code: 'integer',
  last_proof_ns: 'bigint',
  last_proof_kind: 'text',
}

const ENDED_GAP = {
  journal_id: 'integer',
  found_segment: 'integer',
  found_offset: 'bigint',
  market_id: 'integer',
  cause: 'text',
  to_segment: 'integer',
  to_offset: 'bigint',
  to_ns: 'bigint',
}

const ENDED_VALIDITY = {
  market_id: 'integer',
  from_segment: 'integer',
  from_offset: 'bigint',
  to_segment: 'integer',
  to_offset: 'bigint',
  to_ns: 'bigint',
  cause: 'text',
  found_segment: 'integer',
  found_offset: 'bigint',
}

export type Limits = { readonly lockMs: number; readonly statementMs: number; readonly idleMs: number }

/** The text of every statement for one schema. */
export function statementsFor(schema: string) {
  const at = (table: string) => `${quoteName(schema)}.${table}`
  const names = (columns: readonly string[]) => columns.map(quoteName).join(', ')
  const records = (columns: Readonly<Record<string, string>>) =>
    `jsonb_to_recordset($1::jsonb) AS r(${Object.entries(columns)
      .map(([name, type]) => `${quoteName(name)} ${type}`)
      .join(', ')})`
  const end = (table: string, columns: Readonly<Record<string, string>>, keys: readonly string[]) => {
    const changed = Object.keys(columns).filter((name) => !keys.includes(name))
    // A column that a change does not name keeps its value.
    const set = changed.map((name) => `${quoteName(name)} = coalesce(r.${quoteName(name)}, t.${quoteName(name)})`)
    const where = keys.map((name) => `t.${quoteName(name)} = r.${quoteName(name)}`)
    return `UPDATE ${at(table)} AS t SET ${set.join(', ')} FROM ${records(columns)} WHERE ${where.join(' AND ')}`
  }
  return {
    begin: ({ lockMs, statementMs, idleMs }: Limits) =>
      `BEGIN; SET LOCAL lock_timeout = ${lockMs}; SET LOCAL statement_timeout = ${statementMs};` +
      ` SET LOCAL idle_in_transaction_session_timeout = ${idleMs}; SET LOCAL search_path = pg_catalog, pg_temp`,
    /** $1 … $3 the place it moves to and its segment's id, $4 the last stamp, $5 counts, $6 the journal, $7, $8 where it must stand. */
    move:
      `UPDATE ${at('rl_ingest_cursor')} SET segment = $1, "offset" = $2, segment_key = $3, received_ns = $4,` +
      ` counts = $5, moved_at = now() WHERE journal_id = $6 AND segment = $7 AND "offset" = $8`,
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
    endSessions: end('rl_sessions', ENDED_SESSION, ['journal_id', 'session']),
    changeConnections: end('rl_connections', CHANGED_CONNECTION, ['journal_id', 'connection']),
    endGaps: end('rl_gaps', ENDED_GAP, ['journal_id', 'found_segment', 'found_offset', 'market_id', 'cause']),
    endValidity: end('rl_validity', ENDED_VALIDITY, ['market_id', 'from_segment', 'from_offset']),
  }
}

export type Statements = ReturnType<typeof statementsFor>
