/**
 * One batch as one transaction: the watermark first, by compare-and-set, then the rows. Either all of it is there, or none.
 *
 * What came of it is an outcome, never an exception. A batch that the database refuses for its data is done again
 * carefully (careful-rows.ts). Of an unknown outcome this file says only that; the watermark knows.
 */
import type { Position } from '#domain'
import { CopyRows, type JsonRow, type RowBatch, type Trade } from '../rows/row-batch.ts'
import { TRADES, writeTrade } from '../rows/tables.ts'
import { sqlStateOf } from '../schema/index.ts'
import { type CarefulParts, type Inserted, type Insertion, insertCarefully, isDataFault } from './careful-rows.ts'
import { coverageRow, endRows } from './ended-rows.ts'
import { AUDITS, CONNECTIONS, COVERAGE, type JsonTable, LIFECYCLE, MARKETS, SESSIONS } from './json-tables.ts'
import type { StoreConnection } from './store-database.ts'

export type CommitParts = Omit<CarefulParts, 'journal'> & {
  /** Where the watermark must stand. */
  readonly from: Position
  /** Totals of the whole journal, kept with the watermark. */
  readonly counts: Readonly<Record<string, number>>
  /** Days whose partitions are known to be there; more are added. */
  readonly days: DaysKnown
  /** Under savepoints, row by row where it must be. */
  readonly careful: boolean
}

export type DaysKnown = { readonly received: Set<number>; readonly trades: Set<number> }

/** `rows`: those inserted; a trade that was known already is none. */
export type Committed = Inserted & { readonly kind: 'committed' }

export type CommitOutcome =
  | Committed
  /** The watermark stands elsewhere, and nothing was done. */
  | { readonly kind: 'moved' }
  /** Another store gave out the number of a market, and nothing was done. */
  | { readonly kind: 'number_taken'; readonly error: unknown }
  /** The data was refused: the same again would fail the same. Nothing was done. */
  | { readonly kind: 'refused'; readonly error: unknown }
  | { readonly kind: 'failed'; readonly error: unknown }
  /** The answer to COMMIT was lost: all of it was done, or nothing. */
  | { readonly kind: 'unknown'; readonly error: unknown }

/** Never rejects. */
export async function commitBatch(batch: RowBatch, parts: CommitParts): Promise<CommitOutcome> {
  const { connection, days } = parts
  let isCommitting = false
  try {
    await connection.begin()
    if (!(await moveWatermark(batch, parts))) {
      await connection.rollback()
      return { kind: 'moved' }
    }
    const made = await makeDays(batch, parts)
    const inserted = await insertRows(batch, parts)
    await endRows(batch, connection)
    isCommitting = true
    await connection.commit()
    for (const day of made.received) days.received.add(day)
    for (const day of made.trades) days.trades.add(day)
    return { kind: 'committed', ...inserted }
  } catch (error) {
    await connection.rollback()
    if (error instanceof NumberTaken) return { kind: 'number_taken', error: error.cause }
    if (isDataFault(error)) return { kind: 'refused', error }
    return { kind: isCommitting ? 'unknown' : 'failed', error }
  }
}

class NumberTaken extends Error {
  override readonly name = 'NumberTaken'
}

const moveWatermark = (batch: RowBatch, { connection, from, counts }: CommitParts): Promise<boolean> =>
  connection.moveWatermark({
    journal: batch.journal,
    from,
    to: batch.end,
    segmentId: batch.segmentId,
    lastNs: batch.lastNs,
    counts,
  })

async function makeDays(batch: RowBatch, { connection, days }: CommitParts): Promise<DaysKnown> {
  const received = new Set([...batch.days].filter((day) => !days.received.has(day)))
  const trades = new Set([...batch.tradeDays].filter((day) => !days.trades.has(day)))
  const byReceipt = ['rl_orderbook_deltas', 'rl_orderbook_snapshots', 'rl_ticker'] as const
  if (received.size > 0) await connection.makeDays(received, byReceipt)
  if (trades.size > 0) await connection.makeDays(trades, ['rl_trades'])
  return { received, trades }
}

async function insertRows(batch: RowBatch, parts: CommitParts): Promise<Inserted> {
  const { connection, careful } = parts
  await insertMarkets(batch, connection)
  const insertions = [
    jsonInsertion(SESSIONS, batch.sessions, connection),
    jsonInsertion(CONNECTIONS, batch.connections, connection),
    jsonInsertion(LIFECYCLE, batch.lifecycle, connection),
    jsonInsertion(AUDITS, batch.audits, connection),
    jsonInsertion(COVERAGE, [...batch.newCoverage].map(coverageRow), connection),
    ...[batch.deltas, batch.snapshots, batch.ticker, batch.gaps, batch.validity, batch.quarantine].map((rows) =>
      copyInsertion(rows, connection),
    ),
    tradeInsertion(batch, connection),
  ]
  let rows = 0
  let quarantined = batch.quarantine.count
  for (const insertion of insertions) {
    if (insertion.count === 0) continue
    if (!careful) {
      rows += await insertion.insert(0, insertion.count)
      continue
    }
    const done = await insertCarefully(insertion, { ...parts, journal: batch.journal })
    rows += done.rows
    quarantined += done.quarantined
  }
  return { rows, quarantined }
}

/** A market's number was given out in memory; when another journal's writer took it, everything is numbered anew. */
async function insertMarkets({ markets }: RowBatch, connection: StoreConnection): Promise<void> {
  if (markets.length === 0) return
  try {
    await connection.insert(MARKETS, markets.map(withoutPlace))
  } catch (error) {
    if (sqlStateOf(error) !== '23505') throw error
    throw new NumberTaken('another store gave out the same market number', { cause: error })
  }
}

function copyInsertion(rows: CopyRows, connection: StoreConnection): Insertion {
  return {
    count: rows.count,
    insert: async (from, to) => {
      await connection.copy(rows.table, rows.copy.stream(from, to))
      return to - from
    },
    placeOf: (index) => ({ segment: rows.segments[index]!, offset: rows.offsets[index]! }),
  }
}

function jsonInsertion(table: JsonTable, rows: readonly JsonRow[], connection: StoreConnection): Insertion {
  return {
    count: rows.length,
    insert: async (from, to) => {
      await connection.insert(table, rows.slice(from, to).map(withoutPlace))
      return to - from
    },
    placeOf: (index) => rows[index]!.at,
  }
}

/** A trade is a row when its id is new, whatever number of frames and transactions told it. */
function tradeInsertion({ journal, trades }: RowBatch, connection: StoreConnection): Insertion {
  return {
    count: trades.length,
    insert: async (from, to) => {
      const told = trades.slice(from, to)
      const fresh = await connection.newTradeIds(journal, told)
      const copied = new CopyRows(TRADES)
      for (const trade of told) if (fresh.has(trade.tradeId)) writeTrade(copied.copy, trade, trade.origin)
      if (copied.count > 0) await connection.copy(TRADES, copied.copy.stream())
      return copied.count
    },
    placeOf: (index) => (trades[index] as Trade).origin,
  }
}

/** The place is kept for quarantine, and no column. */
const withoutPlace = (row: JsonRow): object => ({ ...row, at: undefined })
