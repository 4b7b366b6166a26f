/**
 * A copy of the recorder's books, made from the journal alone and kept up with it: what the service answers from.
 *
 *   begin    from the newest segment that tells of all books, up to what is durable
 *   follow   up to the recorder's durable position, for as long as a recorder says one
 *   finish   the recorder is gone: what it left is read, its books are in doubt, and a recorder is looked for
 *
 * It costs the feed nothing, never skips a record, and says of every book how far it is behind. Nothing here writes.
 */
import { type Environment, POSITION_ZERO, type Position } from '#domain'
import type { DoubtCause, Fold, Market } from '#feed'
import {
  FileDisk,
  listSegments,
  losesRecords,
  openCursor,
  type ReadFault,
  type SegmentSummary,
  SYSTEM_TIME,
} from '#journal'
import type { Disk, Time } from '#ports'
import { type BookView, viewBook } from './book-view.ts'
import { FOLLOW_HEARTBEAT_MS } from './control/control-protocol.ts'
import { Lateness } from './lateness.ts'
import { LiveFold, type LiveMarket, type LiveSession } from './live-fold.ts'
import type { LiveGap } from './live-gap.ts'
import { Pace } from './pace.ts'
import type { RecorderLink } from './recorder-link.ts'
import type { ReplicaListener } from './replica-listener.ts'
import { findRunStart } from './run-start.ts'

export type ReplicaState = 'catching_up' | 'live' | 'finished'

export type ReplicaEvent =
  | { readonly kind: 'state'; readonly state: ReplicaState; readonly behindMs: number }
  | { readonly kind: 'read_fault'; readonly fault: ReadFault }
  /** It is tried again. */
  | { readonly kind: 'failed'; readonly error: Error; readonly retryMs: number }

export type ReplicaOptions = {
  /** The journal's folder. */
  readonly folder: string
  /** Closed with the copy. */
  readonly recorder: RecorderLink
  readonly disk?: Disk
  readonly time?: Time
  readonly onEvent?: (event: ReplicaEvent) => void
}

/** A copy that is further behind calls no book valid. */
export const BEHIND_MS_MAX = 1_000
/** How long {@link Replica.open} waits for the books; it opens without them then. */
const OPEN_MS_MAX = 1_000
const SAMPLE_MS = 1_000
/** How often the state is looked at. */
const STATE_MS = 100
/** A reader that is told of every commit looks by itself only in case a word was lost. */
const POLL_MS = 250
const RETRY_MS_MIN = 100
const RETRY_MS_MAX = 5_000
/** How long a copy without a journal waits before it looks again. */
const LOOK_MS = 200

export class Replica {
  readonly #options: ReplicaOptions
  readonly #recorder: RecorderLink
  readonly #disk: Disk
  readonly #time: Time
  readonly #listeners = new Set<ReplicaListener>()
  readonly #closing = new AbortController()
  readonly #timers: readonly (() => void)[]
  readonly #openedMs: number
  #running: Promise<void> = Promise.resolve()
  #live: LiveFold
  readonly #lateness = new Lateness()
  /** Where reading goes on: the end of the last block. */
  #at: Position = POSITION_ZERO
  #segment: Pick<SegmentSummary, 'journal' | 'environment'> | undefined
  #hasBegun = false
  #wasUnbound = false
  #isFinished = false
  #toldState: ReplicaState = 'catching_up'
  #sampledMs: number
  #wake: () => void = () => {}

  /** Opens within about a second, with the books or still catching up. Never rejects: what fails is tried again and told. */
  static async open(options: ReplicaOptions): Promise<Replica> {
    const replica = new Replica(options)
    const time = replica.#time
    const untilMs = time.nowMs() + OPEN_MS_MAX
    while (replica.state === 'catching_up' && time.nowMs() < untilMs) await time.sleep(5)
    replica.#tellState()
    return replica
  }

