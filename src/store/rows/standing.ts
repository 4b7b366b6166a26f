/**
 * Holes and validity as rows, from what the feed's fold tells while it happens; with the runs and connections that they
 * hang on.
 *
 *   a sequence break      from the last in-sequence frame of its subscription
 *   a lost connection     from its last frame or ping, as the record says; a dead process's from the last durable record
 *   a fault of the book   from that market's last snapshot: it went wrong somewhere since
 *   the end of a gap      the first snapshot that proves the market again
 *   our own letting go    no gap: the market's validity ends there, and nothing is missed of what is not asked for
 *
 * An interval of validity ends where the last proof was, which may lie before the record that revealed it. A row begun in
 * the batch at hand gets its end in place; one of an earlier batch is told to end (row-batch.ts).
 */
import type { Position } from '#domain'
import type { Connection, DoubtCause, FoldListener, Market } from '#feed'
import type { JsonRow, RowBatch } from './row-batch.ts'
import type { StoredState } from './stored-state.ts'
import type { GapRow, Origin, ValidityRow } from './tables.ts'

/** A market as the rows know it. */
export type Known = {
  id: number
  readonly ticker: string
  /** The snapshot that proved its book last. */
  snapshot: Origin | undefined
  /** Open now. */
  gap: GapRow | undefined
  validity: ValidityRow | undefined
}

/** Why a connection's books stand still, and the last sign of life. */
export type Loss = { readonly cause: string; readonly proofNs: bigint; readonly kind: string }

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

/** Faults of the book itself: the fold dates them back to the last snapshot. */
const OWN_FAULTS: ReadonlySet<DoubtCause> = new Set([
  'negative_size',
  'crossed',
  'audit_mismatch',
  'wire_changed',
  'orientation',
])

export class Standing {
  readonly #parts: StandingParts
  #loss: Loss | undefined
  /** By stored number: connections opened in the batch at hand. */
  readonly #opened = new Map<number, Record<string, unknown>>()
  readonly #started = new Map<string, Record<string, unknown>>()

  constructor(parts: StandingParts) {
    this.#parts = parts
  }

  /** The fold's calls that make rows. */
  readonly listener: FoldListener = {
    proven: (market) => this.#proven(market),
    doubted: (market, cause) => this.#doubted(market, cause),
    validity: (market) => this.#validityChanged(market),
    oriented: (connection) => this.#oriented(connection),
  }

  /** The intervals that stand open in the database. */
  resume(state: StoredState, known: (id: number) => Known | undefined): void {
    for (const { market, found, cause } of state.openGaps) {
      const entry = known(market)
      if (entry === undefined) continue
      const unread = { connection: undefined, sid: undefined, detail: undefined, fromNs: 0n, fromKind: '' }
      entry.gap = { market, cause, found, to: undefined, ...unread }
    }
    for (const { market, from, connection, snapshot } of state.openValidity) {
      const entry = known(market)
      if (entry === undefined) continue
      entry.snapshot = snapshot ?? from
      entry.validity = { market, connection, from, to: undefined, cause: undefined, found: undefined }
    }
  }

  /** What happens inside is the loss of a connection, and its proof is the record's. */
  losing(loss: Loss, happen: () => void): void {
    this.#loss = loss
    happen()
    this.#loss = undefined
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
    const started = this.#started.get(String(row['session']))
    const { at: _, ...end } = row
    if (started !== undefined) Object.assign(started, end)
    else this.#parts.batch()?.endedSessions.push(row)
  }

  #proven(market: Market): void {
    const known = this.#parts.known(market)
    if (known === undefined) return
    known.snapshot = this.#parts.origin()
    this.#parts.turned(known)
    const { gap } = known
    const batch = this.#parts.batch()
    if (gap === undefined || batch === undefined) return
    known.gap = undefined
    gap.to = this.#parts.origin()
    if (!batch.newGaps.has(gap)) batch.endedGaps.push(gap)
  }

  #doubted(market: Market, cause: DoubtCause): void {
    const known = this.#parts.known(market)
    if (known === undefined) return
    this.#parts.turned(known)
    const batch = this.#parts.batch()
    if (batch === undefined) return
    // The exchange says so in a frame; in every other record it is our own doing.
    if (cause === 'unsubscribed' && !this.#parts.isFrame()) return
    const { fromNs, fromKind } = this.#proofOf(market, known, cause)
    const gap: GapRow = {
      market: known.id,
      connection: market.source === undefined ? undefined : this.#parts.connection(market.source.connectionId),
      sid: market.source?.sid,
      cause: this.#loss?.cause ?? cause,
      detail: undefined,
      found: this.#parts.origin(),
      fromNs,
      fromKind,
      to: undefined,
    }
    known.gap = gap
    batch.newGaps.add(gap)
  }

  #validityChanged(market: Market): void {
    const known = this.#parts.known(market)
    if (known === undefined) return
    this.#parts.turned(known)
    const batch = this.#parts.batch()
    if (batch === undefined) return
    if (market.valid) {
      const connection = this.#parts.connection(market.source?.connectionId ?? 0)
      const from = this.#parts.origin()
      known.validity = { market: known.id, connection, from, to: undefined, cause: undefined, found: undefined }
      batch.newValidity.add(known.validity)
      return
    }
    const open = known.validity
    if (open === undefined) return
    known.validity = undefined
    const cause = market.doubt ?? 'orientation'
    open.cause = this.#loss?.cause ?? cause
    open.found = placeOf(this.#parts.origin())
    open.to = this.#endOf(market, known, cause, open)
    if (!batch.newValidity.has(open)) batch.endedValidity.push(open)
  }

  /** Where an interval ends: with its last proof, and never before it began. */
  #endOf(market: Market, known: Known, cause: DoubtCause, open: ValidityRow): Origin {
    // Read the wrong way round, the book was never right.
    if (market.proven) return open.from
    const origin = this.#parts.origin()
    const { fromNs } = this.#proofOf(market, known, cause)
    const end = OWN_FAULTS.has(cause) ? (known.snapshot ?? open.from) : { ...origin, receivedNs: fromNs }
    const isBefore =
      end.segment < open.from.segment || (end.segment === open.from.segment && end.offset < open.from.offset)
    return isBefore ? open.from : end
  }

  #proofOf(market: Market, known: Known, cause: DoubtCause): { fromNs: bigint; fromKind: string } {
    if (this.#loss !== undefined) return { fromNs: this.#loss.proofNs, fromKind: this.#loss.kind }
    if (OWN_FAULTS.has(cause)) {
      return { fromNs: known.snapshot?.receivedNs ?? unixNs(market.provenUntilMs), fromKind: 'snapshot' }
    }
    return { fromNs: unixNs(market.provenUntilMs), fromKind: 'frame' }
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

const placeOf = ({ segment, offset }: Origin): Position => ({ segment, offset })

/** Whole microseconds: a double of ms holds no more. */
const unixNs = (ms: number): bigint => BigInt(Math.floor(ms * 1000)) * 1000n
