/**
 * Takes away what a journal's records made from a place on, so that they can be made again: rows that began there go, and
 * rows that only ended there are open again. In transactions of bounded size; interrupted anywhere, it can be done again.
 * The cursor says where (redo_…), and must have been set back before: whoever finished first takes that off and writes on,
 * and then nothing more goes. Touches no other journal, and none of the learning tables.
 */
import type { Position } from '#domain'
import { type Database, inTransaction } from './database.ts'
import { quoteName } from './names.ts'

/** Rows removed in one transaction. */
const ROWS_AT_ONCE = 50_000

export type Removal = {
  readonly journalId: number
  readonly from: Position
  /** No record from there on has an earlier stamp: days before it need not be looked through. Unix ns. */
  readonly fromNs: bigint
}

type Part = {
  readonly table: string
  /** Rows that go; `$1` the journal, `$2`, `$3` the place, `$4` the stamp. */
  readonly gone: string
}

const OF_JOURNAL = 'journal_id = $1'
const ofMarkets = (schema: string) => `market_id IN (SELECT market_id FROM ${schema}.rl_markets WHERE journal_id = $1)`
const from = (segment: string, offset: string) => `(${segment}, "${offset}") >= ($2::integer, $3::bigint)`
const HERE = from('segment', 'offset')

/** In the order in which rows can go: markets last, since others name them. */
const parts = (schema: string): Part[] => [
  ...['rl_orderbook_deltas', 'rl_orderbook_snapshots', 'rl_ticker', 'rl_trades'].map((table) => ({
    table,
    gone: `received_ns >= $4::bigint AND ${HERE} AND ${ofMarkets(schema)}`,
  })),
  ...['rl_trade_ids', 'rl_market_lifecycle', 'rl_quarantine'].map((table) => ({
    table,
    gone: `${OF_JOURNAL} AND ${HERE}`,
  })),
  { table: 'rl_audits', gone: `${HERE} AND ${ofMarkets(schema)}` },
  { table: 'rl_gaps', gone: `${OF_JOURNAL} AND ${from('found_segment', 'found_offset')}` },
  { table: 'rl_validity', gone: `${from('from_segment', 'from_offset')} AND ${ofMarkets(schema)}` },
  { table: 'rl_market_coverage', gone: `${from('from_segment', 'from_offset')} AND ${ofMarkets(schema)}` },
  { table: 'rl_connections', gone: `${OF_JOURNAL} AND ${from('opened_segment', 'opened_offset')}` },
  { table: 'rl_sessions', gone: `${OF_JOURNAL} AND ${from('started_segment', 'started_offset')}` },
  { table: 'rl_markets', gone: `${OF_JOURNAL} AND ${from('first_segment', 'first_offset')}` },
]

/** Tables whose rows are made from records at a place, by name. */
export const PLACED_TABLES = parts('').map(({ table }) => table)

/** Rows from the place on, by table. */
export async function countFrom(database: Database, schema: string, removal: Removal): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { table, gone } of parts(quoteName(schema))) {
    const { rows } = await database.query(
      `SELECT count(*) AS count FROM ${quoteName(schema)}.${table} WHERE ${withStamp(gone)}`,
      valuesOf(removal),
    )
    counts[table] = Number(rows[0]?.['count'])
  }
  return counts
}

/** Removes the rows. `onProgress` is told how many are gone so far. Answers how many went. */
export async function removeFrom(
  database: Database,
  schema: string,
  removal: Removal,
  onProgress?: (rows: number) => void,
): Promise<number> {
  const name = quoteName(schema)
  let removed = 0
  const inTurn = <Answer>(work: () => Promise<Answer>) =>
    inTransaction(database, async () => ((await isPending(database, name, removal)) ? work() : undefined))
  // What ended there is open again first: a market's rows must not go before.
  await inTurn(() => reopen(database, name, removal))
  for (const { table, gone } of parts(name)) {
    for (;;) {
      const done = await inTurn(() =>
        database.query(
          `DELETE FROM ${name}.${table} WHERE (tableoid, ctid) IN (
             SELECT tableoid, ctid FROM ${name}.${table} WHERE ${withStamp(gone)} LIMIT ${ROWS_AT_ONCE}
           )`,
          valuesOf(removal),
        ),
      )
      if (done === undefined) return removed
      removed += done.rowCount ?? 0
      onProgress?.(removed)
      if ((done.rowCount ?? 0) < ROWS_AT_ONCE) break
    }
  }
  return removed
}

/** Whether the cursor still wants this removal. Holds it until the transaction ends: nobody writes on meanwhile. */
async function isPending(database: Database, name: string, { journalId, from }: Removal): Promise<boolean> {
  const { rows } = await database.query(
    `SELECT 1 FROM ${name}.rl_ingest_cursor
     WHERE journal_id = $1 AND redo_segment = $2 AND redo_offset = $3 FOR UPDATE`,
    [journalId, from.segment, from.offset],
  )
  return rows.length > 0
}

async function reopen(database: Database, name: string, removal: Removal): Promise<void> {
  const change = (table: string, columns: readonly string[], where: string) =>
    database.query(
      `UPDATE ${name}.${table} SET ${columns.map((each) => `${each} = NULL`).join(', ')} WHERE ${withStamp(where)}`,
      valuesOf(removal),
    )
  const end = ['to_segment', 'to_offset', 'to_ns']
  await change('rl_gaps', [...end, 'closed_by'], `${OF_JOURNAL} AND ${from('to_segment', 'to_offset')}`)
  await change(
    'rl_validity',
    [...end, 'cause', 'found_segment', 'found_offset'],
    `${from('found_segment', 'found_offset')} AND ${ofMarkets(name)}`,
  )
  await change('rl_market_coverage', end, `${from('to_segment', 'to_offset')} AND ${ofMarkets(name)}`)
  await change(
    'rl_connections',
    ['lost_segment', 'lost_offset', 'lost_ns', 'cause', 'detail', 'close_code', 'last_proof_ns', 'last_proof_kind'],
    `${OF_JOURNAL} AND ${from('lost_segment', 'lost_offset')}`,
  )
  await change(
    'rl_sessions',
    ['stopped_segment', 'stopped_offset', 'stopped_ns', 'reason', 'counts'],
    `${OF_JOURNAL} AND ${from('stopped_segment', 'stopped_offset')}`,
  )
}

/** Every condition names all four values, so that each statement takes the same. */
const withStamp = (condition: string): string =>
  `${condition} AND ($1::integer IS NOT NULL AND $2::integer IS NOT NULL AND $3::bigint IS NOT NULL AND $4::bigint IS NOT NULL)`

const valuesOf = ({ journalId, from: { segment, offset }, fromNs }: Removal): unknown[] => [
  journalId,
  segment,
  offset,
  String(fromNs),
]
