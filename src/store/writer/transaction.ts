/**
 * One batch as one transaction: the watermark first, by compare-and-set, then the rows. Either all of it is there, or none.
 *
 * A batch that PostgreSQL refuses for its data (SQLSTATE class 22 or 23) is done again carefully: each table under a
 * savepoint, halved until the one row is found, which goes to quarantine with the bytes of its record.
 */
import type pg from 'pg'
import type { Position } from '#domain'
import { CopyRows, type JsonRow, type RowBatch, type Trade } from '../rows/row-batch.ts'
import { type CoverageRow, TRADES, withoutNul, writeTrade } from '../rows/tables.ts'
import { type Database, ensurePartitions, sqlStateOf } from '../schema/index.ts'
import { copyInto } from './connection.ts'
import { WatermarkMoved } from './errors.ts'
import {
  AUDITS,
  CONNECTIONS,
  COVERAGE,
  type JsonTable,
  LIFECYCLE,
  type Limits,
  MARKETS,
  SESSIONS,
  type Statements,
} from './sql.ts'

export type CommitParts = {
  readonly client: pg.Client
  readonly schema: string
  readonly statements: Statements
  readonly limits: Limits
  /** Where the watermark must stand. */
  readonly from: Position
  /** Totals of the whole journal, kept with the watermark. */
  readonly counts: Readonly<Record<string, number>>
  /** Days whose partitions are known to be there; more are added. */
  readonly days: DaysKnown
  /** Under savepoints, row by row where it must be. */
  readonly careful: boolean
  /** The bytes of a record, for quarantine. */
  readonly readRecord: (position: Position) => Promise<RawRecord | undefined>
}

export type DaysKnown = { readonly received: Set<number>; readonly trades: Set<number> }
export type RawRecord = {
  readonly type: number
  readonly connection: number
  readonly stampNs: bigint
  readonly body: Uint8Array
}

export type Committed = {
  readonly kind: 'committed'
  /** Rows inserted; a trade that was known already is none. */
  readonly rows: number
  readonly quarantined: number
}

/** `moved`: the watermark stands elsewhere, and nothing was done. Throws what PostgreSQL says, after a rollback. */
export async function commitBatch(
  batch: RowBatch,
  parts: CommitParts,
): Promise<Committed | { readonly kind: 'moved' }> {
  const { client, statements } = parts
  await client.query(statements.begin(parts.limits))
  try {
    if (!(await moveWatermark(batch, parts))) {
      await client.query('ROLLBACK')
      return { kind: 'moved' }
    }
    const made = await makeDays(batch, parts)
    const stored = await insertRows(batch, parts)
    await endRows(batch, parts)
    await client.query('COMMIT')
    for (const day of made.received) parts.days.received.add(day)
    for (const day of made.trades) parts.days.trades.add(day)
    return { kind: 'committed', ...stored }
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  }
}

/** Whether PostgreSQL refused the data, so that trying the same again would fail the same. */
export function isDataFault(error: unknown): boolean {
  const state = sqlStateOf(error)
  return state !== undefined && /^2[23]/.test(state)
}

async function moveWatermark(batch: RowBatch, { client, statements, from, counts }: CommitParts): Promise<boolean> {
  const { rowCount } = await client.query(statements.move, [
    batch.end.segment,
    batch.end.offset,
    batch.segmentId ?? null,
    String(batch.lastNs),
    JSON.stringify(counts),
    batch.journal,
    from.segment,
    from.offset,
  ])
  return rowCount === 1
}

async function makeDays(batch: RowBatch, { client, schema, days }: CommitParts): Promise<DaysKnown> {
  const received = new Set([...batch.days].filter((day) => !days.received.has(day)))
  const trades = new Set([...batch.tradeDays].filter((day) => !days.trades.has(day)))
  const database = client as Database
  if (received.size > 0) {
    const tables = ['rl_orderbook_deltas', 'rl_orderbook_snapshots', 'rl_ticker'] as const
    await ensurePartitions(database, received, { schema, tables })
  }
  if (trades.size > 0) await ensurePartitions(database, trades, { schema, tables: ['rl_trades'] })
  return { received, trades }
}

