/**
 * The journal's writer: takes records on the hot path without waiting, and makes them durable behind it.
 *
 *   append ──► AppendBuffer ──(5 ms)──► one block at a time ──► write ──► fdatasync ──► durable
 *                                             │ failed write for lack of room: again, same place
 *                                             └ failed sync or sick disk: the segment is left, again in the next
 *
 * A reader needs none of this: see cursor.ts. Who may write is decided elsewhere: two writers in one folder are told
 * apart only when they make the same segment.
 */
import { createHistogram } from 'node:perf_hooks'
import { type Position, RECORD, type RecordType } from '#domain'
import type { AppendResult, JournalWriter } from '#ports'
import { AppendBuffer, type PendingBlock } from './append-buffer.ts'
import { RECORD_BODY_BYTES_MAX } from './block.ts'
import { SystemClock } from './clock-system.ts'
import { JournalError } from './errors.ts'
import {
  DEFAULTS,
  type JournalEvent,
  type JournalMetrics,
  type JournalOptions,
  type Settings,
} from './journal-options.ts'
import { encodeJson } from './json-body.ts'
import { SYSTEM_RANDOM } from './random-sources.ts'
import { type Recovery, recover } from './recovery.ts'
import { pause, retryAfterMs } from './retry.ts'
import { SEGMENT_HEADER_BYTES, uuidFrom } from './segment-header.ts'
import { SegmentWriter, StageFailure } from './segment-writer.ts'
import { Stamper } from './stamper.ts'

const NS_PER_MS = 1_000_000

type Waiter = { readonly record: number; readonly resolve: () => void; readonly reject: (error: Error) => void }

