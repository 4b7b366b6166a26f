/** One connection to tables in memory: its transaction, and the faults that the store is told to have. */
import type { CopyTable } from '../rows/tables.ts'
import type { ChangedTable, JsonTable } from '../writer/json-tables.ts'
import type { OpenOptions, QuarantinedRow, StoreConnection, TradeId, WatermarkMove } from '../writer/store-database.ts'
import { checkOtherJournals, type JournalIdentity, type Stored, type Watermark } from '../writer/stored.ts'
import { type MemoryRow, readCopy } from './copy-reader.ts'
import { readMemoryState, watermarkOf } from './memory-state.ts'
import type { MemoryTables, StoreFault, StoreOperation } from './memory-tables.ts'
import { Writing } from './memory-transactions.ts'

const CURSORS = 'rl_ingest_cursor'

export class MemoryConnection implements StoreConnection {
  readonly #store: MemoryTables
  #writing: Writing | undefined
  #savepoints: number[] = []
  /** A statement failed: the transaction takes only a rollback. */
  #isAborted = false
  #isDead = false
  #die: (error: Error) => void = () => {}
  readonly #death: Promise<never>

  constructor(store: MemoryTables) {
    this.#store = store
    this.#death = new Promise((_, reject) => {
      this.#die = reject
    })
    this.#death.catch(() => {})
  }

  open(journal: JournalIdentity, options: OpenOptions): Promise<Stored> {
    return this.#step('open', async () => {
      const stored = this.#store.rows(CURSORS).map((row) => ({
        journal: String(row['journal']),
        environment: String(row['environment']),
      }))
      checkOtherJournals('memory', journal, stored, options.severalJournals)
      if (!stored.some((each) => each.journal === journal.journal)) {
        const row = this.#store.fromJson(CURSORS, {
          ...journal,
          journal_id: stored.length + 1,
          sample_rate: options.sampleRate,
          segment: 0,
          offset: 0,
          received_ns: 0,
          counts: {},
        })
        await this.#write((writing) => this.#store.transactions.insert(writing, this.#store.table(CURSORS), row))
      }
      return readMemoryState((table) => this.#store.rows(table), this.#cursor(journal.journal)!)
    })
  }

  watermark(journal: string): Promise<Watermark> {
    return this.#step('watermark', () => watermarkOf(this.#cursor(journal)))
  }

  async makeDaysAhead(): Promise<void> {}

  async begin(): Promise<void> {
    await this.#step('begin', () => {
      this.#writing = new Writing()
      this.#savepoints = []
      this.#isAborted = false
    })
  }

  async commit(): Promise<void> {
    const writing = this.#writing
    await this.#step('commit', () => this.#end(writing), {
      late: () => void this.#store.late().then(() => this.#end(writing)),
    })
  }

  async rollback(): Promise<void> {
    if (this.#isDead || this.#writing === undefined) return
    this.#store.transactions.rollback(this.#writing)
    this.#writing = undefined
    this.#isAborted = false
  }

  async savepoint(): Promise<void> {
    await this.#step('write', () => this.#savepoints.push(this.#writing!.steps.length))
  }

  async releaseSavepoint(): Promise<void> {
    await this.#step('write', () => this.#savepoints.pop())
  }

  async rollbackToSavepoint(): Promise<void> {
    this.#isAborted = false
    await this.#step('write', () => {
      this.#store.transactions.undo(this.#writing!, this.#savepoints.pop()!)
    })
  }

  moveWatermark({ journal, from, to, segmentId, lastNs, counts }: WatermarkMove): Promise<boolean> {
    return this.#step('move', () =>
      this.#write((writing) => {
        for (const row of this.#store.table(CURSORS).find(['journal_id'], { journal_id: journal })) {
          if (row['segment'] !== from.segment || row['offset'] !== from.offset) continue
          const moved = { ...to, segment_key: segmentId ?? null, received_ns: lastNs, counts: { ...counts } }
          this.#store.transactions.change(writing, row, moved)
          return true
        }
        return false
      }),
    )
  }

  async makeDays(): Promise<void> {}

  async insert({ name }: JsonTable, rows: readonly object[]): Promise<void> {
    await this.#insert(name, () => rows.map((row) => this.#store.fromJson(name, row as Record<string, unknown>)))
  }

  async copy({ name, columns }: CopyTable, bytes: Uint8Array): Promise<void> {
    await this.#insert(name, () => readCopy(this.#store.table(name).shape, columns, bytes))
  }

  newTradeIds(journal: number, trades: readonly TradeId[]): Promise<ReadonlySet<string>> {
    return this.#step('write', () =>
      this.#write((writing) => {
        const table = this.#store.table('rl_trade_ids')
        const fresh = new Set<string>()
        for (const { tradeId, origin } of trades) {
          const { segment, offset } = origin
          const row: MemoryRow = { journal_id: journal, trade_id: tradeId, segment, offset }
          if ([...table.find(['trade_id', 'journal_id'], row)].length > 0) continue
          this.#store.transactions.insert(writing, table, row)
          fresh.add(tradeId)
        }
        return fresh
      }),
    )
  }

  async change({ name, keys, columns }: ChangedTable, rows: readonly object[]): Promise<void> {
    await this.#step('write', () =>
      this.#write((writing) => {
        for (const given of rows) {
          const values = this.#store.fromJson(name, given as Record<string, unknown>)
          const changed = Object.keys(columns).filter((each) => !keys.includes(each) && values[each] !== null)
          const set = Object.fromEntries(changed.map((each) => [each, values[each]!]))
          for (const row of [...this.#store.table(name).find(keys, values)]) {
            this.#store.transactions.change(writing, row, set)
          }
        }
      }),
    )
  }

  async quarantine({ journal, place, receivedNs, ...row }: QuarantinedRow): Promise<void> {
    const { connection, recordType: record_type, reason, at, sqlState: sqlstate, raw } = row
    const key = { journal_id: journal, ...place }
    const rest = { received_ns: receivedNs, connection, record_type, reason, at, sqlstate, raw }
    await this.#step('write', () =>
      this.#write((writing) => {
        const table = this.#store.table('rl_quarantine')
        if ([...table.find(['journal_id', 'segment', 'offset'], key)].length > 0) return
        this.#store.transactions.insert(writing, table, { ...key, ...rest })
      }),
    )
  }

  dispose(): void {
    this.#cut()
  }

  async #insert(name: string, rows: () => readonly MemoryRow[]): Promise<void> {
    await this.#step('write', () =>
      this.#write((writing) => {
        for (const row of rows()) this.#store.transactions.insert(writing, this.#store.table(name), row)
      }),
    )
  }

  /** Inside the transaction, or alone and committed at once. */
  async #write<Answer>(work: (writing: Writing) => Answer): Promise<Answer> {
    const writing = this.#writing ?? new Writing()
    await this.#store.transactions.enter(writing)
    const isAlone = this.#writing !== writing
    if (this.#isDead) {
      this.#store.transactions.rollback(writing)
      throw lost()
    }
    try {
      const answer = work(writing)
      if (isAlone) this.#store.transactions.commit(writing)
      return answer
    } catch (error) {
      if (isAlone) this.#store.transactions.rollback(writing)
      throw error
    }
  }

  async #step<Answer>(
    operation: StoreOperation,
    work: () => Answer | Promise<Answer>,
    { late }: { readonly late?: () => void } = {},
  ): Promise<Answer> {
    if (this.#isDead) throw lost()
    if (this.#isAborted) throw refused('25P02', 'current transaction is aborted')
    const fault: StoreFault | undefined = await this.#orDeath(this.#store.fault(operation))
    if (fault === 'hang') return this.#death
    if (fault === 'late' && late !== undefined) this.#writing = undefined
    if (fault === 'cut' || fault === 'late') {
      this.#cut()
      if (fault === 'late') late?.()
      throw lost()
    }
    try {
      if (fault === 'refused') throw refused('57014', 'canceling statement')
      const answer = await this.#orDeath(work())
      if (fault !== 'cut_after') return answer
    } catch (error) {
      this.#isAborted = this.#writing !== undefined
      throw error
    }
    this.#cut()
    throw lost()
  }

  #orDeath<Answer>(answer: Answer | Promise<Answer>): Promise<Answer> {
    return Promise.race([answer, this.#death])
  }

  #end(writing: Writing | undefined): void {
    if (writing !== undefined) this.#store.transactions.commit(writing)
    if (this.#writing === writing) this.#writing = undefined
  }

  #cut(): void {
    if (this.#isDead) return
    this.#isDead = true
    if (this.#writing !== undefined) this.#store.transactions.rollback(this.#writing)
    this.#writing = undefined
    this.#die(lost())
  }

  #cursor(journal: string): MemoryRow | undefined {
    return this.#store.rows(CURSORS).find((row) => row['journal'] === journal)
  }
}

const lost = (): Error => Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' })
const refused = (code: string, message: string): Error => Object.assign(new Error(message), { code })
