/**
 * The journal into the database, once and only once.
 *
 *   journal ──cursor──► RowFold ──RowBatch──► one transaction: watermark by compare-and-set, then the rows
 *
 * Reads no further than the durable position. The next batch is folded while the one before is committed; those two are
 * all that is held, so memory is flat however long the database is away. How a batch gets in, whatever happens, is
 * batch-committer.ts; here is what is read, when a batch is due, and who writes when there are two.
 */
import { comparePositions, type Position } from '#domain'
import { FileDisk, type JournalBlock, type JournalCursor, losesRecords, openCursor } from '#journal'
import type { Disk } from '#ports'
import type { RowBatch } from '../rows/row-batch.ts'
import type { RowFold } from '../rows/row-fold.ts'
import { checkSchemaName, DEFAULT_SCHEMA, SchemaError } from '../schema/index.ts'
import { BatchCommitter } from './batch-committer.ts'
import { DatabaseClient } from './database-client.ts'
import { Distance } from './distance.ts'
import { StoreError, WatermarkMoved } from './errors.ts'
import { checkWatermark, foldToWatermark, identifyJournal, readRecord } from './journal-source.ts'
import { PostgresDatabase } from './postgres-database.ts'
import { RateMeter } from './rate-meter.ts'
import type { StoreDatabase } from './store-database.ts'
import { type StoreEvent, type StoreSettings, type StoreWriterOptions, settingsOf } from './store-options.ts'
import type { DrainResult, StoreState, StoreStatus } from './store-status.ts'
import type { JournalIdentity } from './stored.ts'
import type { Committed } from './transaction.ts'

/** How often a caught-up writer looks at the durable position. */
const LOOK_MS = 10
const STANDBY_LOOK_MS = 1_000
/** Looks at a watermark that stands still, with work to do, before this writer takes over. */
const STANDBY_LOOKS = 5

/** Everything that one opening of the journal and the database has. */
type Open = {
  readonly fold: RowFold
  readonly cursor: JournalCursor
  readonly journal: JournalIdentity
  /** Totals up to the watermark. */
  counts: Readonly<Record<string, number>>
  /** A block that is not used up. */
  block: JournalBlock | undefined
  /** When the first record of the batch at hand was taken. */
  firstMs: number
  atEnd: boolean
}

export class StoreWriter {
  readonly #options: StoreWriterOptions
  readonly #settings: StoreSettings
  readonly #disk: Disk
  readonly #client: DatabaseClient
  readonly #committer: BatchCommitter
  readonly #stop = new AbortController()
  readonly #rate: RateMeter
  readonly #distance = new Distance()
  #state: StoreState = 'opening'
  #isAtEnd = false
  #position: Position = { segment: 0, offset: 0 }
  /** The end of the batch that is being committed. */
  #onItsWay: Position | undefined
  #oldestMs = 0
  #rows = 0
  #transactions = 0
  #quarantined = 0
  #unreadable = 0
  /** Drains under way. */
  #draining = 0
  #running: Promise<void> | undefined

