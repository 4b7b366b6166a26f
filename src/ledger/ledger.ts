/**
 * The ledger of a recording: what was missed, when each book could be believed, and since when each market was asked for.
 * Made from the records of a journal by the feed's own fold, so that it says what the feed knew, and what it learned later.
 *
 * Beside books it keeps a few numbers for each interval, and is refused a recording with more than {@link INTERVALS_MAX}.
 * It has no clock: where the recording ends is said by whoever reads it.
 */
import {
  type ConnectionLostBody,
  type ContextBody,
  type ContextConnection,
  type GapBody,
  type Position,
  RECORD,
  type RestBody,
  type SessionBody,
} from '#domain'
import { doubtOf, Fold, type FoldListener, type Market } from '#feed'
import { type Hole, holesOf } from './hole.ts'
import { ToldTimes } from './market-times.ts'
import { msOfNs, type Place } from './place.ts'
import { type Gap, newStanding, type Standing, Standings } from './standing.ts'

/** What the ledger needs of a record; a block of the journal is one. */
export type LedgerRecord = {
  readonly type: number
  readonly connection: number
  readonly segment: number
  readonly recordOffset: number
  /** The stamp is `deltaNs` after `baseNs`: Unix ns. */
  readonly baseNs: bigint
  readonly deltaNs: number
  body(): Uint8Array
  stampNs(): bigint
}

/** From … to, Unix ms; `toMs` is `undefined` while it lasts. */
export type Span = { readonly fromMs: number; toMs: number | undefined }

/** An interval in which a book could be believed; up to `verifiedMs` the exchange's own snapshots said so later. */
export type Interval = Span & { verifiedMs: number }

export type LedgerMarket = Standing<string> & {
  readonly market: string
  readonly valid: Interval[]
  /** When it was asked for. */
  readonly wanted: Span[]
}

/** A run of the recorder: from its first record (or the first that was read) to its last. */
export type Run = {
  readonly session: string
  /** `undefined` where its beginning was not read. */
  readonly version: string | undefined
  readonly fromMs: number
  toMs: number
  end: 'stopped' | 'died' | 'open'
}

/** Gaps and intervals kept at most, about 200 MB of them: a longer stretch is read in parts. */
export const INTERVALS_MAX = 1_000_000

export class LedgerTooLarge extends Error {
  override readonly name = 'LedgerTooLarge'
  readonly code = 'FLOW_LEDGER_TOO_LARGE'
}

export type Counts = {
  records: number
  frames: number
  /** Frames that hold the exchange's own word on a book that we held for right: matched, explained by its neighbours, wrong. */
  audits: { matched: number; offset: number; mismatched: number }
}

/** The one call of the fold's that not every version makes. */
type AuditListener = { audited?(market: Market, told: { readonly result: 'matched' | 'offset' | 'mismatched' }): void }

