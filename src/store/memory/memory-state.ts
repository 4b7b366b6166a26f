/** What a fold must know at the watermark, out of tables in memory: src/store/writer/read-state.ts without SQL. */
import type { StoredState } from '../rows/stored-state.ts'
import type { Origin } from '../rows/tables.ts'
import { timesOfRow } from '../rows/told-row.ts'
import type { Stored, Watermark } from '../writer/stored.ts'
import type { Cell, MemoryRow } from './copy-reader.ts'

/** The committed rows of a table. */
export type Rows = (table: string) => readonly MemoryRow[]

export function readMemoryState(rows: Rows, cursor: MemoryRow): Stored {
  const id = Number(cursor['journal_id'])
  const ours = (table: string) => rows(table).filter((row) => row['journal_id'] === id)
  const markets = ours('rl_markets').map((row) => ({
    id: Number(row['market_id']),
    ticker: String(row['ticker']),
    times: timesOfRow(row),
  }))
  const ids = new Set<Cell>(markets.map((each) => each.id))
  const open = (row: MemoryRow) => (row['to_segment'] ?? null) === null
  return {
    watermark: watermarkOf(cursor),
    state: {
      journalId: id,
      markets,
      lastMarketId: highest(rows('rl_markets'), 'market_id'),
      lastConnection: highest(ours('rl_connections'), 'connection'),
      session: lastSession(ours('rl_sessions'), ours('rl_connections')),
      openGaps: ours('rl_gaps')
        .filter((row) => open(row) && (row['market_id'] ?? null) !== null)
        .map((row) => ({
          market: Number(row['market_id']),
          cause: String(row['cause']),
          found: origin(row, 'found_segment', 'found_offset', 'found_ns')!,
        })),
      openCoverage: rows('rl_market_coverage')
        .filter((row) => open(row) && ids.has(row['market_id']!))
        .map((row) => ({
          market: Number(row['market_id']),
          connection: Number(row['connection']),
          from: origin(row, 'from_segment', 'from_offset', 'from_ns')!,
        })),
      openValidity: rows('rl_validity')
        .filter((row) => open(row) && ids.has(row['market_id']!))
        .map((row) => ({
          market: Number(row['market_id']),
          connection: Number(row['connection']),
          from: origin(row, 'from_segment', 'from_offset', 'from_ns')!,
          snapshot: lastSnapshot(rows('rl_orderbook_snapshots'), row['market_id']!),
        })),
      counts: (cursor['counts'] ?? {}) as Record<string, number>,
      lastNs: BigInt((cursor['received_ns'] ?? 0) as number),
    },
  }
}

export const watermarkOf = (cursor: MemoryRow | undefined): Watermark => ({
  position: { segment: Number(cursor?.['segment'] ?? 0), offset: Number(cursor?.['offset'] ?? 0) },
  segmentId: typeof cursor?.['segment_key'] === 'string' ? cursor['segment_key'] : undefined,
})

function lastSession(sessions: readonly MemoryRow[], connections: readonly MemoryRow[]): StoredState['session'] {
  let last: MemoryRow | undefined
  for (const row of sessions) {
    const isLater =
      last === undefined ||
      Number(row['started_segment']) > Number(last['started_segment']) ||
      (row['started_segment'] === last['started_segment'] &&
        Number(row['started_offset']) > Number(last['started_offset']))
    if (isLater) last = row
  }
  if (last === undefined) return undefined
  const own = connections.filter((row) => row['session'] === last['session']).map((row) => Number(row['connection']))
  return {
    id: String(last['session']),
    firstConnection: own.length === 0 ? undefined : Math.min(...own),
    started: origin(last, 'started_segment', 'started_offset', 'started_ns'),
  }
}

function lastSnapshot(snapshots: readonly MemoryRow[], market: Cell): Origin | undefined {
  let last: MemoryRow | undefined
  for (const row of snapshots) {
    if (row['market_id'] !== market || row['kind'] !== 0 || row['known'] !== true) continue
    if (last === undefined || (row['received_ns'] as bigint) >= (last['received_ns'] as bigint)) last = row
  }
  return last === undefined ? undefined : origin(last, 'segment', 'offset', 'received_ns')
}

const highest = (rows: readonly MemoryRow[], column: string): number =>
  rows.reduce((most, row) => Math.max(most, Number(row[column])), 0)

function origin(row: MemoryRow, segment: string, offset: string, ns: string): Origin | undefined {
  if ((row[segment] ?? null) === null) return undefined
  return { segment: Number(row[segment]), offset: Number(row[offset]), receivedNs: BigInt(row[ns] as bigint) }
}
