/** What the database says of a journal at its watermark, read as one: the cursor, and what a fold needs to go on from it. */
import type pg from 'pg'
import type { Origin } from '../rows/tables.ts'
import { timesOfRow } from '../rows/told-row.ts'
import { quoteName } from '../schema/index.ts'
import type { OpenOptions } from './store-database.ts'
import { checkOtherJournals, type JournalIdentity, type Stored, type Watermark } from './stored.ts'

type Row = Record<string, string | number | null>

/**
 * Makes the journal's cursor when there is none. Throws FLOW_STORE_OTHER_JOURNAL where the schema holds another journal
 * and not this one, unless several are wanted.
 */
export async function openStored(
  client: pg.Client,
  schema: string,
  { journal, environment }: JournalIdentity,
  options: OpenOptions,
): Promise<Stored> {
  const table = (name: string) => `${quoteName(schema)}.${name}`
  const { rows: cursors } = await client.query<Row>(
    `SELECT journal_id, journal, environment FROM ${table('rl_ingest_cursor')}`,
  )
  const others = cursors.map((each) => ({ journal: String(each['journal']), environment: String(each['environment']) }))
  checkOtherJournals(schema, { journal, environment }, others, options.severalJournals)
  await client.query(
    `INSERT INTO ${table('rl_ingest_cursor')} (journal, environment, sample_rate) VALUES ($1, $2, $3)
     ON CONFLICT (journal) DO UPDATE SET sample_rate = excluded.sample_rate
     WHERE rl_ingest_cursor.sample_rate <> excluded.sample_rate`,
    [journal, environment, options.sampleRate],
  )
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  try {
    return await readStored(client, table, journal)
  } finally {
    await client.query('ROLLBACK')
  }
}

/** Where the watermark stands now. */
export async function readWatermark(client: pg.Client, schema: string, journal: string): Promise<Watermark> {
  const { rows } = await client.query<Row>(
    `SELECT segment, "offset", segment_key FROM ${quoteName(schema)}.rl_ingest_cursor WHERE journal = $1`,
    [journal],
  )
  return watermarkOf(rows[0] ?? {})
}

async function readStored(client: pg.Client, table: (name: string) => string, journal: string): Promise<Stored> {
  const query = async (sql: string, values: unknown[]) => (await client.query<Row>(sql, values)).rows
  const [cursor = {}] = await query(`SELECT * FROM ${table('rl_ingest_cursor')} WHERE journal = $1`, [journal])
  const id = Number(cursor['journal_id'])
  const markets = await query(
    `SELECT market_id, ticker, open_ms, close_ms, status, result, told_segment, told_offset, told_ns
     FROM ${table('rl_markets')} WHERE journal_id = $1`,
    [id],
  )
  const [highest = {}] = await query(
    `SELECT (SELECT coalesce(max(market_id), 0) FROM ${table('rl_markets')}) AS market,
            (SELECT coalesce(max(connection), 0) FROM ${table('rl_connections')} WHERE journal_id = $1) AS connection`,
    [id],
  )
  const [session] = await query(
    `SELECT s.session, s.started_segment, s.started_offset, s.started_ns, (SELECT min(c.connection) FROM ${table('rl_connections')} c
                        WHERE c.journal_id = s.journal_id AND c.session = s.session) AS first
     FROM ${table('rl_sessions')} s WHERE s.journal_id = $1 ORDER BY started_segment DESC, started_offset DESC LIMIT 1`,
    [id],
  )
  const gaps = await query(
    `SELECT market_id, found_segment, found_offset, found_ns, cause FROM ${table('rl_gaps')}
     WHERE journal_id = $1 AND to_segment IS NULL AND market_id IS NOT NULL`,
    [id],
  )
  const coverage = await query(
    `SELECT market_id, from_segment, from_offset, from_ns, connection FROM ${table('rl_market_coverage')} v
     JOIN ${table('rl_markets')} m USING (market_id) WHERE m.journal_id = $1 AND to_segment IS NULL`,
    [id],
  )
  const validity = await query(
    `SELECT v.market_id, v.from_segment, v.from_offset, v.from_ns, v.connection,
            s.segment, s."offset", s.received_ns
     FROM ${table('rl_validity')} v JOIN ${table('rl_markets')} m USING (market_id)
     LEFT JOIN LATERAL (
       SELECT segment, "offset", received_ns FROM ${table('rl_orderbook_snapshots')}
       WHERE market_id = v.market_id AND kind = 0 AND known ORDER BY received_ns DESC LIMIT 1
     ) s ON true
     WHERE m.journal_id = $1 AND v.to_segment IS NULL`,
    [id],
  )
  return {
    watermark: watermarkOf(cursor),
    state: {
      journalId: id,
      markets: markets.map((row) => ({
        id: Number(row['market_id']),
        ticker: String(row['ticker']),
        times: timesOfRow(row),
      })),
      lastMarketId: Number(highest['market']),
      lastConnection: Number(highest['connection']),
      session:
        session === undefined
          ? undefined
          : {
              id: String(session['session']),
              firstConnection: session['first'] === null ? undefined : Number(session['first']),
              started: originOf(session['started_segment'], session['started_offset'], session['started_ns']),
            },
      openGaps: gaps.map((row) => ({
        market: Number(row['market_id']),
        cause: String(row['cause']),
        found: originOf(row['found_segment'], row['found_offset'], row['found_ns'])!,
      })),
      openCoverage: coverage.map((row) => ({
        market: Number(row['market_id']),
        connection: Number(row['connection']),
        from: originOf(row['from_segment'], row['from_offset'], row['from_ns'])!,
      })),
      openValidity: validity.map((row) => ({
        market: Number(row['market_id']),
        connection: Number(row['connection']),
        from: originOf(row['from_segment'], row['from_offset'], row['from_ns'])!,
        snapshot: originOf(row['segment'], row['offset'], row['received_ns']),
      })),
      counts: (cursor['counts'] ?? {}) as unknown as Record<string, number>,
      lastNs: BigInt(cursor['received_ns'] ?? 0),
    },
  }
}

type Column = string | number | null | undefined

/** `undefined` where the row has none. */
function originOf(segment: Column, offset: Column, ns: Column): Origin | undefined {
  if (segment === null || segment === undefined) return undefined
  return { segment: Number(segment), offset: Number(offset), receivedNs: BigInt(ns ?? 0) }
}

const watermarkOf = (row: Row): Watermark => ({
  position: { segment: Number(row['segment'] ?? 0), offset: Number(row['offset'] ?? 0) },
  segmentId: typeof row['segment_key'] === 'string' ? row['segment_key'] : undefined,
})
