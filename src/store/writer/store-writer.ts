/**
 * The journal into PostgreSQL, once and only once.
 *
 *   journal ──cursor──► RowFold ──RowBatch──► one transaction: watermark by compare-and-set, then the rows
 *
 * Reads no further than the durable position. The next batch is folded while the one before is committed; those two are
 * all that is held, so memory is flat however long PostgreSQL is away. What the database refuses for its data goes to
 * quarantine; any other failure is waited out. After an unknown outcome the watermark itself says what happened.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { comparePositions, formatPosition, type Position } from '#domain'
import { FileDisk, type JournalBlock, type JournalCursor, losesRecords, openCursor, type ReadFault } from '#journal'
import type { Disk } from '#ports'
import type { RowBatch } from '../rows/row-batch.ts'
import type { RowFold } from '../rows/row-fold.ts'
import {
  checkSchemaName,
  DEFAULT_SCHEMA,
  ensurePartitionsAhead,
  migrate,
  SchemaError,
  sqlStateOf,
} from '../schema/index.ts'
import { connect, dispose, type Target, within } from './connection.ts'
import { StoreError, WatermarkMoved } from './errors.ts'
import { checkWatermark, foldToWatermark, identifyJournal, readRecord } from './journal-source.ts'
import { RateMeter } from './rate-meter.ts'
import { type JournalIdentity, openStored, readWatermark } from './read-state.ts'
import { finishRedo } from './redo.ts'
import { type Limits, type Statements, statementsFor } from './sql.ts'
import type { DrainResult, StoreState, StoreStatus } from './store-status.ts'
import { type Committed, commitBatch, isDataFault } from './transaction.ts'

export type StoreWriterOptions = {
  readonly journalFolder: string
  /** A connection URL, or what `pg` takes. */
  readonly database: Target
  /** Everything before it may be read. */
  readonly durable: () => Position
  readonly disk?: Disk
  /** Default `kalshiflow`. */
  readonly schema?: string
  /** Rows that start a transaction at once. Default 100. */
  readonly batchRows?: number
  /** How long the first row waits for others. Default 1000. */
  readonly flushIntervalMs?: number
  /** Rows in one transaction; two of them are held in memory. Default 10,000. */
  readonly rowsMax?: number
  /** Deltas of a market that may become one row of a level; 1 keeps each. */
  readonly sampleRate?: number
  /** Other journals may have rows in this schema. */
  readonly severalJournals?: boolean
  readonly limits?: Limits
  /** The longest wait between two attempts. Default 10,000. */
  readonly backoffMsMax?: number
  readonly onEvent?: (event: StoreEvent) => void
}

export type StoreEvent =
  | { readonly kind: 'opened'; readonly position: Position; readonly behindBytes: number }
  /** PostgreSQL failed, or refused for another reason than the data. `code`: SQLSTATE or the socket's. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly retryMs: number }
  | { readonly kind: 'recovered'; readonly failures: number }
  /** The answer to a COMMIT was lost; the watermark says that it had happened. */
  | { readonly kind: 'commit_confirmed'; readonly position: Position }
  | { readonly kind: 'standby'; readonly position: Position }
  | { readonly kind: 'refused_rows'; readonly code: string; readonly message: string }
  | { readonly kind: 'unreadable'; readonly fault: ReadFault }

