/**
 * What one transaction writes: rows to insert by table, rows of earlier transactions that now have an end, and the position
 * that the journal's watermark moves to. Filled by the fold, sealed once, then only read: it can be tried again.
 *
 * Where a row stands keeps the position of its record, so that a row that PostgreSQL refuses leads back to its raw bytes.
 */
import type { Position } from '#domain'
import { CopyBinary } from './copy-binary.ts'
import {
  type CopyTable,
  type CoverageRow,
  DELTAS,
  type DeltaRow,
  GAPS,
  type GapRow,
  type Origin,
  QUARANTINE,
  type QuarantineRow,
  SNAPSHOTS,
  type SnapshotRow,
  TICKER,
  type TickerRow,
  type TradeRow,
  VALIDITY,
  type ValidityRow,
  writeDelta,
  writeGap,
  writeQuarantine,
  writeSnapshot,
  writeTicker,
  writeValidity,
} from './tables.ts'

/** Rows of one table as COPY takes them. */
export class CopyRows {
  readonly table: CopyTable
  readonly copy = new CopyBinary()
  /** Where the record of each row stands. */
  readonly segments: number[] = []
  readonly offsets: number[] = []

  constructor(table: CopyTable) {
    this.table = table
  }

  get count(): number {
    return this.copy.rows
  }

  /** The row just ended stands, or `refused` says why it does not. */
  placed(refused: string | undefined, segment: number, offset: number): string | undefined {
    if (refused !== undefined) return refused
    this.segments.push(segment)
    this.offsets.push(offset)
    return undefined
  }
}

/** A row that is inserted as JSON: the few of which there are few. `ns` columns are text, since JSON numbers are doubles. */
export type JsonRow = Readonly<Record<string, unknown>> & { readonly at: Position }

export type Trade = TradeRow & { readonly origin: Origin }

export class RowBatch {
  readonly journal: number
  readonly deltas = new CopyRows(DELTAS)
  readonly snapshots = new CopyRows(SNAPSHOTS)
  readonly ticker = new CopyRows(TICKER)
  readonly gaps = new CopyRows(GAPS)
  readonly validity = new CopyRows(VALIDITY)
  readonly quarantine = new CopyRows(QUARANTINE)
  readonly trades: Trade[] = []
  readonly markets: JsonRow[] = []
  readonly sessions: JsonRow[] = []
  readonly connections: JsonRow[] = []
  readonly lifecycle: JsonRow[] = []
  readonly audits: JsonRow[] = []

  /** Of rows that an earlier transaction inserted. */
  readonly endedSessions: JsonRow[] = []
  readonly changedConnections: JsonRow[] = []
  readonly toldMarkets: JsonRow[] = []
  readonly endedGaps: GapRow[] = []
  readonly endedValidity: ValidityRow[] = []
  readonly endedCoverage: CoverageRow[] = []

  /** Rows begun in this batch, which may still get their end in it; written when it is sealed. */
  readonly newGaps = new Set<GapRow>()
  readonly newValidity = new Set<ValidityRow>()
  readonly newCoverage = new Set<CoverageRow>()
  readonly #tradeIds = new Set<string>()
  /** Days since 1970 by receive stamp and, of trades, by exchange stamp: each needs a partition. */
  readonly days = new Set<number>()
  readonly tradeDays = new Set<number>()

  /** What the batch took of the journal, by kind: frames, not rows. */
  readonly counts = {
    records: 0,
    frames: 0,
    deltas: 0,
    snapshots: 0,
    trades: 0,
    tickers: 0,
    checkpoints: 0,
    quarantined: 0,
  }
  /** Bytes of the records taken, headers included. */
  bytes = 0
  /** Where the watermark moves to. */
  end: Position = { segment: 0, offset: 0 }
  /** Of the segment that `end` stands in. */
  segmentId: string | undefined
  /** The stamp of the last record. */
  lastNs = 0n
  #sealed = false

  constructor(journal: number) {
    this.journal = journal
  }

  /** Rows to insert, of all tables. */
  get rows(): number {
    return (
      this.deltas.count +
      this.snapshots.count +
      this.ticker.count +
      this.quarantine.count +
      this.trades.length +
      this.newGaps.size +
      this.newValidity.size +
      this.newCoverage.size +
      this.sessions.length +
      this.connections.length +
      this.lifecycle.length +
      this.audits.length +
      this.markets.length
    )
  }

  /** Whether the transaction would do more than move the watermark. */
  get isEmpty(): boolean {
    return (
      this.rows +
        this.endedSessions.length +
        this.changedConnections.length +
        this.toldMarkets.length +
        this.endedGaps.length +
        this.endedValidity.length +
        this.endedCoverage.length ===
      0
    )
  }

  /** Each answers why the row was refused; `undefined` when it stands. */
  delta(row: DeltaRow): string | undefined {
    return this.deltas.placed(writeDelta(this.deltas.copy, row), row.segment, row.offset)
  }

  snapshot(row: SnapshotRow, origin: Origin): string | undefined {
    return this.snapshots.placed(writeSnapshot(this.snapshots.copy, row, origin), origin.segment, origin.offset)
  }

  tick(row: TickerRow, origin: Origin): string | undefined {
    return this.ticker.placed(writeTicker(this.ticker.copy, row, origin), origin.segment, origin.offset)
  }

  quarantined(row: QuarantineRow, origin: Origin): string | undefined {
    this.counts.quarantined++
    const refused = writeQuarantine(this.quarantine.copy, this.journal, row, origin)
    return this.quarantine.placed(refused, origin.segment, origin.offset)
  }

  /** The first frame that tells a trade makes its row; the same trade again in this batch is none. */
  trade(row: Trade): void {
    if (this.#tradeIds.has(row.tradeId)) return
    this.#tradeIds.add(row.tradeId)
    this.trades.push(row)
  }

  /** Nothing is added after it. */
  seal(): void {
    if (this.#sealed) return
    this.#sealed = true
    for (const row of this.newGaps) {
      this.gaps.placed(writeGap(this.gaps.copy, this.journal, row), row.found.segment, row.found.offset)
    }
    for (const row of this.newValidity) {
      this.validity.placed(writeValidity(this.validity.copy, row), row.from.segment, row.from.offset)
    }
  }
}
