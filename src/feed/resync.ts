/**
 * Which books are to be proven again, and when to ask for them: `get_snapshot` in chunks, one chunk at a time, with a
 * pause between, so that repairing never overflows the exchange's buffer (error 25). A market that keeps failing is asked
 * for ever more rarely; one that does not answer at all is set aside, so that it holds up nobody. Pure; is handed the time.
 */
export const CHUNK_MAX = 100
export const CHUNK_PAUSE_MS = 50
/** A chunk whose snapshots have not all come by then has failed. */
export const CHUNK_MS_MAX = 10_000
const FIRST_PAUSE_MS = 1_000
const PAUSE_MS_MAX = 60_000
/** Between two questions about a market that does not answer at all; doubled each time up to the limit. */
const SILENT_FIRST_MS = 30_000
const SILENT_MS_MAX = 600_000
/** A market that stayed proven for this long starts again with its first pause. */
const CALM_MS = 60_000

type Wanted = { failures: number; dueMs: number; failedMs: number }

export class Resync {
  /** In doubt and not asked for yet. */
  readonly #wanted = new Map<string, Wanted>()
  /** Markets that failed lately, with when. */
  readonly #history = new Map<string, Wanted>()
  /** Markets that do not answer: asked again now and then, and nobody waits for them. */
  readonly #silent = new Map<string, { dueMs: number; pauseMs: number }>()
  #asked = new Set<string>()
  #askedCount = 0
  #askedMs = 0
  #restUntilMs = 0

  /** Markets in doubt, the silent ones included. */
  get size(): number {
    return this.#wanted.size + this.#asked.size + this.#silent.size
  }

  /** Asked for and not answered. */
  get unanswered(): ReadonlySet<string> {
    return this.#asked
  }

  /** Whether part of what was asked for last has been answered. */
  get isPartlyAnswered(): boolean {
    return this.#asked.size < this.#askedCount
  }

  /** Whether a question may go out now without following another too closely. */
  isRested(nowMs: number): boolean {
    return this.#asked.size === 0 && nowMs >= this.#restUntilMs
  }

  /** A `get_snapshot` of somebody else went out: the next one keeps the same distance. */
  rest(nowMs: number): void {
    this.#restUntilMs = nowMs + CHUNK_PAUSE_MS
  }

  /** Whether a market is asked for, or could be now: what keeps the books from being whole. */
  isBusy(nowMs: number): boolean {
    if (this.#asked.size > 0) return true
    for (const { dueMs } of this.#wanted.values()) if (dueMs <= nowMs) return true
    return false
  }

  /** A book is in doubt. `isOwnFault`: of this market alone, so that it may be asked for again only after its pause. */
  want(market: string, isOwnFault: boolean, nowMs: number): void {
    this.#asked.delete(market)
    this.#silent.delete(market)
    const before = this.#history.get(market)
    const isCalm = before === undefined || nowMs - before.failedMs > CALM_MS
    const failures = isOwnFault ? (isCalm ? 1 : before.failures + 1) : 0
    const pauseMs = failures <= 1 ? 0 : Math.min(PAUSE_MS_MAX, FIRST_PAUSE_MS * 2 ** (failures - 2))
    const wanted = { failures, dueMs: nowMs + pauseMs, failedMs: nowMs }
    if (isOwnFault) this.#history.set(market, wanted)
    this.#wanted.set(market, wanted)
  }

  /** The market has its snapshot, or is wanted no more. */
  settle(market: string): void {
    this.#wanted.delete(market)
    this.#asked.delete(market)
    this.#silent.delete(market)
  }

  /** The market does not answer, or not in a way that can be read: it is asked again ever more rarely. */
  setAside(market: string, nowMs: number): void {
    this.#wanted.delete(market)
    this.#asked.delete(market)
    const pauseMs = Math.min(SILENT_MS_MAX, (this.#silent.get(market)?.pauseMs ?? SILENT_FIRST_MS / 2) * 2)
    this.#silent.set(market, { dueMs: nowMs + pauseMs, pauseMs })
  }

  /** Asks for this market in the next chunk, whatever its pause. */
  hurry(market: string, nowMs: number): void {
    this.#wanted.set(market, { failures: 0, dueMs: nowMs, failedMs: nowMs })
  }

  /** All that is in doubt and not asked for. */
  inDoubt(): string[] {
    return [...this.#wanted.keys(), ...this.#silent.keys()]
  }

  /** Asks for these alone, whatever their pause. */
  takeOnly(markets: readonly string[], nowMs: number): string[] {
    for (const market of markets) {
      this.#wanted.delete(market)
      this.#silent.delete(market)
    }
    this.#asked = new Set(markets)
    this.#askedCount = markets.length
    this.#askedMs = nowMs
    this.rest(nowMs)
    return [...markets]
  }

  /** The next chunk to ask for; empty when none is due. */
  take(nowMs: number): string[] {
    if (this.#asked.size > 0 || nowMs < this.#restUntilMs) return []
    const chunk: string[] = []
    for (const [market, { dueMs }] of this.#wanted) {
      if (dueMs > nowMs) continue
      chunk.push(market)
      if (chunk.length === CHUNK_MAX) break
    }
    if (chunk.length === 0) return this.#takeSilent(nowMs)
    for (const market of chunk) this.#wanted.delete(market)
    this.#asked = new Set(chunk)
    this.#askedCount = chunk.length
    this.#askedMs = nowMs
    this.rest(nowMs)
    for (const [market, { failedMs }] of this.#history) if (nowMs - failedMs > CALM_MS) this.#history.delete(market)
    return chunk
  }

  /** Whether a chunk was asked for and has not been answered in time. */
  isOverdue(nowMs: number): boolean {
    return this.#asked.size > 0 && nowMs - this.#askedMs > CHUNK_MS_MAX
  }

  /** Silent markets whose time has come. No answer is awaited. */
  #takeSilent(nowMs: number): string[] {
    const chunk: string[] = []
    for (const [market, { dueMs }] of this.#silent) {
      if (dueMs <= nowMs) chunk.push(market)
      if (chunk.length === CHUNK_MAX) break
    }
    for (const market of chunk) this.setAside(market, nowMs)
    if (chunk.length > 0) this.rest(nowMs)
    return chunk
  }

  clear(): void {
    this.#silent.clear()
    this.#wanted.clear()
    this.#asked.clear()
    this.#history.clear()
    this.#restUntilMs = 0
  }
}
