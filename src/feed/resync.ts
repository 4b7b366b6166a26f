/**
 * Which books are to be proven again, and when to ask for them: `get_snapshot` in chunks, one chunk at a time, with a
 * pause between, so that repairing never overflows the exchange's buffer (error 25). A market that keeps failing is asked
 * for ever more rarely. Pure; is handed the time.
 */
export const CHUNK_MAX = 100
export const CHUNK_PAUSE_MS = 50
/** A chunk whose snapshots have not all come by then has failed. */
export const CHUNK_MS_MAX = 10_000
const FIRST_PAUSE_MS = 1_000
const PAUSE_MS_MAX = 60_000
/** A market that stayed proven for this long starts again with its first pause. */
const CALM_MS = 60_000

type Wanted = { failures: number; dueMs: number; failedMs: number }

export class Resync {
  /** In doubt and not asked for yet. */
  readonly #wanted = new Map<string, Wanted>()
  /** Markets that failed lately, with when. */
  readonly #history = new Map<string, Wanted>()
  #asked = new Set<string>()
  #askedMs = 0
  #restUntilMs = 0

  /** Markets in doubt. */
  get size(): number {
    return this.#wanted.size + this.#asked.size
  }

  /** A book is in doubt. `isOwnFault`: of this market alone, so that it may be asked for again only after its pause. */
  want(market: string, isOwnFault: boolean, nowMs: number): void {
    this.#asked.delete(market)
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
  }

  /** Asks for this market in the next chunk, whatever its pause. */
  hurry(market: string, nowMs: number): void {
    this.#wanted.set(market, { failures: 0, dueMs: nowMs, failedMs: nowMs })
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
    if (chunk.length === 0) return chunk
    for (const market of chunk) this.#wanted.delete(market)
    this.#asked = new Set(chunk)
    this.#askedMs = nowMs
    this.#restUntilMs = nowMs + CHUNK_PAUSE_MS
    for (const [market, { failedMs }] of this.#history) if (nowMs - failedMs > CALM_MS) this.#history.delete(market)
    return chunk
  }

  /** Whether a chunk was asked for and has not been answered in time. */
  isOverdue(nowMs: number): boolean {
    return this.#asked.size > 0 && nowMs - this.#askedMs > CHUNK_MS_MAX
  }

  clear(): void {
    this.#wanted.clear()
    this.#asked.clear()
    this.#history.clear()
    this.#restUntilMs = 0
  }
}
