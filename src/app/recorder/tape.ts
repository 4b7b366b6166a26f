/**
 * The recorder's way into journal and fold: whatever happens is appended first and folded after, in the same turn, so
 * that a reader of the journal sees what the books saw, in the same order.
 *
 * The hot path of the program runs through {@link Tape.frame}. Records that must not be lost although the buffer is full
 * (that a connection ended, for one) are owed and appended first when there is room.
 */
import { type ConnectionLostBody, type ConnectionOpenedBody, RECORD, type RecordType, type ValidityBody } from '#domain'
import { doubtOf, type Fold } from '#feed'
import { encodeJson } from '#journal'
import type { AppendResult, JournalWriter } from '#ports'

/** What the tape needs of a journal beyond the port: which clock epoch its stamps belong to. */
export type TapeJournal = JournalWriter & { readonly epoch: number }

export class Tape {
  readonly #journal: TapeJournal
  readonly #fold: Fold
  #nextConnection = 1
  #epoch = -1
  /** Unix ms of stamp 0 in the current clock epoch. */
  #originMs = 0
  readonly #owed: { type: RecordType; connection: number; body: Uint8Array }[] = []
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
   * One text message as received. `full`: neither journaled nor folded, since no frame reaches a book without the journal,
   * and none passes a record that is owed.
   * Synchronous; allocates nothing.
   */
  frame(connection: number, bytes: Uint8Array): AppendResult {
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
    this.record(RECORD.COMMAND, connection, bytes)
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

  /** Appends a record that must not be lost: now, or first of all when there is room. */
  record(type: RecordType, connection: number, body: Uint8Array): void {
    if (!this.offer(type, connection, body)) this.#owed.push({ type, connection, body })
  }

  /** Appends a record that can do without: answers whether there was room. One that never fits is told in its place. */
  offer(type: RecordType, connection: number, body: Uint8Array): boolean {
    if (!this.payOwed()) return false
    const taken = this.#journal.append(type, connection, body)
    if (taken !== 'too_large') return taken !== 'full'
    this.tooLarge++
    const text = `a record of type ${type} with ${body.length} bytes is larger than the journal takes`
    return this.offer(RECORD.NOTE, connection, encodeJson({ text }))
  }

  /** Appends what is owed, as far as there is room. Answers whether nothing is owed any more. */
  payOwed(): boolean {
    while (this.#owed.length > 0) {
      const { type, connection, body } = this.#owed[0]!
      if (this.#journal.append(type, connection, body) === 'full') return false
      this.#owed.shift()
    }
    return true
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

  #anchor(): void {
    this.#epoch = this.#journal.epoch
    const ns = this.#journal.toUnixNs(0)
    this.#originMs = Number(ns / 1_000_000n) + Number(ns % 1_000_000n) / 1e6
  }
}