const LIMITS: Limits = { lockMs: 5_000, statementMs: 60_000, idleMs: 30_000 }
const BACKOFF_MS_MIN = 50
/** How often a caught-up writer looks at the durable position. */
const LOOK_MS = 10
const STANDBY_LOOK_MS = 1_000
/** Looks at a watermark that stands still, with work to do, before this writer takes over. */
const STANDBY_LOOKS = 5
const DAYS_AHEAD_EVERY_MS = 3_600_000

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
  readonly #schema: string
  readonly #disk: Disk
  readonly #statements: Statements
  readonly #limits: Limits
  readonly #stop = new AbortController()
  readonly #rate = new RateMeter()
  readonly #days = { received: new Set<number>(), trades: new Set<number>() }
  #client: pg.Client | undefined
  #state: StoreState = 'opening'
  #position: Position = { segment: 0, offset: 0 }
  #segmentBytes = new Map<number, number>()
  #oldestMs = 0
  #rows = 0
  #transactions = 0
  #quarantined = 0
  #unreadable = 0
  #failures = 0
  #lastError: string | undefined
  /** Drains under way. */
  #draining = 0
  #aheadMs = Number.NEGATIVE_INFINITY
  #running: Promise<void> | undefined

  constructor(options: StoreWriterOptions) {
    this.#options = options
    this.#schema = checkSchemaName(options.schema ?? DEFAULT_SCHEMA)
    this.#disk = options.disk ?? new FileDisk()
    this.#statements = statementsFor(this.#schema)
    this.#limits = options.limits ?? LIMITS
    for (const name of ['batchRows', 'flushIntervalMs', 'rowsMax', 'sampleRate', 'backoffMsMax'] as const) {
      const value = options[name]
      if (value === undefined || (Number.isSafeInteger(value) && value >= 1)) continue
      throw new StoreError('FLOW_STORE_OPTION', `${name} must be a whole number from 1, found ${value}`, {
        [name]: value,
      })
    }
  }

  /**
   * Writes until it is stopped. Rejects with a {@link StoreError} or a `SchemaError` when it must not go on; waits for
   * everything else.
   */
  run(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#state = 'stopped'
      dispose(this.#client)
      this.#client = undefined
    })
    return this.#running
  }

  get status(): StoreStatus {
    const durable = this.#options.durable()
    const isBehind = comparePositions(this.#position, durable) < 0
    return {
      state: this.#state,
      position: this.#position,
      durable,
      behindBytes: isBehind ? this.#behindBytes(durable) : 0,
      behindMs: isBehind && this.#oldestMs > 0 ? Math.max(0, Math.round(Date.now() - this.#oldestMs)) : 0,
      rowsPerSecond: this.#rate.perSecond,
      rows: this.#rows,
      transactions: this.#transactions,
      quarantined: this.#quarantined,
      unreadable: this.#unreadable,
      failures: this.#failures,
      lastError: this.#lastError,
    }
  }

  /** Writes what is durable without waiting for full batches, until nothing is left or the time is over. */
  async drain(deadlineMs: number): Promise<DrainResult> {
    this.#draining++
    const end = performance.now() + deadlineMs
    for (;;) {
      const durable = this.#options.durable()
      const isComplete = comparePositions(this.#position, durable) >= 0
      if (isComplete || performance.now() >= end || this.#state === 'stopped') {
        this.#draining--
        return { isComplete, position: this.#position, durable }
      }
      await sleep(LOOK_MS)
    }
  }

  /** Lets go at once: what is not committed is read again at the next start. */
  async stop(): Promise<void> {
    this.#stop.abort()
    dispose(this.#client)
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
        if (error instanceof WatermarkMoved) await this.#standBy()
        else await this.#failed(error)
      } finally {
        await open?.cursor.close()
      }
    }
  }

  async #open(): Promise<Open> {
    if (this.#state !== 'waiting') this.#state = 'opening'
    const { journalFolder: folder, sampleRate = 1, severalJournals = false } = this.#options
    const place = { disk: this.#disk, folder }
    const journal = await identifyJournal(place)
    const client = await this.#connected()
    await within(client, this.#limits.statementMs * 2, () => migrate(client, { schema: this.#schema }))
    // Begun by `reparse` and interrupted: what stands behind the watermark is removed before anything is written there.
    await finishRedo(client, this.#schema, journal.journal)
    const stored = await within(client, this.#limits.statementMs * 2, () => {
      return openStored(client, this.#schema, journal, { sampleRate, severalJournals })
    })
    const segments = await checkWatermark(place, stored)
    this.#segmentBytes = new Map(segments.map(({ number, bytes }) => [number, bytes]))
    const fold = await foldToWatermark(place, stored, segments, { sampleRate })
    this.#position = stored.watermark.position
    const { counts, lastNs } = stored.state
    fold.pending.end = this.#position
    fold.pending.segmentId = stored.watermark.segmentId
    fold.pending.lastNs = lastNs
    this.#oldestMs = lastNs === 0n ? 0 : Number(lastNs / 1_000_000n)
    const cursor = openCursor({
      ...place,
      from: this.#position,
      until: this.#options.durable,
      onFault: (fault) => {
        this.#unreadable++
        if (losesRecords(fault)) fold.damaged()
        this.#tell({ kind: 'unreadable', fault })
      },
    })
    this.#tell({ kind: 'opened', position: this.#position, behindBytes: this.#behindBytes(this.#options.durable()) })
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
          await sleep(LOOK_MS, undefined, { signal: this.#stop.signal }).catch(() => {})
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
    const { rowsMax = 10_000 } = this.#options
    const isDue = () => this.#isFlushDue(open)
    open.atEnd = false
    while (!this.#isStopped) {
      open.block ??= await cursor.nextBlock()
      if (open.block === undefined) {
        open.atEnd = true
        return
      }
      if (open.firstMs === 0) open.firstMs = performance.now()
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
    if (comparePositions(pending.end, this.#pendingFrom()) === 0 || !fold.canEnd) return false
    return !open.atEnd || pending.rows >= (this.#options.batchRows ?? 100) || this.#isFlushDue(open)
  }

  /** Where the batch at hand begins: the end of the one on its way, or the watermark. */
  #pendingFrom(): Position {
    return this.#onItsWay ?? this.#position
  }

  #onItsWay: Position | undefined

  #isFlushDue({ firstMs, fold }: Open): boolean {
    if (firstMs === 0) return false
    const { batchRows = 100, flushIntervalMs = 1_000 } = this.#options
    return this.#draining > 0 || fold.pending.rows >= batchRows || performance.now() - firstMs >= flushIntervalMs
  }

  /** Resolves when the batch is in the database, whatever that takes. Rejects when it must be read anew. */
  async #commit(open: Open, batch: RowBatch, from: Position): Promise<void> {
    this.#onItsWay = batch.end
    let careful = false
    try {
      while (!this.#isStopped) {
        try {
          const client = await this.#connected()
          await this.#makeDaysAhead(client)
          const counts = sum(open.counts, batch.counts)
          const done = await within(client, this.#limits.statementMs * 2, () =>
            commitBatch(batch, {
              client,
              schema: this.#schema,
              statements: this.#statements,
              limits: this.#limits,
              from,
              counts,
              days: this.#days,
              careful,
              readRecord: (at) => readRecord({ disk: this.#disk, folder: this.#options.journalFolder }, at),
            }),
          )
          if (done.kind === 'moved') await this.#confirm(open, batch)
          else this.#committed(batch, done)
          open.counts = counts
          this.#succeeded()
          return
        } catch (error) {
          if (this.#isStopped || error instanceof WatermarkMoved) throw error
          if (isDataFault(error) && !careful) {
            careful = true
            this.#days.received.clear()
            this.#days.trades.clear()
            this.#tell({ kind: 'refused_rows', code: sqlStateOf(error) ?? '', message: messageOf(error) })
          } else await this.#failed(error)
        }
      }
      throw new Error('stopped')
    } finally {
      this.#onItsWay = undefined
    }
  }

  /** Tomorrow's partitions, made today: a day's first batch then needs no lock on a whole table. */
  async #makeDaysAhead(client: pg.Client): Promise<void> {
    const nowMs = performance.now()
    if (nowMs - this.#aheadMs < DAYS_AHEAD_EVERY_MS) return
    const nowNs = BigInt(Date.now()) * 1_000_000n
    await within(client, this.#limits.statementMs, () => ensurePartitionsAhead(client, nowNs, { schema: this.#schema }))
    this.#aheadMs = nowMs
  }

  /** The watermark was not where it should be: either our own commit came through without its answer, or another's did. */
  async #confirm({ journal }: Open, batch: RowBatch): Promise<void> {
    const client = await this.#connected()
    const { position } = await readWatermark(client, this.#schema, journal.journal)
    if (comparePositions(position, batch.end) !== 0) {
      this.#position = position
      throw new WatermarkMoved(`the watermark stands at ${formatPosition(position)}`)
    }
    this.#tell({ kind: 'commit_confirmed', position })
    this.#committed(batch, { kind: 'committed', rows: batch.rows, quarantined: batch.quarantine.count })
  }

  #committed(batch: RowBatch, { rows, quarantined }: Committed): void {
    this.#position = batch.end
    this.#oldestMs = Number(batch.lastNs / 1_000_000n)
    this.#rows += rows
    this.#quarantined += quarantined
    this.#transactions++
    this.#rate.add(rows)
  }

  #succeeded(): void {
    if (this.#failures > 0) this.#tell({ kind: 'recovered', failures: this.#failures })
    this.#failures = 0
    this.#state = 'writing'
  }

  async #failed(error: unknown): Promise<void> {
    dispose(this.#client)
    this.#client = undefined
    this.#state = 'waiting'
    this.#lastError = messageOf(error)
    const retryMs = Math.min(BACKOFF_MS_MIN * 2 ** Math.min(this.#failures, 20), this.#options.backoffMsMax ?? 10_000)
    this.#failures++
    this.#tell({ kind: 'failed', code: codeOf(error), message: this.#lastError, retryMs })
    await sleep(retryMs, undefined, { signal: this.#stop.signal }).catch(() => {})
  }

  /** Watches the watermark until it has stood still for a while with work to do. */
  async #standBy(): Promise<void> {
    this.#state = 'standby'
    this.#tell({ kind: 'standby', position: this.#position })
    const { journalFolder: folder } = this.#options
    let still = 0
    while (!this.#isStopped && still < STANDBY_LOOKS) {
      await sleep(STANDBY_LOOK_MS, undefined, { signal: this.#stop.signal }).catch(() => {})
      try {
        const { journal } = await identifyJournal({ disk: this.#disk, folder })
        const { position } = await readWatermark(await this.#connected(), this.#schema, journal)
        const isWorkLeft = comparePositions(position, this.#options.durable()) < 0
        still = isWorkLeft && comparePositions(position, this.#position) === 0 ? still + 1 : 0
        this.#position = position
      } catch (error) {
        if (this.#isStopped || error instanceof StoreError) throw error
        await this.#failed(error)
        this.#state = 'standby'
      }
    }
  }

  async #connected(): Promise<pg.Client> {
    if (this.#client === undefined) {
      const client = await connect(this.#options.database)
      if (this.#isStopped) dispose(client)
      this.#client = client
    }
    return this.#client
  }

  #behindBytes(durable: Position): number {
    // The last durable offset seen of a segment is its length once the next one has begun.
    const seen = this.#segmentBytes.get(durable.segment) ?? 0
    if (durable.offset > seen) this.#segmentBytes.set(durable.segment, durable.offset)
    if (durable.segment === this.#position.segment) return Math.max(0, durable.offset - this.#position.offset)
    let bytes = durable.offset - this.#position.offset
    for (const [number, length] of this.#segmentBytes) {
      if (number >= this.#position.segment && number < durable.segment) bytes += length
    }
    return Math.max(0, bytes)
  }

  #tell(event: StoreEvent): void {
    this.#options.onEvent?.(event)
  }
}

function sum(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const total = { ...a }
  for (const [name, count] of Object.entries(b)) total[name] = (total[name] ?? 0) + count
  return total
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message || error.name : String(error))

/** SQLSTATE, or what the socket says; `UNKNOWN` without either. */
function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : 'UNKNOWN'
}
