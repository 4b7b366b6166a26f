/**
 * Holes, validity and what was asked for as rows: where they begin and end is decided in #ledger, from what the feed's fold
 * tells while it happens; here that becomes rows, with the runs and connections that they hang on.
 *
 * A row begun in the batch at hand gets its end in place; one of an earlier batch is told to end (row-batch.ts).
 */
import type { Connection, FoldListener, Market } from '#feed'
import { type Loss, type Standing as MarketStanding, Standings } from '#ledger'
import type { JsonRow, RowBatch } from './row-batch.ts'
import type { StoredState } from './stored-state.ts'
import { type Origin, withoutNul } from './tables.ts'

/** A market as the rows know it. */
export type Known = MarketStanding<number> & { id: number; readonly ticker: string }

export type StandingParts = {
  readonly origin: () => Origin
  /** Whether the record at hand is what the exchange sent. */
  readonly isFrame: () => boolean
  /** `undefined` while nothing is written. */
  readonly batch: () => RowBatch | undefined
  readonly known: (market: Market) => Known | undefined
  /** The stored number of a connection. */
  readonly connection: (record: number) => number
  /** The market's book got another base or another standing. */
  readonly turned: (known: Known) => void
}

export class Standing {
  readonly #parts: StandingParts
  readonly #standings: Standings<number, Known>
  /** By stored number: connections opened in the batch at hand. */
  readonly #opened = new Map<number, Record<string, unknown>>()
  readonly #started = new Map<string, Record<string, unknown>>()
  /** The fold's calls that make rows. */
  readonly listener: FoldListener

  constructor(parts: StandingParts) {
    this.#parts = parts
    const batch = () => parts.batch()!
    this.#standings = new Standings<number, Known>({
      place: parts.origin,
      isFrame: parts.isFrame,
      isKept: () => parts.batch() !== undefined,
      entryOf: parts.known,
      keyOf: ({ id }) => id,
      connection: parts.connection,
      turned: parts.turned,
      gapBegan: (gap) => void batch().newGaps.add(gap),
      gapEnded: (gap) => {
        if (!batch().newGaps.has(gap)) batch().endedGaps.push(gap)
      },
      validityBegan: (validity) => void batch().newValidity.add(validity),
      validityEnded: (validity) => {
        if (!batch().newValidity.has(validity)) batch().endedValidity.push(validity)
      },
      askedBegan: (asked) => void batch().newCoverage.add(asked),
      askedEnded: (asked) => {
        if (!batch().newCoverage.has(asked)) batch().endedCoverage.push(asked)
      },
    })
    const { oriented, ...listener } = this.#standings.listener
    this.listener = {
      ...listener,
      oriented: (connection) => {
        oriented?.(connection)
        this.#oriented(connection)
      },
    }
  }

  /** The intervals that stand open in the database. */
  resume(state: StoredState, known: (id: number) => Known | undefined): void {
    if (state.session?.started !== undefined) this.#standings.resumeRun(state.session.started)
    for (const { market, from, connection, snapshot } of state.openValidity) {
      const entry = known(market)
      if (entry === undefined) continue
      entry.snapshot = snapshot ?? from
      entry.validity = { market, connection, from, to: undefined, cause: undefined, found: undefined }
    }
    for (const { market, from, connection } of state.openCoverage) {
      const entry = known(market)
      if (entry !== undefined) this.#standings.resume(entry, { asked: { market, connection, from, to: undefined } })
    }
    for (const { market, found, cause } of state.openGaps) {
      const entry = known(market)
      if (entry === undefined) continue
      const unread = { connection: undefined, sid: undefined, detail: undefined, fromNs: 0n, fromKind: '' }
      const gap = { market, cause, found, ...unread, to: undefined, closedBy: undefined }
      this.#standings.resume(entry, { gap })
    }
  }

  /** What happens inside is the loss of a connection, and its proof is the record's. */
  losing(loss: Loss, happen: () => void): void {
    const { detail } = loss
    this.#standings.losing({ ...loss, detail: detail === undefined ? undefined : withoutNul(detail) }, happen)
  }

  /** The context of a segment says that a connection asks for the market. */
  stillAsked(known: Known, connection: number): void {
    this.#standings.askedFor(known, connection)
  }

  runBegan(): void {
    this.#standings.runBegan()
  }

  /** Called with records that are no frames. */
  runGoesOn(): void {
    this.#standings.runGoesOn()
  }

  batchEnded(): void {
    this.#opened.clear()
    this.#started.clear()
  }

  connectionOpened(connection: number, row: JsonRow): void {
    const kept = { ...row }
    this.#opened.set(connection, kept)
    this.#parts.batch()?.connections.push(kept)
  }

  connectionLost(connection: number, end: Readonly<Record<string, unknown>>): void {
    const batch = this.#parts.batch()
    if (batch === undefined) return
    const { segment, offset, receivedNs } = this.#parts.origin()
    const lost = { lost_segment: segment, lost_offset: offset, lost_ns: String(receivedNs), ...end }
    this.#changeConnection(batch, connection, lost)
  }

  sessionStarted(row: JsonRow): void {
    const kept = { ...row }
    this.#started.set(String(row['session']), kept)
    this.#parts.batch()?.sessions.push(kept)
  }

  sessionStopped(row: JsonRow): void {
    this.#standings.runEnded()
    const started = this.#started.get(String(row['session']))
    const { at: _, ...end } = row
    if (started !== undefined) Object.assign(started, end)
    else this.#parts.batch()?.endedSessions.push(row)
  }

  #oriented({ id, orientation }: Connection): void {
    const batch = this.#parts.batch()
    if (batch !== undefined)
      this.#changeConnection(batch, this.#parts.connection(id), { orientation: orientation.verdict })
  }

  #changeConnection(batch: RowBatch, connection: number, change: Readonly<Record<string, unknown>>): void {
    const opened = this.#opened.get(connection)
    if (opened !== undefined) Object.assign(opened, change)
    else batch.changedConnections.push({ at: this.#parts.origin(), journal_id: batch.journal, connection, ...change })
  }
}