  private constructor(options: ReplicaOptions) {
    this.#options = options
    this.#recorder = options.recorder
    this.#disk = options.disk ?? new FileDisk()
    this.#time = options.time ?? SYSTEM_TIME
    this.#openedMs = this.#time.nowMs()
    this.#sampledMs = this.#openedMs
    this.#live = new LiveFold(this.#listeners)
    this.#timers = [
      this.#time.every(SAMPLE_MS, () => this.#sample()),
      this.#time.every(STATE_MS, () => this.#tellState()),
    ]
    this.#running = this.#run()
  }

  /**
   * Another object each time the copy begins anew: until it has caught up for the first time, and when a recorder turns up
   * whose records were read before they were durable. Listeners are told with `restarted`.
   */
  get fold(): Fold {
    return this.#live.fold
  }

  /** Behind the last record folded. */
  get position(): Position {
    return this.#live.position
  }

  /** Receive time of the last frame folded, Unix ms; 0 before the first. */
  get lastFrameMs(): number {
    return this.#live.lastFrameMs
  }

  /**
   * How much older the books are than the recorder's, in ms: for how long we know of something that is not in them. A recorder that is not heard counts as running on, from a
   * heartbeat after its last word. Above {@link BEHIND_MS_MAX} before the copy has caught up for the first time, and while
   * it finds out whether a recorder is gone; 0 when it is finished.
   */
  get behindMs(): number {
    if (this.#isFinished) return 0
    const { silentMs, state, identity } = this.#recorder
    const { lastRecordMs, position } = this.#live
    const nowMs = this.#time.nowMs()
    const lateMs = this.#lateness.lateMs(position, nowMs)
    const unheardMs = Number.isFinite(silentMs) ? silentMs - FOLLOW_HEARTBEAT_MS : nowMs - this.#openedMs
    // A recorder's first record is that it began: a copy without a record, or with those of a run before, has not reached it.
    const isOfThisRun = lastRecordMs > 0 && identity?.session === this.#live.session?.id
    const isLate = !this.#hasBegun || state === 'gone' || !Number.isFinite(silentMs) || !isOfThisRun
    return Math.max(lateMs, unheardMs, isLate ? BEHIND_MS_MAX + 1 : 0)
  }

  get state(): ReplicaState {
    if (this.#isFinished) return 'finished'
    return this.#hasBegun && this.behindMs <= BEHIND_MS_MAX ? 'live' : 'catching_up'
  }

  /** The state that listeners were told last: every later one is told. */
  get toldState(): ReplicaState {
    return this.#toldState
  }

  /** The copy has caught up once: from here on its books only go forward, and listeners are told of every change. */
  get hasBooks(): boolean {
    return this.#hasBegun
  }

  /** `undefined` before a segment was read. */
  get journalId(): string | undefined {
    return this.#segment?.journal ?? this.#recorder.identity?.journal
  }

  get environment(): Environment | undefined {
    return this.#segment?.environment ?? this.#recorder.identity?.environment
  }

  /** The run that the last record belongs to. */
  get session(): LiveSession | undefined {
    return this.#live.session
  }

  get recorder(): RecorderLink {
    return this.#recorder
  }

  get framesPerSecond(): number {
    return this.#live.framesPerSecond
  }

  market(ticker: string): LiveMarket | undefined {
    return this.#live.market(ticker)
  }

  markets(): Iterable<LiveMarket> {
    return this.#live.markets()
  }

  /** Newest last, since where the copy was begun. */
  gaps(): readonly LiveGap[] {
    return this.#live.gaps.all
  }

  /** Why a book of this copy may not be believed, now and by whoever asks; `undefined` when it may. */
  doubtOf(market: Market): DoubtCause | undefined {
    return market.doubt ?? (this.behindMs > BEHIND_MS_MAX ? 'behind' : undefined)
  }

  /** A book with everything that says how far to believe it. */
  view(market: Market, nowMs = this.#time.wallMs()): BookView {
    const { ticker, book, seq, asOfMs } = market
    const doubt = this.doubtOf(market)
    const { segment, offset } = this.position
    return {
      ...viewBook({ ticker, book, seq, asOfMs, valid: doubt === undefined, doubt }, nowMs),
      position: `${segment}:${offset}`,
      behind_ms: Math.round(this.behindMs),
    }
  }

  /** Tells of everything from here on, synchronously. Answers how to stop listening. */
  subscribe(listener: ReplicaListener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    for (const stop of this.#timers) stop()
    this.#listeners.clear()
    this.#recorder.close()
    this.#wake()
    await this.#running
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted
  }

  async #run(): Promise<void> {
    const stopListening = this.#recorder.listen(() => {
      this.#heard()
      this.#wake()
    })
    this.#heard()
    let retryMs = RETRY_MS_MIN
    while (!this.#isClosed) {
      try {
        if (this.#isAstray) this.#hasBegun = false
        if (!this.#hasBegun) await this.#begin()
        else if (this.#recorder.state === 'gone') await this.#finish()
        else await this.#follow()
        retryMs = RETRY_MS_MIN
      } catch (error) {
        if (this.#isClosed) break
        this.#options.onEvent?.({ kind: 'failed', error: error as Error, retryMs })
        await this.#rest(retryMs)
        retryMs = Math.min(RETRY_MS_MAX, retryMs * 2)
      }
    }
    stopListening()
  }

  #heard(): void {
    const { head, silentMs } = this.#recorder
    if (head === undefined) return
    const nowMs = this.#time.nowMs()
    this.#lateness.heard(head.head, this.position, nowMs)
    this.#lateness.waits(head.durable, this.position, head.waitingMs, nowMs - silentMs)
  }

  /**
   * Records were read without a bound, since no recorder answered, and now one does that had written them already: it was
   * just starting. What it has not made durable may come otherwise, and its connections are open still.
   */
  get #isAstray(): boolean {
    const { state, identity } = this.#recorder
    return this.#wasUnbound && state === 'following' && identity?.session === this.#live.session?.id
  }

  /** The books as of now: from ever older segments, until one tells of all of them. */
  async #begin(): Promise<void> {
    const { state, head } = this.#recorder
    if (state === 'looking' && head === undefined) return this.#rest(LOOK_MS)
    const all = await this.#segments()
    const bound = state === 'gone' || head === undefined ? afterLast(all) : head.durable
    const segments = all.filter(({ number }) => number <= bound.segment)
    if (segments.length === 0) {
      this.#isFinished = this.#recorder.state === 'gone'
      return this.#rest(LOOK_MS)
    }
    this.#isFinished = false
    this.#wasUnbound = state === 'gone' || head === undefined
    this.#segment = segments.find(({ journal, environment }) => journal !== undefined && environment !== undefined)
    for (let back = 1; !this.#isClosed; back *= 2) {
      const start = segments[Math.max(0, segments.length - back)]!.number
      this.#live = new LiveFold(this.#listeners)
      this.#at = { segment: start, offset: 0 }
      await this.#read(bound)
      if (this.#live.isWhole || back >= segments.length) break
    }
    if (this.#isClosed) return
    this.#live.tells = true
    this.#hasBegun = true
    for (const each of this.#listeners) each.restarted?.()
    if (!this.#live.sawRunStart) void this.#readRunStart(segments.map(({ number }) => number))
  }

  /** Up to the durable position, until the recorder is gone. */
  async #follow(): Promise<void> {
    const gone = new AbortController()
    const stop = () => gone.abort()
    this.#closing.signal.addEventListener('abort', stop, { once: true })
    const cursor = openCursor({
      ...this.#place,
      from: this.#at,
      until: () => this.#recorder.head?.durable ?? this.#at,
      follow: true,
      pollMs: POLL_MS,
      signal: gone.signal,
    })
    const stopListening = this.#recorder.listen(() => (this.#recorder.state === 'gone' ? stop() : cursor.poke()))
    const pace = new Pace(this.#time)
    this.#wasUnbound = false
    try {
      if (this.#recorder.state === 'gone') return
      for (;;) {
        const block = await cursor.nextBlock()
        if (block === undefined) return
        this.#live.take(block)
        this.#at = cursor.position
        for (const each of this.#listeners) each.batchEnded?.()
        if (pace.isDue) await pace.rest()
      }
    } finally {
      stopListening()
      this.#closing.signal.removeEventListener('abort', stop)
      await cursor.close()
    }
  }

  /** Reads what a recorder that is gone has left, and waits for the next. */
  async #finish(): Promise<void> {
    this.#wasUnbound = true
    await this.#read(afterLast(await this.#segments()), () => this.#recorder.state !== 'gone')
    if (this.#recorder.state !== 'gone' || this.#isClosed) return
    this.#live.ended('process_down')
    this.#lateness.clear()
    this.#isFinished = true
    this.#tellState()
    for (const each of this.#listeners) each.batchEnded?.()
    while (this.#recorder.state === 'gone' && !this.#isClosed) await this.#rest(RETRY_MS_MAX)
    this.#isFinished = false
    this.#tellState()
  }

  /** Folds everything before `bound` that is not folded yet. */
  async #read(bound: Position, isOver: () => boolean = () => false): Promise<void> {
    const cursor = openCursor({ ...this.#place, from: this.#at, until: bound, signal: this.#closing.signal })
    const pace = new Pace(this.#time)
    try {
      for (;;) {
        const block = isOver() ? undefined : await cursor.nextBlock()
        if (block === undefined) return
        this.#live.take(block)
        this.#at = cursor.position
        if (!pace.isDue) continue
        for (const each of this.#listeners) each.batchEnded?.()
        await pace.rest()
      }
    } finally {
      await cursor.close()
    }
  }

  async #readRunStart(segments: readonly number[]): Promise<void> {
    const live = this.#live
    try {
      const place = { disk: this.#disk, folder: this.#options.folder }
      const start = await findRunStart(place, segments, this.#closing.signal)
      if (start === undefined || this.#isClosed) return
      const { session: id, version } = start.body
      if (live.session?.id === id) live.session = { id, startedMs: start.startedMs, version }
      for (const each of start.rest) live.infos.rest(each, true)
    } catch (error) {
      // Titles and the time of the start are missing then, and nothing else.
      this.#options.onEvent?.({ kind: 'failed', error: error as Error, retryMs: Number.POSITIVE_INFINITY })
    }
  }

  get #place() {
    return {
      disk: this.#disk,
      folder: this.#options.folder,
      time: this.#time,
      onFault: (fault: ReadFault) => {
        if (losesRecords(fault)) this.#live.fold.damaged()
        // Being written just now, or never made durable: nobody was promised it.
        if (fault.kind !== 'torn_tail') this.#options.onEvent?.({ kind: 'read_fault', fault })
      },
    }
  }

  /** None where the folder is not there yet. */
  async #segments(): Promise<SegmentSummary[]> {
    try {
      return await listSegments(this.#disk, this.#options.folder)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  }

  #sample(): void {
    const nowMs = this.#time.nowMs()
    this.#live.sample(nowMs - this.#sampledMs)
    this.#sampledMs = nowMs
    this.#live.infos.prune((ticker) => this.#live.fold.market(ticker) !== undefined)
  }

  #tellState(): void {
    const { state } = this
    if (state === this.#toldState) return
    this.#toldState = state
    this.#options.onEvent?.({ kind: 'state', state, behindMs: Math.round(this.behindMs) })
    for (const each of this.#listeners) each.state?.()
  }

  /** Waits, at most so long: a word from the recorder ends it. */
  #rest(ms: number): Promise<void> {
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    return this.#time.sleep(ms, woken.signal)
  }
}

const afterLast = (segments: readonly SegmentSummary[]): Position => ({
  segment: (segments.at(-1)?.number ?? 0) + 1,
  offset: 0,
})