/** Rows of one table that can be inserted in part. */
type Insertion = {
  readonly count: number
  /** Answers how many rows were inserted. */
  readonly insert: (from: number, to: number) => Promise<number>
  /** Where the record of a row stands. */
  readonly placeOf: (index: number) => Position
}

async function insertRows(batch: RowBatch, parts: CommitParts): Promise<{ rows: number; quarantined: number }> {
  await insertMarkets(batch, parts)
  const insertions = [
    jsonInsertion(SESSIONS, batch.sessions, parts),
    jsonInsertion(CONNECTIONS, batch.connections, parts),
    jsonInsertion(LIFECYCLE, batch.lifecycle, parts),
    jsonInsertion(AUDITS, batch.audits, parts),
    jsonInsertion(COVERAGE, [...batch.newCoverage].map(coverageRow), parts),
    ...[batch.deltas, batch.snapshots, batch.ticker, batch.gaps, batch.validity, batch.quarantine].map((rows) =>
      copyInsertion(rows, parts),
    ),
    tradeInsertion(batch, parts),
  ]
  let rows = 0
  let quarantined = batch.quarantine.count
  for (const insertion of insertions) {
    if (insertion.count === 0) continue
    if (!parts.careful) {
      rows += await insertion.insert(0, insertion.count)
      continue
    }
    const done = await insertCarefully(batch.journal, insertion, 0, insertion.count, parts)
    rows += done.rows
    quarantined += done.quarantined
  }
  return { rows, quarantined }
}

/** A market's number was given out in memory; when another journal's writer took it, everything is numbered anew. */
async function insertMarkets(batch: RowBatch, { client, statements }: CommitParts): Promise<void> {
  if (batch.markets.length === 0) return
  try {
    await client.query(statements.insert(MARKETS), [jsonOf(batch.markets)])
  } catch (error) {
    if (sqlStateOf(error) !== '23505') throw error
    throw new WatermarkMoved('another store gave out the same market number', { cause: error })
  }
}

function copyInsertion(rows: CopyRows, { client, statements }: CommitParts): Insertion {
  return {
    count: rows.count,
    insert: async (from, to) => {
      await copyInto(client, statements.copy(rows.table), rows.copy.stream(from, to))
      return to - from
    },
    placeOf: (index) => ({ segment: rows.segments[index]!, offset: rows.offsets[index]! }),
  }
}

function jsonInsertion(table: JsonTable, rows: readonly JsonRow[], { client, statements }: CommitParts): Insertion {
  return {
    count: rows.length,
    insert: async (from, to) => {
      await client.query(statements.insert(table), [jsonOf(rows.slice(from, to))])
      return to - from
    },
    placeOf: (index) => rows[index]!.at,
  }
}

/** A trade is a row when its id is new, whatever number of frames and transactions told it. */
function tradeInsertion({ journal, trades }: RowBatch, { client, statements }: CommitParts): Insertion {
  return {
    count: trades.length,
    insert: async (from, to) => {
      const told = trades.slice(from, to)
      const { rows } = await client.query<{ trade_id: string }>(statements.tradeIds, [
        journal,
        told.map(({ tradeId }) => tradeId),
        told.map(({ origin }) => origin.segment),
        told.map(({ origin }) => origin.offset),
      ])
      const fresh = new Set(rows.map(({ trade_id }) => trade_id))
      const copied = new CopyRows(TRADES)
      for (const trade of told) if (fresh.has(trade.tradeId)) writeTrade(copied.copy, trade, trade.origin)
      if (copied.count > 0) await copyInto(client, statements.copy(TRADES), copied.copy.stream())
      return copied.count
    },
    placeOf: (index) => (trades[index] as Trade).origin,
  }
}

type Done = { readonly rows: number; readonly quarantined: number }

