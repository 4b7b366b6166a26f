/**
 * What the world did to the recording, record by record: where numbers were skipped, subscriptions ended, connections were
 * lost, runs began, frames came spoiled or told what cannot be. Counted beside the journal, from what was delivered; the
 * checker of gaps looks up where those records came to stand.
 */
import { RECORD } from '#domain'

export type HoleKind = 'break' | 'ended' | 'lost' | 'began' | 'spoiled' | 'impossible'

export type HoleEvent = {
  /** Of the record, among those that somebody appended. */
  readonly index: number
  readonly kind: HoleKind
  /** Markets whose books were known there, and are not behind it. */
  readonly markets: readonly string[]
}

/** Records that the journal writes by itself. */
const OWN_RECORDS: ReadonlySet<number> = new Set([RECORD.CONTEXT, RECORD.CLOCK_STEP])

export const isAppended = (type: number): boolean => !OWN_RECORDS.has(type)

export class Holes {
  #events: HoleEvent[] = []
  #appended = 0
  /** Markets of which the exchange has kept a change to itself. */
  readonly untold = new Set<string>()
  /** By connection: its record, or its books, whichever came first. */
  readonly #losses = new Map<number, { readonly index?: number; readonly markets?: readonly string[] }>()

  get events(): readonly HoleEvent[] {
    return this.#events
  }

  /** The index of the record appended last. */
  get appendedLast(): number {
    return this.#appended - 1
  }

  appended(type: number, connection: number): void {
    if (!isAppended(type)) return
    this.#appended++
    if (type === RECORD.CONNECTION_LOST) this.#lostAt(connection, { index: this.appendedLast })
  }

  /** A connection was lost, and with it these books. Its record may be owed, and be appended later. */
  lost(connection: number, markets: readonly string[]): void {
    this.#lostAt(connection, { markets })
  }

  /** While the disk is full frames are no records: what happens with them is in no row. */
  isCut = false

  /** It happened with the record appended last. */
  happened(kind: HoleKind, markets: readonly string[] = []): void {
    if (this.isCut && kind !== 'began') return
    this.#events.push({ index: this.appendedLast, kind, markets })
  }

  /** A life is over, and so many records are left of all. Answers the markets whose end is not among them. */
  left(records: number): string[] {
    this.#appended = records
    this.isCut = false
    this.#losses.clear()
    const gone = this.#events.filter(({ index }) => index >= records)
    this.#events = this.#events.filter(({ index }) => index < records)
    return gone.flatMap(({ markets }) => markets)
  }

  #lostAt(connection: number, told: { readonly index?: number; readonly markets?: readonly string[] }): void {
    const { index, markets } = { ...this.#losses.get(connection), ...told }
    if (index === undefined || markets === undefined) this.#losses.set(connection, told)
    else {
      this.#losses.delete(connection)
      this.#events.push({ index, kind: 'lost', markets })
    }
  }
}
