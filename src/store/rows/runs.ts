/**
 * Runs of the recorder and their connections as rows, and the holes that records declare.
 *
 * A record's own connection number counts from 1 in each run; the tables' numbers run on through the whole journal, so that
 * a number there names one connection.
 */
import { type ConnectionLostBody, type ConnectionOpenedBody, type GapBody, RECORD, type SessionBody } from '#domain'
import { doubtOf, type Fold } from '#feed'
import { isStorableTicker } from './known-markets.ts'
import type { RowBatch } from './row-batch.ts'
import type { Known, Standing } from './standing.ts'
import type { StoredState } from './stored-state.ts'
import { type Origin, withoutNul } from './tables.ts'

export type RunsParts = {
  readonly fold: Fold
  readonly standing: Standing
  /** Where the record at hand stands. */
  readonly origin: () => Origin
  /** `undefined` while nothing is written. */
  readonly batch: () => RowBatch | undefined
  readonly marketOf: (ticker: string) => Known | undefined
}

export class Runs {
  readonly #parts: RunsParts
  /** The run that the last record belongs to. */
  current: string | undefined
  /** Runs that began since this fold did. */
  begun = 0
  /** The previous record's stamp: the last thing known of a process that died. */
  #previousNs = 0n
  #base = 0
  #last = 0

  constructor(parts: RunsParts) {
    this.#parts = parts
  }

  resume({ session, lastConnection, lastNs }: StoredState): void {
    this.current = session?.id ?? this.current
    this.#last = lastConnection
    // A run's first connection has number 1 of its own; a run without one begins after all that are stored.
    const before = session === undefined ? 0 : lastConnection
    this.#base = session?.firstConnection === undefined ? before : session.firstConnection - 1
    // What was read on the way says it better: the last record stored may be a step of the clock.
    if (this.#previousNs === 0n) this.#previousNs = lastNs
  }

  /** The record at hand is done with. */
  passed(type: number): void {
    // A clock step is stamped in the time that begins with it: nothing was heard of the exchange then.
    if (type !== RECORD.CLOCK_STEP) this.#previousNs = this.#parts.origin().receivedNs
  }

  /** The tables' number of a connection of the current run. */
  stored(record: number): number {
    return this.#base + record
  }

  /** A connection opened: it gets the next number of the journal. */
  opened(record: number, body: ConnectionOpenedBody): void {
    const origin = this.#parts.origin()
    const batch = this.#parts.batch()
    this.#parts.fold.opened(record, body)
    const connection = this.stored(record)
    if (connection > this.#last) this.#last = connection
    if (batch === undefined) return
    const { segment, offset, receivedNs } = origin
    this.#parts.standing.connectionOpened(connection, {
      at: origin,
      journal_id: batch.journal,
      connection,
      session: this.current ?? null,
      host: withoutNul(body.host),
      environment: body.environment,
      use_yes_price: body.useYesPrice,
      orientation: 'pending',
      opened_segment: segment,
      opened_offset: offset,
      opened_ns: String(receivedNs),
    })
  }

  /** A connection ended, and its record says with what proof. */
  lost(record: number, body: ConnectionLostBody | undefined): void {
    const proofNs = body === undefined ? this.#previousNs : BigInt(body.lastProofNs)
    const cause = body?.cause ?? 'disconnect'
    const doubt = doubtOf(cause)
    this.#parts.standing.losing(
      {
        cause: doubt === 'connection_lost' ? cause : doubt,
        detail: body?.detail,
        proofNs,
        kind: body?.lastProofKind ?? 'durable',
      },
      () => this.#parts.fold.lost(record, doubt),
    )
    this.#parts.standing.connectionLost(this.stored(record), {
      cause,
      detail: body?.detail === undefined ? null : withoutNul(body.detail),
      close_code: body?.code ?? null,
      last_proof_ns: String(proofNs),
      last_proof_kind: body?.lastProofKind ?? 'durable',
    })
  }

  /** A run began or stopped. */
  session(body: SessionBody): void {
    const origin = this.#parts.origin()
    const batch = this.#parts.batch()
    const { segment, offset, receivedNs } = origin
    if (body.event === 'stopped') {
      if (batch === undefined) return
      this.#parts.standing.sessionStopped({
        at: origin,
        journal_id: batch.journal,
        session: body.session,
        stopped_segment: segment,
        stopped_offset: offset,
        stopped_ns: String(receivedNs),
        reason: body.reason === undefined ? null : withoutNul(body.reason),
        counts: body.counts ?? null,
      })
      return
    }
    // What was open died without a word: its last durable record is the last thing known of it.
    const proof = { cause: 'process_down', proofNs: this.#previousNs, kind: 'durable' } as const
    for (const { id } of [...this.#parts.fold.connections()]) {
      this.#parts.standing.connectionLost(this.stored(id), {
        cause: 'process_down',
        detail: null,
        close_code: null,
        last_proof_ns: String(this.#previousNs),
        last_proof_kind: 'durable',
      })
    }
    this.#parts.standing.losing(proof, () => this.#parts.fold.sessionStarted())
    this.#parts.standing.runBegan()
    this.current = body.session
    this.begun++
    this.#base = this.#last
    if (batch === undefined) return
    this.#parts.standing.sessionStarted({
      at: origin,
      journal_id: batch.journal,
      session: body.session,
      version: withoutNul(body.version),
      markets: body.markets ?? null,
      started_segment: segment,
      started_offset: offset,
      started_ns: String(receivedNs),
    })
  }

  /** A hole that does not follow from the frames: both ends are told at once. */
  declaredGap(body: GapBody): void {
    const { cause, fromNs, toNs, markets, detail } = body
    // Whatever it puts in doubt was proven up to its beginning.
    const proof = { cause, proofNs: BigInt(fromNs), kind: 'frame' }
    this.#parts.standing.losing(proof, () => this.#parts.fold.gap(body))
    // Its end is told by a record of its own.
    if (cause === 'disk_full' && toNs === undefined) return
    const origin = this.#parts.origin()
    const batch = this.#parts.batch()
    if (batch === undefined) return
    const to = toNs === undefined ? undefined : { ...origin, receivedNs: BigInt(toNs) }
    const gap = { cause, detail, fromNs: BigInt(fromNs), fromKind: 'durable', found: origin }
    const end = { to, closedBy: to === undefined ? undefined : ('declared' as const) }
    const ids = markets?.filter(isStorableTicker).map((ticker) => this.#parts.marketOf(ticker)?.id) ?? [undefined]
    for (const market of ids) {
      batch.newGaps.add({
        ...gap,
        ...end,
        market,
        connection: undefined,
        sid: undefined,
        detail: gap.detail && withoutNul(gap.detail),
      })
    }
  }
}
