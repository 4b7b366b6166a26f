/** What a batch tells of rows that earlier transactions inserted: runs, connections, gaps, validity and asked time that have an end now. */
import type { JsonRow, RowBatch } from '../rows/row-batch.ts'
import type { CoverageRow, Origin } from '../rows/tables.ts'
import {
  CHANGED_CONNECTION,
  ENDED_COVERAGE,
  ENDED_GAP,
  ENDED_SESSION,
  ENDED_VALIDITY,
  TOLD_MARKET,
} from './json-tables.ts'
import type { StoreConnection } from './store-database.ts'

export async function endRows(batch: RowBatch, connection: StoreConnection): Promise<void> {
  const { endedSessions, toldMarkets, changedConnections, endedGaps, endedValidity, endedCoverage } = batch
  if (endedSessions.length > 0) {
    await connection.change(
      ENDED_SESSION,
      endedSessions.map((row) => ({ ...row, at: undefined })),
    )
  }
  if (toldMarkets.length > 0) await connection.change(TOLD_MARKET, lastOf(toldMarkets))
  if (changedConnections.length > 0) await connection.change(CHANGED_CONNECTION, merged(batch))
  if (endedGaps.length > 0) {
    const ended = endedGaps.map(({ market, cause, found, to, closedBy }) => ({
      journal_id: batch.journal,
      found_segment: found.segment,
      found_offset: found.offset,
      market_id: market,
      cause,
      ...endColumns(to),
      closed_by: closedBy,
    }))
    await connection.change(ENDED_GAP, ended)
  }
  if (endedValidity.length > 0) {
    const ended = endedValidity.map(({ market, from, to, cause, found }) => ({
      market_id: market,
      from_segment: from.segment,
      from_offset: from.offset,
      ...endColumns(to),
      cause,
      found_segment: found?.segment,
      found_offset: found?.offset,
    }))
    await connection.change(ENDED_VALIDITY, ended)
  }
  if (endedCoverage.length > 0) {
    const ended = endedCoverage.map(({ market, from, to }) => ({
      market_id: market,
      from_segment: from.segment,
      from_offset: from.offset,
      ...endColumns(to),
    }))
    await connection.change(ENDED_COVERAGE, ended)
  }
}

/** A time asked for as the row that begins it, ended or not. */
export const coverageRow = ({ market, connection, from, to }: CoverageRow): JsonRow => ({
  at: from,
  market_id: market,
  connection,
  from_segment: from.segment,
  from_offset: from.offset,
  from_ns: String(from.receivedNs),
  ...endColumns(to),
})

/** What was said of a market last in the batch is all that was said. */
const lastOf = (rows: readonly JsonRow[]): object[] => [
  ...new Map(rows.map(({ at: _, ...row }) => [row['market_id'], row])).values(),
]

/** A connection may change twice in a batch, and a change takes only one row for each. */
function merged({ changedConnections }: RowBatch): object[] {
  const changes = new Map<unknown, object>()
  for (const { at: _, ...change } of changedConnections) {
    changes.set(change['connection'], { ...changes.get(change['connection']), ...change })
  }
  return [...changes.values()]
}

const endColumns = (to: Origin | undefined) => ({
  to_segment: to?.segment,
  to_offset: to?.offset,
  to_ns: to === undefined ? undefined : String(to.receivedNs),
})