export class Ledger<Record extends LedgerRecord = LedgerRecord> {
  readonly fold: Fold
  readonly times = new ToldTimes()
  readonly counts: Counts = { records: 0, frames: 0, audits: { matched: 0, offset: 0, mismatched: 0 } }
  /** In the order in which they were found. */
  readonly gaps: Gap<string>[] = []
  /** Runs of the recorder, oldest first. */
  readonly runs: Run[] = []
  readonly #foldRecord: (fold: Fold, record: Record) => void
  readonly #markets = new Map<string, LedgerMarket>()
  readonly #standings: Standings<string, LedgerMarket>
  readonly #decoder = new TextDecoder()
  #place: Place = { segment: 0, offset: 0, receivedNs: 0n }
  #record: Record | undefined
  #isFrame = false
  #isPassedOver = false
  #intervals = 0
  /** The stamp of the record before: its block's, and after that. */
  #previousBaseNs = 0n
  #previousDeltaNs = 0
  /** Connections of the runs before, so that a number names one of the journal's. */
  #connectionBase = 0
  #lastConnection = 0
  #isRunOpen = false
  /**
   * `foldRecord` applies a record to a fold, as every reader of a journal does. `applied` is told of each delta that changed
   * a book.
   */
  constructor(foldRecord: (fold: Fold, record: Record) => void, applied?: NonNullable<FoldListener['applied']>) {
    this.#foldRecord = foldRecord
    this.#standings = new Standings<string, LedgerMarket>({
      place: () => this.#here(),
      isFrame: () => this.#isFrame,
      isKept: () => true,
      entryOf: ({ ticker }) => this.#entryOf(ticker),
      keyOf: ({ market }) => market,
      connection: (record) => this.#connectionBase + record,
      gapBegan: (gap) => {
        this.#count()
        this.gaps.push(gap)
      },
      gapEnded: () => {},
      validityBegan: ({ from }, { valid }) => {
        this.#count()
        const fromMs = msOfNs(from.receivedNs)
        valid.push({ fromMs, toMs: undefined, verifiedMs: fromMs })
      },
      validityEnded: ({ to }, { valid }) => {
        const interval = valid.at(-1)
        if (interval === undefined || to === undefined) return
        interval.toMs = Math.max(interval.fromMs, msOfNs(to.receivedNs))
        interval.verifiedMs = Math.min(interval.verifiedMs, interval.toMs)
      },
      askedBegan: ({ from }, { wanted }) => {
        this.#count()
        wanted.push({ fromMs: msOfNs(from.receivedNs), toMs: undefined })
      },
      askedEnded: ({ to }, { wanted }) => {
        const span = wanted.at(-1)
        if (span !== undefined && to !== undefined) span.toMs = msOfNs(to.receivedNs)
      },
    })
    const audits: AuditListener = {
      audited: ({ ticker }, { result }) => {
        this.counts.audits[result]++
        const interval = this.#markets.get(ticker)?.valid.at(-1)
        if (result === 'mismatched' || interval === undefined || interval.toMs !== undefined) return
        interval.verifiedMs = msOfNs(this.#here().receivedNs)
      },
    }
    this.fold = new Fold({
      ...this.#standings.listener,
      ...audits,
      ...(applied === undefined ? {} : { applied }),
      passedOver: () => {
        this.#isPassedOver = true
      },
    } satisfies FoldListener & AuditListener)
  }

  /** Stamp of the last record, Unix ms; 0 before the first. */
  get lastMs(): number {
    return msOfNs(this.#previousNs)
  }

  /** Whether the last run has not said that it ended: it goes on, or died. */
  get isRunOpen(): boolean {
    return this.#isRunOpen
  }

  /** By first sight. */
  markets(): Iterable<LedgerMarket> {
    return this.#markets.values()
  }

  /** Folds the next record of the journal. Throws {@link LedgerTooLarge}. */
  take(record: Record): void {
    this.#record = record
    this.counts.records++
    if (record.type === RECORD.FRAME) {
      this.#isFrame = true
      this.counts.frames++
      this.#foldRecord(this.fold, record)
      if (this.#isPassedOver) this.#lifecycle(record)
    } else {
      this.#isFrame = false
      this.#other(record)
      this.#standings.runGoesOn()
    }
    // A clock step is stamped in the time that begins with it: nothing was heard of the exchange then.
    if (record.type === RECORD.CLOCK_STEP) return
    this.#previousBaseNs = record.baseNs
    this.#previousDeltaNs = record.deltaNs
  }

  /** A piece of the journal behind the last record cannot be read. */
  damaged(): void {
    this.fold.damaged()
  }

  /** The last run died, and nothing more is known since its last record. `end`: the place behind it. */
  died(end: Position): void {
    this.#isRunOpen = false
    this.#endRun('died')
    this.#isFrame = false
    this.#place = { ...end, receivedNs: this.#previousNs }
    this.#record = undefined
    const loss = { cause: 'process_down', proofNs: this.#place.receivedNs, kind: 'durable' }
    this.#standings.losing(loss, () => this.fold.ended('process_down'))
  }

  /** What was missed, as seen at `untilMs`: Unix ms. */
  holes(untilMs = this.lastMs): Hole[] {
    return holesOf(this.gaps, (market) => this.times.get(market), untilMs)
  }

  get #previousNs(): bigint {
    return this.#previousBaseNs + BigInt(this.#previousDeltaNs)
  }

  #here(): Place {
    const record = this.#record
    if (record === undefined) return this.#place
    return { segment: record.segment, offset: record.recordOffset, receivedNs: record.stampNs() }
  }

  #entryOf(market: string): LedgerMarket {
    const known = this.#markets.get(market)
    if (known !== undefined) return known
    const entry: LedgerMarket = { ...newStanding<string>(), market, valid: [], wanted: [] }
    this.#markets.set(market, entry)
    return entry
  }

  #count(): void {
    if (++this.#intervals <= INTERVALS_MAX) return
    throw new LedgerTooLarge(
      `the recording has more than ${INTERVALS_MAX} holes and intervals in what is to be read: read it in parts, with --from and --to`,
    )
  }

  #other(record: Record): void {
    switch (record.type) {
      case RECORD.CONNECTION_LOST: {
        const body = this.#json<ConnectionLostBody>(record)
        const cause = body.cause ?? 'disconnect'
        const doubt = doubtOf(cause)
        const proofNs = body.lastProofNs === undefined ? this.#previousNs : BigInt(body.lastProofNs)
        const kind = body.lastProofKind ?? 'durable'
        const told = { cause: doubt === 'connection_lost' ? cause : doubt, detail: body.detail, proofNs, kind }
        this.#standings.losing(told, () => this.#foldRecord(this.fold, record))
        return
      }
      case RECORD.SESSION:
        this.#session(record, this.#json<SessionBody>(record))
        return
      case RECORD.GAP:
        this.#declared(record, this.#json<GapBody>(record))
        return
      case RECORD.REST:
        this.times.rest(this.#json<RestBody>(record))
        return
      case RECORD.CONTEXT: {
        const { connections = [], session = '' } = this.#json<ContextBody>(record)
        if (this.runs.length === 0) this.#beginRun(session, undefined)
        this.#isRunOpen = true
        this.#foldRecord(this.fold, record)
        if (this.counts.records === 1) this.#beginInside(connections)
        for (const each of connections) {
          for (const ticker of askedIn(each)) this.#standings.askedFor(this.#entryOf(ticker), each.connection)
        }
        return
      }
      case RECORD.CONNECTION_OPENED:
        this.#lastConnection = Math.max(this.#lastConnection, this.#connectionBase + record.connection)
    }
    this.#foldRecord(this.fold, record)
  }

  /** The reading begins here: what is in doubt has been for some time, nobody here knows since when. */
  #beginInside(connections: readonly ContextConnection[]): void {
    for (const { connection, doubts = [] } of connections) {
      for (const { market, cause } of doubts) {
        if (cause !== 'unknown_market' && cause !== 'no_snapshot') {
          this.#standings.inDoubt(this.#entryOf(market), cause, connection)
        }
      }
    }
  }

  #beginRun(session: string, version: string | undefined): void {
    const atMs = msOfNs(this.#here().receivedNs)
    this.runs.push({ session, version, fromMs: atMs, toMs: atMs, end: 'open' })
  }

  #endRun(how: 'stopped' | 'died', atMs = this.lastMs): void {
    const run = this.runs.at(-1)
    if (run === undefined || run.end !== 'open') return
    run.toMs = Math.max(run.fromMs, atMs)
    run.end = how
  }

  #session(record: Record, { event, session = '', version }: Partial<SessionBody>): void {
    if (event === 'stopped') {
      this.#isRunOpen = false
      this.#endRun('stopped', msOfNs(this.#here().receivedNs))
      this.#foldRecord(this.fold, record)
      this.#standings.runEnded()
      return
    }
    if (event !== 'started') return
    // What was open died without a word: its last durable record is the last thing known of it.
    const loss = { cause: 'process_down', proofNs: this.#previousNs, kind: 'durable' }
    this.#endRun('died')
    this.#standings.losing(loss, () => this.#foldRecord(this.fold, record))
    this.#standings.runBegan()
    this.#beginRun(session, version)
    this.#connectionBase = this.#lastConnection
    this.#isRunOpen = true
  }

  /** A hole that does not follow from the frames: both ends are told at once. */
  #declared(record: Record, { cause, fromNs, toNs, markets, detail }: Partial<GapBody>): void {
    if (cause === undefined || fromNs === undefined) return
    // Whatever it puts in doubt was proven up to its beginning.
    const loss = { cause, detail, proofNs: BigInt(fromNs), kind: 'frame' }
    this.#standings.losing(loss, () => this.#foldRecord(this.fold, record))
    // Its end is told by a record of its own.
    if (cause === 'disk_full' && toNs === undefined) return
    const found = this.#here()
    const to = toNs === undefined ? undefined : { ...found, receivedNs: BigInt(toNs) }
    for (const market of markets ?? [undefined]) {
      this.#count()
      const ends = { to, closedBy: to === undefined ? undefined : ('declared' as const) }
      const from = { found, fromNs: BigInt(fromNs), fromKind: 'durable' }
      this.gaps.push({ market, connection: undefined, sid: undefined, cause, detail, ...from, ...ends })
    }
  }

  #lifecycle(record: Record): void {
    this.#isPassedOver = false
    this.times.lifecycle(this.#decoder.decode(record.body()))
  }

  /** A body as the fields that it may have; the block's checksum covers it, so its shape is trusted. */
  #json<Body extends object>(record: Record): Partial<Body> {
    try {
      const value: unknown = JSON.parse(this.#decoder.decode(record.body()))
      return typeof value === 'object' && value !== null ? (value as Partial<Body>) : {}
    } catch {
      return {}
    }
  }
}

/** Markets that a connection asks for; those on their way out are not. */
export const askedIn = ({ asked }: ContextConnection): readonly string[] => [
  ...(asked?.awaiting ?? []),
  ...(asked?.held ?? []),
  ...(asked?.again ?? []),
]
