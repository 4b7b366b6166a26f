/**
 * Where a connection's message ages are going: the medians of the last windows, their slope, and how far they have climbed
 * above the lowest of the connection. Medians of medians, so that one burst moves nothing. Off the hot path: a few hundred
 * comparisons every ten seconds.
 *
 * What our clock and the exchange's differ by stands in every age and in the lowest too: the climb is free of it.
 */
/** Five minutes of windows of ten seconds. */
const WINDOWS_MAX = 30
/** Fewer messages in a window say nothing: it is passed over. After {@link LEVEL_WINDOWS} of them nothing before them counts. */
export const MESSAGES_MIN = 5
/** Of so many windows the level is the median; before there are as many, nothing is said. */
export const LEVEL_WINDOWS = 3

type Window = { readonly atMs: number; readonly p50Ms: number }

export class AgeTrend {
  #windows: Window[] = []
  #lowestMs = Number.POSITIVE_INFINITY
  /** Windows passed over since the last that counted. */
  #passedOver = 0

  /** The median of the last windows' medians, in ms; `undefined` before there are enough. */
  get levelMs(): number | undefined {
    return this.#windows.length < LEVEL_WINDOWS ? undefined : medianOf(this.#lastWindows().map(({ p50Ms }) => p50Ms))
  }

  /** How far every one of the last windows is above the lowest level so far, in ms; 0 before there are enough. */
  get climbMs(): number {
    if (this.#windows.length < LEVEL_WINDOWS || !Number.isFinite(this.#lowestMs)) return 0
    return Math.max(0, Math.min(...this.#lastWindows().map(({ p50Ms }) => p50Ms)) - this.#lowestMs)
  }

  /** The median of the slopes between all pairs of windows; 0 before there are enough. */
  get msPerMinute(): number {
    if (this.#windows.length < LEVEL_WINDOWS) return 0
    const slopes: number[] = []
    for (const [index, later] of this.#windows.entries()) {
      for (const earlier of this.#windows.slice(0, index)) {
        slopes.push(((later.p50Ms - earlier.p50Ms) / (later.atMs - earlier.atMs)) * 60_000)
      }
    }
    return medianOf(slopes)
  }

  /** A window is over. `nowMs` must grow. */
  add(nowMs: number, p50Ms: number, count: number): void {
    if (count < MESSAGES_MIN) {
      // What it was before it fell silent is no reason to replace it now.
      if (++this.#passedOver >= LEVEL_WINDOWS) this.#windows = []
      return
    }
    this.#passedOver = 0
    this.#windows.push({ atMs: nowMs, p50Ms })
    if (this.#windows.length > WINDOWS_MAX) this.#windows.shift()
    const level = this.levelMs
    if (level !== undefined) this.#lowestMs = Math.min(this.#lowestMs, level)
  }

  /** The wall clock stepped: ages of before cannot be compared with those to come. */
  forget(): void {
    this.#windows = []
    this.#lowestMs = Number.POSITIVE_INFINITY
  }

  #lastWindows(): Window[] {
    return this.#windows.slice(-LEVEL_WINDOWS)
  }
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