/** Halves what PostgreSQL refuses until it is one row. At most 2 × rows attempts, and two for each good half. */
async function insertCarefully(
  journal: number,
  insertion: Insertion,
  from: number,
  to: number,
  parts: CommitParts,
): Promise<Done> {
  const { client } = parts
  await client.query('SAVEPOINT rows')
  try {
    const rows = await insertion.insert(from, to)
    await client.query('RELEASE SAVEPOINT rows')
    return { rows, quarantined: 0 }
  } catch (error) {
    if (!isDataFault(error)) throw error
    await client.query('ROLLBACK TO SAVEPOINT rows; RELEASE SAVEPOINT rows')
    if (to - from === 1) {
      await quarantine(journal, insertion.placeOf(from), error, parts)
      return { rows: 0, quarantined: 1 }
    }
    const middle = (from + to) >>> 1
    const first = await insertCarefully(journal, insertion, from, middle, parts)
    const second = await insertCarefully(journal, insertion, middle, to, parts)
    return { rows: first.rows + second.rows, quarantined: first.quarantined + second.quarantined }
  }
}

async function quarantine(journal: number, place: Position, error: unknown, parts: CommitParts): Promise<void> {
  const record = await parts.readRecord(place)
  const { message, column, constraint } = error as { message: string; column?: string; constraint?: string }
  await parts.client.query(parts.statements.quarantine, [
    journal,
    place.segment,
    place.offset,
    String(record?.stampNs ?? 0n),
    record?.connection ?? 0,
    record?.type ?? 0,
    withoutNul(message),
    column ?? constraint ?? null,
    sqlStateOf(error) ?? null,
    record?.body ?? Buffer.alloc(0),
  ])
}

async function endRows(batch: RowBatch, { client, statements }: CommitParts): Promise<void> {
  if (batch.endedSessions.length > 0) await client.query(statements.endSessions, [jsonOf(batch.endedSessions)])
  // A connection may change twice in a batch, and an UPDATE takes only one row for each.
  if (batch.changedConnections.length > 0) {
    const merged = new Map<unknown, object>()
    for (const change of batch.changedConnections) {
      merged.set(change['connection'], { ...merged.get(change['connection']), ...change })
    }
    await client.query(statements.changeConnections, [jsonOf([...merged.values()])])
  }
  if (batch.endedGaps.length > 0) {
    const ended = batch.endedGaps.map(({ market, cause, found, to, closedBy }) => ({
      journal_id: batch.journal,
      found_segment: found.segment,
      found_offset: found.offset,
      market_id: market,
      cause,
      ...endColumns(to),
      closed_by: closedBy,
    }))
    await client.query(statements.endGaps, [jsonOf(ended)])
  }
  if (batch.endedValidity.length > 0) {
    const ended = batch.endedValidity.map(({ market, from, to, cause, found }) => ({
      market_id: market,
      from_segment: from.segment,
      from_offset: from.offset,
      ...endColumns(to),
      cause,
      found_segment: found?.segment,
      found_offset: found?.offset,
    }))
    await client.query(statements.endValidity, [jsonOf(ended)])
  }
  if (batch.endedCoverage.length > 0) {
    const ended = batch.endedCoverage.map(({ market, from, to }) => ({
      market_id: market,
      from_segment: from.segment,
      from_offset: from.offset,
      ...endColumns(to),
    }))
    await client.query(statements.endCoverage, [jsonOf(ended)])
  }
}

const coverageRow = ({ market, connection, from, to }: CoverageRow): JsonRow => ({
  at: from,
  market_id: market,
  connection,
  from_segment: from.segment,
  from_offset: from.offset,
  from_ns: String(from.receivedNs),
  ...endColumns(to),
})

/** Without the place that a row keeps for quarantine. */
const jsonOf = (rows: readonly object[]): string => JSON.stringify(rows.map((row) => ({ ...row, at: undefined })))

const endColumns = (to: { segment: number; offset: number; receivedNs: bigint } | undefined) => ({
  to_segment: to?.segment,
  to_offset: to?.offset,
  to_ns: to === undefined ? undefined : String(to.receivedNs),
})
