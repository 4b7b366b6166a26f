/**
 * Holes from the database: its rows are one a market, an answer has one for each happening. Of what hits all that is
 * recorded the row that declares it belongs to those of the markets.
 */
import { type ClosedBy, HITS_ALL } from '#ledger'
import type { StoreReader } from './store-reader.ts'

export type GapQuery = {
  /** UUID of the journal. */
  readonly journal: string
  readonly market: string | undefined
  readonly cause: string | undefined
  readonly open: boolean | undefined
  readonly before: readonly [segment: number, offset: number, cause: string] | undefined
  readonly limit: number
}

export type StoredGap = {
  readonly found_segment: number
  readonly found_offset: string
  readonly cause: string
  readonly detail: string | null
  readonly from_kind: string
  readonly from_ns: string
  readonly to_ns: string | null
  readonly closed_by: ClosedBy | null
  readonly connection: number | null
  readonly sid: number | null
  readonly markets: number
  readonly open: number
  readonly tickers: readonly string[] | null
}

/** Markets named with one gap; all are counted. */
export const GAP_TICKERS_MAX = 100

/** As SQL: the index rl_gaps_of_all is of these. */
const OF_ALL = `(${HITS_ALL.map((cause) => `'${cause}'`).join(', ')})`

/** Newest first; `undefined` when the database cannot be asked. */
export async function readGaps(store: StoreReader, query: GapQuery): Promise<StoredGap[] | undefined> {
  const { journal, market, cause, open, before, limit } = query
  const [segment, offset, beforeCause] = before ?? [2 ** 31 - 1, 0, '']
  const from = `${store.schema}.rl_gaps g JOIN ${store.schema}.rl_ingest_cursor c USING (journal_id)`
  return await store.ask<StoredGap>(
    `WITH page AS (
       SELECT DISTINCT g.journal_id, g.found_segment, g.found_offset, g.cause
       FROM ${from} LEFT JOIN ${store.schema}.rl_markets m ON m.market_id = g.market_id
       WHERE c.journal = $1::uuid AND (g.found_segment, g.found_offset, g.cause) < ($2::integer, $3::bigint, $4::text)
         AND ($5::text IS NULL OR m.ticker = $5) AND ($6::text IS NULL OR g.cause = $6)
         AND ($7::boolean IS NULL OR (g.to_ns IS NULL) = $7)
         AND NOT (g.market_id IS NULL AND g.cause IN ${OF_ALL} AND EXISTS (
           SELECT FROM ${store.schema}.rl_gaps o WHERE o.journal_id = g.journal_id AND o.cause = g.cause
             AND o.cause IN ${OF_ALL} AND o.from_ns = g.from_ns AND o.market_id IS NOT NULL))
       ORDER BY g.found_segment DESC, g.found_offset DESC, g.cause DESC LIMIT $8)
     SELECT found_segment, found_offset, page.cause,
       coalesce(min(g.detail), (SELECT min(o.detail) FROM ${store.schema}.rl_gaps o WHERE o.journal_id = page.journal_id
         AND o.cause = page.cause AND o.cause IN ${OF_ALL} AND o.from_ns = min(g.from_ns))) AS detail, min(g.from_kind) AS from_kind,
       min(g.from_ns) AS from_ns, CASE WHEN bool_and(g.to_ns IS NOT NULL) THEN max(g.to_ns) END AS to_ns,
       CASE WHEN bool_and(g.to_ns IS NOT NULL) THEN (array_agg(g.closed_by ORDER BY g.to_ns DESC))[1] END AS closed_by,
       min(g.connection) AS connection, min(g.sid) AS sid, count(g.market_id)::integer AS markets,
       (count(*) FILTER (WHERE g.to_ns IS NULL))::integer AS open,
       (array_agg(m.ticker ORDER BY m.ticker) FILTER (WHERE m.ticker IS NOT NULL))[1:${GAP_TICKERS_MAX}] AS tickers
     FROM page JOIN ${store.schema}.rl_gaps g USING (journal_id, found_segment, found_offset, cause)
     LEFT JOIN ${store.schema}.rl_markets m ON m.market_id = g.market_id
     GROUP BY page.journal_id, found_segment, found_offset, page.cause
     ORDER BY found_segment DESC, found_offset DESC, page.cause DESC`,
    [journal, segment, offset, beforeCause, market ?? null, cause ?? null, open ?? null, limit],
  )
}
