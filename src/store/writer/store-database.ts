/**
 * The database as the writer needs it. Two adapters: PostgreSQL (postgres-database.ts), and tables in memory that fail as
 * often as the contract lets them (src/store/memory), both held to test/contracts/store.ts.
 *
 * What a batch is, in which order it is written and what an outcome means is decided above it (transaction.ts).
 */
import type { Position } from '#domain'
import type { CopyTable } from '../rows/tables.ts'
import type { PartitionedTable } from '../schema/index.ts'
import type { ChangedTable, JsonTable } from './json-tables.ts'
import type { JournalIdentity, Stored, Watermark } from './stored.ts'

export interface StoreDatabase {
  /** Connected, or rejects with what the database or the way to it says, within a limit of its own. */
  connect(): Promise<StoreConnection>
}

/**
 * One connection. Contract:
 * 1. Between `begin` and a `commit` that resolved nobody else sees what was written; after it everybody does.
 * 2. Whatever rejects has done nothing, but for `commit`: where the answer was lost, only the watermark says what happened.
 * 3. `moveWatermark` compares and sets, and waits for a transaction that moved it before and is not over.
 * 4. A row whose key is there rejects with SQLSTATE 23505 in `code`; the transaction then takes only a rollback, to the
 *    savepoint or to its beginning.
 * 5. After `dispose`, whatever waits rejects; what was not committed is as if it had never been.
 */
export interface StoreConnection {
  /** Makes the schema and the journal's cursor where they are missing; answers what a fold must know at the watermark. */
  open(journal: JournalIdentity, options: OpenOptions): Promise<Stored>
  /** Where the watermark of a journal stands now; 0:0 when there is none. */
  watermark(journal: string): Promise<Watermark>
  /** Makes room for the rows of today and the next days, in a transaction of its own. */
  makeDaysAhead(nowNs: bigint): Promise<void>

  begin(): Promise<void>
  commit(): Promise<void>
  /** Never rejects. */
  rollback(): Promise<void>
  savepoint(): Promise<void>
  releaseSavepoint(): Promise<void>
  rollbackToSavepoint(): Promise<void>

  /** `false`: it stands elsewhere, and nothing was changed. */
  moveWatermark(move: WatermarkMove): Promise<boolean>
  /** Makes room for the rows of these days since 1970. */
  makeDays(days: ReadonlySet<number>, tables: readonly PartitionedTable[]): Promise<void>
  insert(table: JsonTable, rows: readonly object[]): Promise<void>
  /** Rows as binary COPY takes them. */
  copy(table: CopyTable, bytes: Uint8Array): Promise<void>
  /** Keeps the ids that are new, and answers those. */
  newTradeIds(journal: number, trades: readonly TradeId[]): Promise<ReadonlySet<string>>
  /** Rows of earlier transactions get columns that they had not; `undefined` and null leave a column as it is. */
  change(table: ChangedTable, rows: readonly object[]): Promise<void>
  quarantine(row: QuarantinedRow): Promise<void>

  /** Lets go at once. */
  dispose(): void
}

export type OpenOptions = { readonly sampleRate: number; readonly severalJournals: boolean }

export type WatermarkMove = {
  /** The stored number of the journal. */
  readonly journal: number
  readonly from: Position
  readonly to: Position
  readonly segmentId: string | undefined
  readonly lastNs: bigint
  /** Totals up to there. */
  readonly counts: Readonly<Record<string, number>>
}

export type TradeId = { readonly tradeId: string; readonly origin: Position }

/** A record that the database refused as a row, with its bytes. */
export type QuarantinedRow = {
  readonly journal: number
  readonly place: Position
  readonly receivedNs: bigint
  readonly connection: number
  readonly recordType: number
  readonly reason: string
  readonly at: string | null
  readonly sqlState: string | null
  readonly raw: Uint8Array
}
