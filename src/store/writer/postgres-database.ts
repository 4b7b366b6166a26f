/** PostgreSQL as the writer's database: one schema of it, by plain SQL and binary COPY. */
import type pg from 'pg'
import type { CopyTable } from '../rows/tables.ts'
import {
  type Database,
  ensurePartitions,
  ensurePartitionsAhead,
  migrate,
  type PartitionedTable,
} from '../schema/index.ts'
import { connect, copyInto, dispose, type Target } from './connection.ts'
import type { ChangedTable, JsonTable } from './json-tables.ts'
import { openStored, readWatermark } from './read-state.ts'
import { finishRedo } from './redo.ts'
import { type Limits, type Statements, statementsFor } from './sql.ts'
import type {
  OpenOptions,
  QuarantinedRow,
  StoreConnection,
  StoreDatabase,
  TradeId,
  WatermarkMove,
} from './store-database.ts'
import type { JournalIdentity, Stored, Watermark } from './stored.ts'

export class PostgresDatabase implements StoreDatabase {
  readonly #target: Target
  readonly #schema: string
  readonly #statements: Statements
  readonly #limits: Limits

  /** `schema`: a name that was checked. */
  constructor(target: Target, schema: string, limits: Limits) {
    this.#target = target
    this.#schema = schema
    this.#statements = statementsFor(schema)
    this.#limits = limits
  }

  async connect(): Promise<StoreConnection> {
    return new PostgresConnection(await connect(this.#target), this.#schema, this.#statements, this.#limits)
  }
}

class PostgresConnection implements StoreConnection {
  readonly #client: pg.Client
  readonly #schema: string
  readonly #statements: Statements
  readonly #limits: Limits

  constructor(client: pg.Client, schema: string, statements: Statements, limits: Limits) {
    this.#client = client
    this.#schema = schema
    this.#statements = statements
    this.#limits = limits
  }

  async open(journal: JournalIdentity, options: OpenOptions): Promise<Stored> {
    await migrate(this.#client, { schema: this.#schema })
    // Begun by `reparse` and interrupted: what stands behind the watermark is removed before anything is written there.
    await finishRedo(this.#client, this.#schema, journal.journal)
    return openStored(this.#client, this.#schema, journal, options)
  }

  watermark(journal: string): Promise<Watermark> {
    return readWatermark(this.#client, this.#schema, journal)
  }

  async makeDaysAhead(nowNs: bigint): Promise<void> {
    await ensurePartitionsAhead(this.#client, nowNs, { schema: this.#schema })
  }

  async begin(): Promise<void> {
    await this.#client.query(this.#statements.begin(this.#limits))
  }

  async commit(): Promise<void> {
    await this.#client.query('COMMIT')
  }

  async rollback(): Promise<void> {
    await this.#client.query('ROLLBACK').catch(() => {})
  }

  async savepoint(): Promise<void> {
    await this.#client.query('SAVEPOINT rows')
  }

  async releaseSavepoint(): Promise<void> {
    await this.#client.query('RELEASE SAVEPOINT rows')
  }

  async rollbackToSavepoint(): Promise<void> {
    await this.#client.query('ROLLBACK TO SAVEPOINT rows; RELEASE SAVEPOINT rows')
  }

  async moveWatermark({ journal, from, to, segmentId, lastNs, counts }: WatermarkMove): Promise<boolean> {
    const place = [to.segment, to.offset, segmentId ?? null, String(lastNs), JSON.stringify(counts)]
    const { rowCount } = await this.#client.query(this.#statements.move, [...place, journal, from.segment, from.offset])
    return rowCount === 1
  }

  async makeDays(days: ReadonlySet<number>, tables: readonly PartitionedTable[]): Promise<void> {
    await ensurePartitions(this.#client as Database, days, { schema: this.#schema, tables })
  }

  async insert(table: JsonTable, rows: readonly object[]): Promise<void> {
    await this.#client.query(this.#statements.insert(table), [JSON.stringify(rows)])
  }

  copy(table: CopyTable, bytes: Uint8Array): Promise<void> {
    return copyInto(this.#client, this.#statements.copy(table), bytes)
  }

  async newTradeIds(journal: number, trades: readonly TradeId[]): Promise<ReadonlySet<string>> {
    const { rows } = await this.#client.query<{ trade_id: string }>(this.#statements.tradeIds, [
      journal,
      trades.map(({ tradeId }) => tradeId),
      trades.map(({ origin }) => origin.segment),
      trades.map(({ origin }) => origin.offset),
    ])
    return new Set(rows.map(({ trade_id }) => trade_id))
  }

  async change(table: ChangedTable, rows: readonly object[]): Promise<void> {
    await this.#client.query(this.#statements.change(table), [JSON.stringify(rows)])
  }

  async quarantine(row: QuarantinedRow): Promise<void> {
    const { journal, place, receivedNs, connection, recordType, reason, at, sqlState, raw } = row
    await this.#client.query(this.#statements.quarantine, [
      journal,
      place.segment,
      place.offset,
      String(receivedNs),
      connection,
      recordType,
      reason,
      at,
      sqlState,
      raw,
    ])
  }

  dispose(): void {
    dispose(this.#client)
  }
}
