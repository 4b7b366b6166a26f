/**
 * The recorder's way into journal and fold: whatever happens is appended first and folded after, in the same turn, so
 * that a reader of the journal sees what the books saw, in the same order.
 *
 * The hot path of the program runs through {@link Tape.frame}. Records that must not be lost although the buffer is full
 * (that a connection ended, for one) are owed and appended first when there is room.
 *
 * While the disk is full ({@link Tape.cut}) frames reach the books alone: the one exception. A GAP record says when that
 * began and, at its end ({@link Tape.goOn}), how long it lasted; behind it stands what a reader must know to go on.
 */
import {
  type ConnectionLostBody,
  type ConnectionOpenedBody,
  type GapBody,
  RECORD,
  type RecordType,
  type ValidityBody,
} from '#domain'
import { describeContext, doubtOf, type Fold } from '#feed'
import { encodeJson } from '#journal'
import type { AppendResult, JournalWriter } from '#ports'

/** What the tape needs of a journal beyond the port: which clock epoch its stamps belong to, and what waits there. */
export type TapeJournal = JournalWriter & {
  readonly epoch: number
  readonly records: number
  readonly durableRecords: number
  readonly oldestStamp: number | undefined
  peekStamp(): number
}

/** Records owed at most; beyond them a disk that stays full would fill the memory. What is left out is counted in a note. */
export const OWED_BYTES_MAX = 16 * 1024 * 1024

/** A time in which the journal takes no frames. */
type Cut = {
  /** Stamp of the last frame in the journal, Unix ns. */
  readonly fromNs: string
  readonly sinceMs: number
  /** Markets known when it began. */
  readonly markets: readonly string[]
  frames: number
}

export class Tape {
  readonly #journal: TapeJournal
  readonly #fold: Fold
  #nextConnection = 1
  #epoch = -1
  /** Unix ms of stamp 0 in the current clock epoch. */
  #originMs = 0
  readonly #owed: { type: RecordType; connection: number; body: Uint8Array; sinceStamp: number }[] = []
  #owedBytes = 0
  /** What was owed since then is appended, up to this record of the journal. */
  #paid = { sinceStamp: Number.POSITIVE_INFINITY, record: 0 }
  /** Records that were not even owed since the last note of it. */
  #leftOut = 0
  #cut: Cut | undefined
  #framesUnrecorded = 0
  /** Records that were larger than the journal takes, and were lost but for a note. */
  tooLarge = 0
  /** The stamp of the last frame taken. */
  lastStamp = 0

  constructor(journal: TapeJournal, fold: Fold) {
    this.#journal = journal
    this.#fold = fold
  }

  /** Receive time of the last frame taken, Unix ms with fraction; 0 before the first. */
  get lastFrameMs(): number {
    return this.lastStamp === 0 ? 0 : this.#originMs + this.lastStamp / 1e6
  }

  /** Records that could not be appended yet. */
  get owed(): number {
    return this.#owed.length
  }

  /**
   * For how long the oldest record has waited that is not durable yet, those owed included, in ms; `undefined` while none
   * waits. What was owed waits from when it was owed: a reader who has all before it does not know of it for as long.
   */
  get waitingMs(): number | undefined {
    const journal = this.#journal
    const isPaidDurable = this.#paid.record <= journal.durableRecords
    const sinceStamp = Math.min(
      this.#owed[0]?.sinceStamp ?? Number.POSITIVE_INFINITY,
      isPaidDurable ? Number.POSITIVE_INFINITY : this.#paid.sinceStamp,
      journal.oldestStamp ?? Number.POSITIVE_INFINITY,
    )
    return Number.isFinite(sinceStamp) ? Math.max(0, journal.peekStamp() - sinceStamp) / 1e6 : undefined
  }

  /** The time in which the journal takes no frames, while it lasts. */
  get cutOff(): { readonly sinceMs: number; readonly frames: number } | undefined {
    return this.#cut
  }

  /** Frames that reached books and are in no journal, since the start. */
  get framesUnrecorded(): number {
    return this.#framesUnrecorded + (this.#cut?.frames ?? 0)
  }