/**
 * Recovers the journal in a folder, or begins one, and opens it for appending in a segment of its own. Rejects with a
 * {@link JournalError} or the disk's own error; nothing is changed then but a torn tail cut.
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const settings = { clock: new SystemClock(), random: SYSTEM_RANDOM, ...DEFAULTS, ...options }
  for (const name of ['bufferLimitBytes', 'segmentBytes', 'segmentAgeMs', 'retryForMs', 'closeWithinMs'] as const) {
    if (!(settings[name] > 0))
      throw new JournalError('FLOW_JOURNAL_OPTION', `${name} must be above 0, was ${settings[name]}`, { name })
  }
  const { disk, folder, clock, random, environment, writer } = settings
  await disk.makeFolder(folder)
  const recovery = await recover(disk, folder, environment)
  const id = recovery.journal ?? uuidFrom(random.bytes(16))
  const stamper = new Stamper(clock, recovery.resume)
  const segment = new SegmentWriter(
    disk,
    clock,
    random,
    { folder, journal: id, environment, writer },
    recovery.predecessor,
  )
  const number = Math.max(recovery.lastSegment, settings.aboveSegment) + 1
  try {
    await segment.begin(number, stamper.toUnixNs(0), stamper.epoch)
  } catch (error) {
    throw error instanceof StageFailure ? error.cause : error
  }
  return new Journal(settings, id, recovery, stamper, segment)
}

export class Journal implements JournalWriter {
  /** UUID of the journal. */
  readonly id: string
  /** What opening found. */
  readonly recovery: Recovery

  readonly #settings: Settings
  readonly #stamper: Stamper
  readonly #segment: SegmentWriter
  readonly #buffer: AppendBuffer
  readonly #bodyBytesMax: number
  readonly #toUnixNs: (stamp: number) => bigint
  readonly #commitNs = createHistogram()
  readonly #stop = new AbortController()

  #state: 'open' | 'closing' | 'closed' | 'failed' = 'open'
  #error: JournalError | undefined
  #lastStamp = 0
  /** Stamp at which the open segment is too old. */
  #turnAtStamp: number
  /** The open segment holds a record other than its CONTEXT. */
  #segmentUsed = false
  #durable: Position
  #durableRecords = 0
  #bytes = 0
  #refused = 0
  #writeFailures = 0
  #lastFailedCreate = 0
  #due = false
  #timer: NodeJS.Timeout | undefined
  #isCommitting = false
  #committing: Promise<void> | undefined
  #closing: Promise<void> | undefined
  #waiters: Waiter[] = []

  /** For {@link openJournal}. */
  constructor(settings: Settings, id: string, recovery: Recovery, stamper: Stamper, segment: SegmentWriter) {
    this.id = id
    this.recovery = recovery
    this.#settings = settings
    this.#stamper = stamper
    this.#segment = segment
    this.#buffer = new AppendBuffer(settings.bufferLimitBytes, segment.number, SEGMENT_HEADER_BYTES)
    this.#bodyBytesMax = Math.min(RECORD_BODY_BYTES_MAX, settings.bufferLimitBytes - 64)
    this.#toUnixNs = (stamp) => stamper.toUnixNs(stamp)
    this.#turnAtStamp = settings.segmentAgeMs * NS_PER_MS
    this.#durable = { segment: segment.number, offset: SEGMENT_HEADER_BYTES }
    this.#recordClockStep()
  }

  append(type: RecordType, connection: number, body: Uint8Array, stampNs?: number): AppendResult {
    if (this.#state !== 'open') return 'closed'
    if (body.length > this.#bodyBytesMax) return 'too_large'
    if (!this.#buffer.hasRoom(body.length)) {
      this.#refused += 1
      return 'full'
    }
    const stamp = this.#orderly(stampNs ?? this.stamp())
    if (this.#segmentUsed && this.#isTurnDue(body.length, stamp)) this.#turn(stamp)
    this.#put(type, connection, body, stamp)
    this.#segmentUsed = true
    this.#bytes += body.length
    return 'taken'
  }

  stamp(): number {
    const stamp = this.#stamper.now()
    this.#recordClockStep()
    return stamp
  }

  toUnixNs(stampNs: number): bigint {
    return this.#stamper.toUnixNs(stampNs)
  }

  /** The clock epoch of records appended now. */
  get epoch(): number {
    return this.#stamper.epoch
  }

  get head(): Position {
    return { segment: this.#buffer.segment, offset: this.#buffer.head }
  }

  get durable(): Position {
    return this.#durable
  }

  get bufferedBytes(): number {
    return this.#buffer.bytes
  }

  /** Records appended since the journal was opened, and how many of them are durable. */
  get records(): number {
    return this.#buffer.records
  }

  get durableRecords(): number {
    return this.#durableRecords
  }

  /** Stamp of the oldest record that is not durable; `undefined` when all are. */
  get oldestStamp(): number | undefined {
    return this.#buffer.oldestStamp
  }

  /** What {@link stamp} would be, without a record of a step of the clock. */
  peekStamp(): number {
    return this.#stamper.peek()
  }

  metrics(): JournalMetrics {
    const commits = this.#commitNs.count
    const percentile = (rank: number) => (commits === 0 ? 0 : this.#commitNs.percentile(rank) / NS_PER_MS)
    return {
      records: this.#buffer.records,
      bytes: this.#bytes,
      durableRecords: this.#durableRecords,
      bufferedBytes: this.#buffer.bytes,
      refused: this.#refused,
      commits,
      commitMs: { p50: percentile(50), p99: percentile(99), max: commits === 0 ? 0 : this.#commitNs.max / NS_PER_MS },
      writeFailures: this.#writeFailures,
    }
  }

  flush(): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error)
    const record = this.#buffer.records
    if (record <= this.#durableRecords) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#waiters.push({ record, resolve, reject })
      this.#commitNow()
    })
  }

  /** Flushes and closes; a second call answers as the first. Rejects when the rest could not be made durable in time. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    if (this.#state === 'open') this.#state = 'closing'
    const overdue = setTimeout(() => this.#stop.abort(), this.#settings.closeWithinMs)
    const aborted = new Promise<void>((resolve) =>
      this.#stop.signal.addEventListener('abort', () => resolve(), { once: true }),
    )
    try {
      const flushed = this.flush()
      flushed.catch(() => {})
      await Promise.race([flushed, aborted])
      if (this.#error === undefined && this.#durableRecords < this.#buffer.records) {
        this.#fail(
          new JournalError(
            'FLOW_JOURNAL_CLOSED',
            `closing took longer than ${this.#settings.closeWithinMs} ms: ${this.#buffer.bytes} bytes of ${this.#settings.folder} are not on disk`,
            { folder: this.#settings.folder, bufferedBytes: this.#buffer.bytes },
          ),
        )
      }
      if (this.#error !== undefined) throw this.#error
      await this.#committing
      this.#state = 'closed'
    } finally {
      clearTimeout(overdue)
      clearTimeout(this.#timer)
      // A write that hangs must not make closing hang with it.
      await Promise.race([
        this.#segment.close().catch(() => {}),
        pause(this.#settings.closeWithinMs, this.#stop.signal),
      ])
      // Nothing waits any more: a pause left running would hold the process for as long.
      this.#stop.abort()
    }
  }

  /** A stamp that the caller kept is taken only as far as it is no older than the last and was given out by us. */
  #orderly(stamp: number): number {
    const stampNow = Math.min(Math.floor(stamp), this.#stamper.latest)
    if (stampNow > this.#lastStamp) this.#lastStamp = stampNow
    return this.#lastStamp
  }

  #isTurnDue(bodyBytes: number, stamp: number): boolean {
    return stamp >= this.#turnAtStamp || this.#buffer.segmentLength + bodyBytes > this.#settings.segmentBytes
  }

  #turn(stamp: number): void {
    this.#buffer.turn()
    this.#segmentUsed = false
    this.#turnAtStamp = stamp + this.#settings.segmentAgeMs * NS_PER_MS
    const context = this.#settings.context?.()
    if (context !== undefined && context.length <= this.#bodyBytesMax) this.#put(RECORD.CONTEXT, 0, context, stamp)
  }

  #recordClockStep(): void {
    const step = this.#stamper.takeStep()
    if (step === undefined || this.#state !== 'open') return
    const { oldNs, newNs, epoch, cause } = step
    const body = encodeJson({ oldNs: String(oldNs), newNs: String(newNs), epoch, cause })
    this.#put(RECORD.CLOCK_STEP, 0, body, this.#orderly(this.#stamper.latest))
  }

  #put(type: RecordType, connection: number, body: Uint8Array, stamp: number): void {
    this.#buffer.put(type, connection, body, stamp, this.#stamper.epoch, this.#toUnixNs)
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.#commitNow(), this.#settings.commitIntervalMs)
  }

  #commitNow(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#due = true
    if (!this.#isCommitting) this.#committing = this.#commitAll()
  }

  async #commitAll(): Promise<void> {
    this.#isCommitting = true
    try {
      while (this.#state !== 'failed' && (this.#due || this.#buffer.hasClosedBlock)) {
        const block = this.#buffer.first()
        // The open block is taken once all before it are written, and only then is the request met.
        if (this.#buffer.blocks <= 1) this.#due = false
        if (block === undefined || !(await this.#commit(block))) return
        this.#buffer.release()
        this.#durable = { segment: block.segment, offset: block.offset + block.length }
        this.#durableRecords = block.endRecord
        this.#settle()
        this.#settings.onDurable?.(this.#durable)
      }
    } finally {
      this.#isCommitting = false
    }
  }

  /** Writes the block until it is durable; `false` when the journal failed for good. */
  async #commit(block: PendingBlock): Promise<boolean> {
    let failures = 0
    let firstFailureMs = 0
    for (;;) {
      const startedMs = performance.now()
      try {
        if (this.#segment.number !== block.segment) {
          await this.#segment.begin(block.segment, block.baseNs, block.epoch)
          this.#tell({ kind: 'segment_opened', segment: block.segment })
        }
        await this.#segment.write(block)
        this.#commitNs.record(Math.max(1, Math.round((performance.now() - startedMs) * NS_PER_MS)))
        if (failures > 0) this.#tell({ kind: 'write_recovered', failures, afterMs: performance.now() - firstFailureMs })
        return true
      } catch (error) {
        if (!(error instanceof StageFailure)) return this.#fail(this.#failure('an internal rule was broken', error))
        failures += 1
        this.#writeFailures += 1
        if (failures === 1) firstFailureMs = startedMs
        if (error.code === 'EEXIST' && this.#lastFailedCreate !== block.segment)
          return this.#fail(this.#twoWriters(block.segment, error))
        const retryInMs = retryAfterMs(failures)
        this.#tell({
          kind: 'write_failed',
          stage: error.stage,
          code: error.code,
          failures,
          retryInMs,
          bufferedBytes: this.#buffer.bytes,
          cause: error,
        })
        await this.#giveWay(error, block)
        await pause(retryInMs, this.#stop.signal)
        const triedMs = performance.now() - firstFailureMs
        // A disk without room is not sick: somebody will make room, and until then nothing more needs to be taken.
        const isOver = triedMs > this.#settings.retryForMs && !hasNoRoom(error)
        if (this.#stop.signal.aborted || isOver) {
          return this.#fail(this.#failure(`the disk refused for ${Math.round(triedMs)} ms (${error.code})`, error))
        }
      }
    }
  }

  /** Decides where the block goes next. Only a write that found no room may be repeated where it was. */
  async #giveWay(failure: StageFailure, block: PendingBlock): Promise<void> {
    if (failure.stage === 'create') {
      if (failure.code === 'EEXIST') this.#buffer.moveTo(block.segment + 1)
      this.#lastFailedCreate = block.segment
      return
    }
    if (failure.stage === 'write' && hasNoRoom(failure)) return
    const segment = this.#segment.number
    const length = this.#segment.length
    this.#buffer.moveTo(await this.#segment.abandon())
    this.#lastFailedCreate = 0
    this.#tell({ kind: 'segment_abandoned', segment, length })
  }

  #settle(): void {
    const settled = this.#waiters.filter((waiter) => waiter.record <= this.#durableRecords)
    if (settled.length === 0) return
    this.#waiters = this.#waiters.filter((waiter) => waiter.record > this.#durableRecords)
    for (const waiter of settled) waiter.resolve()
  }

  #fail(error: JournalError): false {
    this.#state = 'failed'
    this.#error = error
    clearTimeout(this.#timer)
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error)
    this.#tell({ kind: 'failed', error })
    return false
  }

  #failure(why: string, cause: unknown): JournalError {
    const { folder } = this.#settings
    const bufferedBytes = this.#buffer.bytes
    const message = `the journal in ${folder} cannot be written: ${why}; ${bufferedBytes} bytes are not on disk. Mend the disk and start again`
    return new JournalError('FLOW_JOURNAL_FAILED', message, { folder, bufferedBytes }, cause)
  }

  #twoWriters(segment: number, cause: unknown): JournalError {
    const { folder } = this.#settings
    const message = `segment ${segment} in ${folder} was made by somebody else: another recorder writes to this folder. Stop one of the two`
    return new JournalError('FLOW_JOURNAL_TWO_WRITERS', message, { folder, segment }, cause)
  }

  #tell(event: JournalEvent): void {
    this.#settings.onEvent?.(event)
  }
}

const hasNoRoom = ({ code }: StageFailure): boolean => code === 'ENOSPC' || code === 'EDQUOT'
