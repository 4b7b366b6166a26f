/**
 * Books that say a connection is read the wrong way round, while they are too few to be sure: a snapshot may have been
 * taken inside a crossed group. They are asked for again, ever more rarely, as long as the verdict stands. Pure; is handed
 * the time.
 */
const FIRST_PAUSE_MS = 1_000
const PAUSE_MS_MAX = 60_000

export class Reread {
  #markets: readonly string[] = []
  #pauseMs = FIRST_PAUSE_MS
  #dueMs = 0

  /** The verdict changed. `markets`: those that it rests on; none when it is good, or final. */
  judged(markets: readonly string[], nowMs: number): void {
    this.#markets = markets
    this.#dueMs = nowMs + this.#pauseMs
  }

  /** The markets to ask for now. */
  take(nowMs: number): readonly string[] {
    if (this.#markets.length === 0 || nowMs < this.#dueMs) return []
    this.#pauseMs = Math.min(PAUSE_MS_MAX, this.#pauseMs * 2)
    this.#dueMs = nowMs + this.#pauseMs
    return this.#markets
  }

  clear(): void {
    this.#markets = []
    this.#pauseMs = FIRST_PAUSE_MS
  }
}