  /**
   * One text message as received. `full`: neither journaled nor folded, since no frame reaches a book without the journal,
   * and none passes a record that is owed.
   * Synchronous; allocates nothing.
   */
  frame(connection: number, bytes: Uint8Array): AppendResult {
    if (this.#cut !== undefined) return this.#unrecorded(this.#cut, connection, bytes)
    if (this.#owed.length > 0 && !this.payOwed()) return 'full'
    const journal = this.#journal
    const stamp = journal.stamp()
    const taken = journal.append(RECORD.FRAME, connection, bytes, stamp)
    if (taken !== 'taken') return taken
    this.lastStamp = stamp
    if (journal.epoch !== this.#epoch) this.#anchor()
    this.#fold.frame(connection, bytes, this.#originMs + stamp / 1e6)
    return taken
  }

  /** A socket opened. Answers its number, counted from 1 in each run. */
  opened(body: ConnectionOpenedBody): number {
    const connection = this.#nextConnection++
    this.#fold.opened(connection, body)
    this.record(RECORD.CONNECTION_OPENED, connection, encodeJson(body))
    return connection
  }

  sent(connection: number, text: string): void {
    const bytes = Buffer.from(text)
    // Its answer would not be recorded: what became of it stands in the context at the end.
    if (this.#cut === undefined) this.record(RECORD.COMMAND, connection, bytes)
    this.#fold.command(connection, bytes)
  }

  lost(connection: number, body: ConnectionLostBody): void {
    this.record(RECORD.CONNECTION_LOST, connection, encodeJson(body))
    this.#fold.lost(connection, doubtOf(body.cause))
  }

  validity(connection: number, body: ValidityBody): void {
    this.record(RECORD.VALIDITY, connection, encodeJson(body))
    this.#fold.validity(body, connection === 0 ? undefined : connection)
  }

  /** The disk is full: from here on frames reach the books and no journal. Frames taken before are written when there is room. */
  cut(): void {
    if (this.#cut !== undefined) return
    const fromNs = this.unixNs(this.lastStamp || this.#journal.stamp())
    const markets = this.#fold.markets().map(({ ticker }) => ticker)
    this.#cut = { fromNs, sinceMs: Date.now(), markets, frames: 0 }
    this.record(RECORD.GAP, 0, encodeJson({ cause: 'disk_full', fromNs } satisfies GapBody))
  }

  /**
   * There is room: frames are taken again. Written first: the hole with both ends, the markets let go meanwhile, and where
   * the connections stand. Readers then wait for each market's snapshot, which the caller asks the exchange for.
   */
  goOn(session: string): void {
    const cut = this.#cut
    if (cut === undefined) return
    this.#fold.unrecorded()
    this.#endCut(cut)
    const gone = cut.markets.filter((each) => this.#fold.market(each) === undefined)
    if (gone.length > 0) {
      const body: ValidityBody = { action: 'release', markets: gone, cause: 'dropped' }
      this.record(RECORD.VALIDITY, 0, encodeJson(body))
    }
    this.record(RECORD.CONTEXT, 0, encodeJson(describeContext(this.#fold, session)))
  }

  /** The run ends while the disk is full: the hole is told as far as we saw it. */
  endCut(): void {
    if (this.#cut !== undefined) this.#endCut(this.#cut)
  }

  /** Appends a record that must not be lost: now, or first of all when there is room. */
  record(type: RecordType, connection: number, body: Uint8Array): void {
    if (this.#append(type, connection, body)) return
    if (this.#owedBytes + body.length > OWED_BYTES_MAX) {
      this.#leftOut++
      return
    }
    this.#owed.push({ type, connection, body, sinceStamp: this.#journal.peekStamp() })
    this.#owedBytes += body.length
  }

  /** Appends a record that can do without: answers whether there was room. One that never fits is told in its place. */
  offer(type: RecordType, connection: number, body: Uint8Array): boolean {
    return this.#cut === undefined && this.#append(type, connection, body)
  }

  #append(type: RecordType, connection: number, body: Uint8Array): boolean {
    if (!this.payOwed()) return false
    const taken = this.#journal.append(type, connection, body)
    if (taken !== 'too_large') return taken !== 'full'
    this.tooLarge++
    const text = `a record of type ${type} with ${body.length} bytes is larger than the journal takes`
    return this.#append(RECORD.NOTE, connection, encodeJson({ text }))
  }

  /** Appends what is owed, as far as there is room. Answers whether nothing is owed any more. */
  payOwed(): boolean {
    while (this.#owed.length > 0) {
      const { type, connection, body, sinceStamp } = this.#owed[0]!
      if (this.#journal.append(type, connection, body) === 'full') return false
      this.#wasPaid(sinceStamp)
      this.#owed.shift()
      this.#owedBytes -= body.length
    }
    if (this.#leftOut === 0) return true
    const text = `${this.#leftOut} records found no room for too long and were left out`
    const isTold = this.#journal.append(RECORD.NOTE, 0, encodeJson({ event: 'records_left_out', text })) !== 'full'
    if (isTold) this.#leftOut = 0
    return isTold
  }

  #wasPaid(sinceStamp: number): void {
    const { records, durableRecords } = this.#journal
    const earlier = this.#paid.record <= durableRecords ? Number.POSITIVE_INFINITY : this.#paid.sinceStamp
    this.#paid = { sinceStamp: Math.min(earlier, sinceStamp), record: records }
  }

  /** Unix ms, with fraction, in the journal's time. */
  nowMs(): number {
    const stamp = this.#journal.stamp()
    if (this.#journal.epoch !== this.#epoch) this.#anchor()
    return this.#originMs + stamp / 1e6
  }

  /** A stamp of this clock epoch as Unix ns in decimal. */
  unixNs(stamp: number): string {
    return String(this.#journal.toUnixNs(stamp))
  }

  #endCut(cut: Cut): void {
    this.#cut = undefined
    this.#framesUnrecorded += cut.frames
    const toNs = this.unixNs(this.#journal.stamp())
    const detail = `${cut.frames} frames reached books and are in no journal`
    this.record(RECORD.GAP, 0, encodeJson({ cause: 'disk_full', fromNs: cut.fromNs, toNs, detail } satisfies GapBody))
  }

  #unrecorded(cut: Cut, connection: number, bytes: Uint8Array): AppendResult {
    const stamp = this.#journal.stamp()
    if (this.#journal.epoch !== this.#epoch) this.#anchor()
    this.lastStamp = stamp
    cut.frames++
    this.#fold.frame(connection, bytes, this.#originMs + stamp / 1e6)
    return 'taken'
  }

  #anchor(): void {
    this.#epoch = this.#journal.epoch
    const ns = this.#journal.toUnixNs(0)
    this.#originMs = Number(ns / 1_000_000n) + Number(ns % 1_000_000n) / 1e6
  }
}