  constructor(options: StoreWriterOptions) {
    this.#options = options
    this.#settings = settingsOf(options)
    this.#disk = options.disk ?? new FileDisk()
    const { time, limits, backoffMsMax } = this.#settings
    this.#rate = new RateMeter(() => time.nowMs())
    this.#client = new DatabaseClient({
      database: databaseOf(options, this.#settings),
      time,
      backoffMsMax,
      signal: this.#stop.signal,
      onFailed: (failure) => {
        this.#state = 'waiting'
        this.#tell({ kind: 'failed', ...failure })
      },
    })
    this.#committer = new BatchCommitter({
      client: this.#client,
      time,
      statementMs: limits.statementMs,
      signal: this.#stop.signal,
      readRecord: (at) => readRecord({ disk: this.#disk, folder: options.journalFolder }, at),
      onRefused: (refused) => this.#tell({ kind: 'refused_rows', ...refused }),
      onConfirmed: (position) => this.#tell({ kind: 'commit_confirmed', position }),
    })
  }

  /**
   * Writes until it is stopped. Rejects with a {@link StoreError} or a `SchemaError` when it must not go on; waits for
   * everything else.
   */
  run(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#state = 'stopped'
      this.#client.dispose()
    })
    return this.#running
  }

  get status(): StoreStatus {
    const durable = this.#options.durable()
    const isBehind = comparePositions(this.#position, durable) < 0
    const behindMs = this.#settings.time.wallMs() - this.#oldestMs
    return {
      state: this.#state,
      position: this.#position,
      durable,
      behindBytes: this.#distance.bytes(this.#position, durable),
      behindMs: isBehind && this.#oldestMs > 0 ? Math.max(0, Math.round(behindMs)) : 0,
      rowsPerSecond: this.#rate.perSecond,
      rows: this.#rows,
      transactions: this.#transactions,
      quarantined: this.#quarantined,
      unreadable: this.#unreadable,
      failures: this.#client.failures,
      lastError: this.#client.lastError,
    }
  }

  /** Whether everything that can be read is in the database. */
  get isAtEnd(): boolean {
    return this.#isAtEnd && this.#state === 'writing'
  }

  /** Writes what is durable without waiting for full batches, until nothing is left or the time is over. */
  async drain(deadlineMs: number): Promise<DrainResult> {
    const { time } = this.#settings
    this.#draining++
    const end = time.nowMs() + deadlineMs
    for (;;) {
      const durable = this.#options.durable()
      const isComplete = comparePositions(this.#position, durable) >= 0
      if (isComplete || time.nowMs() >= end || this.#state === 'stopped') {
        this.#draining--
        return { isComplete, position: this.#position, durable }
      }
      await time.sleep(LOOK_MS)
    }
  }

  /** Lets go at once: what is not committed is read again at the next start. */
  async stop(): Promise<void> {
    this.#stop.abort()
    this.#client.dispose()
    await this.#running?.catch(() => {})
  }

  get #isStopped(): boolean {
    return this.#stop.signal.aborted
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      let open: Open | undefined
      try {
        open = await this.#open()
        await this.#write(open)
      } catch (error) {
        if (this.#isStopped) return
        if (error instanceof StoreError || error instanceof SchemaError) throw error
        if (error instanceof WatermarkMoved) await this.#standBy(error)
        else await this.#client.failed(error)
      } finally {
        await open?.cursor.close()
      }
    }
  }

  async #open(): Promise<Open> {
    if (this.#state !== 'waiting') this.#state = 'opening'
    this.#isAtEnd = false
    const { journalFolder: folder, severalJournals = false } = this.#options
    const { sampleRate, limits, time } = this.#settings
    const place = { disk: this.#disk, folder }
    const journal = await identifyJournal(place)
    const stored = await this.#client.use(limits.statementMs * 2, (connection) =>
      connection.open(journal, { sampleRate, severalJournals }),
    )
    const segments = await checkWatermark(place, stored)
    this.#distance.known(segments.map(({ number, bytes }) => [number, bytes]))
    const fold = await foldToWatermark(place, stored, segments, { sampleRate })
    this.#position = stored.watermark.position
    const { counts, lastNs } = stored.state
    fold.pending.end = this.#position
    fold.pending.segmentId = stored.watermark.segmentId
    fold.pending.lastNs = lastNs
    this.#oldestMs = lastNs === 0n ? 0 : Number(lastNs / 1_000_000n)
    const cursor = openCursor({
      ...place,
      time,
      from: this.#position,
      until: this.#options.durable,
      onFault: (fault) => {
        // Met again at each look, and no loss: those bytes were never told to be durable.
        if (fault.kind === 'torn_tail') return
        this.#unreadable++
        if (losesRecords(fault)) fold.damaged()
        this.#tell({ kind: 'unreadable', fault })
      },
    })
    const behindBytes = this.#distance.bytes(this.#position, this.#options.durable())
    this.#tell({ kind: 'opened', position: this.#position, behindBytes })
    this.#state = 'writing'
    return { fold, cursor, journal, counts, block: undefined, firstMs: 0, atEnd: false }
  }

  /** Fills one batch while the one before is committed. */
  async #write(open: Open): Promise<void> {
    let committing: Promise<void> = Promise.resolve()
    // What is still on its way is awaited before anything else happens, also when filling fails.
    try {
      while (!this.#isStopped) {
        await this.#fill(open)
        if (!this.#isDue(open)) {
          this.#isAtEnd = open.atEnd && comparePositions(open.fold.pending.end, this.#position) === 0
          await this.#settings.time.sleep(LOOK_MS, this.#stop.signal)
          continue
        }
        await committing
        const batch = open.fold.cut()
        open.firstMs = 0
        committing = this.#commit(open, batch, this.#position)
        committing.catch(() => {})
        if (open.atEnd) await committing
      }
    } finally {
      await committing
    }
  }

  /** Takes what is readable, up to a full batch. */
  async #fill(open: Open): Promise<void> {
    const { fold, cursor } = open
    const { rowsMax, time } = this.#settings
    const isDue = () => this.#isFlushDue(open)
    open.atEnd = false
    while (!this.#isStopped) {
      open.block ??= await cursor.nextBlock()
      if (open.block === undefined) {
        open.atEnd = true
        return
      }
      this.#isAtEnd = false
      // Nothing was ever stored: it is behind by the age of the first record.
      if (this.#oldestMs === 0) this.#oldestMs = Number(open.block.baseNs / 1_000_000n)
      if (open.firstMs === 0) open.firstMs = time.nowMs()
      const { segmentId } = cursor
      const { segment, end } = open.block
      const isUsedUp = fold.take(open.block, { rowsMax, isDue })
      // A batch may end before the first record of a new segment: it then still stands in the old one.
      if (fold.pending.end.segment === segment && segmentId !== undefined) fold.pending.segmentId = segmentId
      if (!isUsedUp) return
      fold.pending.end = { segment, offset: end }
      if (segmentId !== undefined) fold.pending.segmentId = segmentId
      open.block = undefined
    }
  }

  #isDue(open: Open): boolean {
    const { fold } = open
    const { pending } = fold
    // The batch at hand begins at the end of the one on its way, or at the watermark.
    if (comparePositions(pending.end, this.#onItsWay ?? this.#position) === 0 || !fold.canEnd) return false
    return !open.atEnd || pending.rows >= this.#settings.batchRows || this.#isFlushDue(open)
  }

  #isFlushDue({ firstMs, fold }: Open): boolean {
    if (firstMs === 0) return false
    const { batchRows, flushIntervalMs, time } = this.#settings
    return this.#draining > 0 || fold.pending.rows >= batchRows || time.nowMs() - firstMs >= flushIntervalMs
  }

  /** Resolves when the batch is in the database, whatever that takes. Rejects when it must be read anew. */
  async #commit(open: Open, batch: RowBatch, from: Position): Promise<void> {
    this.#onItsWay = batch.end
    try {
      const counts = sum(open.counts, batch.counts)
      const committed = await this.#committer.commit(batch, { journal: open.journal.journal, from, counts })
      open.counts = counts
      this.#committed(batch, committed)
    } finally {
      this.#onItsWay = undefined
    }
  }

  #committed(batch: RowBatch, { rows, quarantined }: Committed): void {
    this.#position = batch.end
    this.#oldestMs = Number(batch.lastNs / 1_000_000n)
    this.#rows += rows
    this.#quarantined += quarantined
    this.#transactions++
    this.#rate.add(rows)
    const failures = this.#client.succeeded()
    if (failures > 0) this.#tell({ kind: 'recovered', failures })
    this.#state = 'writing'
  }

  /** Watches the watermark until it has stood still for a while with work to do. */
  async #standBy({ position: moved = this.#position }: WatermarkMoved): Promise<void> {
    this.#state = 'standby'
    this.#position = moved
    this.#tell({ kind: 'standby', position: this.#position })
    const { journalFolder: folder } = this.#options
    const { time, limits } = this.#settings
    let still = 0
    while (!this.#isStopped && still < STANDBY_LOOKS) {
      await time.sleep(STANDBY_LOOK_MS, this.#stop.signal)
      try {
        const { journal } = await identifyJournal({ disk: this.#disk, folder })
        const { position } = await this.#client.use(limits.statementMs, (connection) => connection.watermark(journal))
        const isWorkLeft = comparePositions(position, this.#options.durable()) < 0
        still = isWorkLeft && comparePositions(position, this.#position) === 0 ? still + 1 : 0
        this.#position = position
      } catch (error) {
        if (this.#isStopped || error instanceof StoreError) throw error
        await this.#client.failed(error)
        this.#state = 'standby'
      }
    }
  }

  #tell(event: StoreEvent): void {
    this.#options.onEvent?.(event)
  }
}

function databaseOf({ database, schema }: StoreWriterOptions, { limits }: StoreSettings): StoreDatabase {
  const name = checkSchemaName(schema ?? DEFAULT_SCHEMA)
  if (typeof database === 'object' && 'connect' in database) return database
  return new PostgresDatabase(database, name, limits)
}

function sum(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const total = { ...a }
  for (const [name, count] of Object.entries(b)) total[name] = (total[name] ?? 0) + count
  return total
}
