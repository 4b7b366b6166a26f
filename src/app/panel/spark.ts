/** A rate over the last minute as a row of little bars. */
const BARS = '▁▂▃▄▅▆▇█'

/** One bar for each figure, the highest full; nothing at all is the lowest bar. */
export function spark(figures: readonly number[]): string {
  const most = Math.max(...figures, 1)
  return figures
    .map((each) => BARS[Math.min(BARS.length - 1, Math.floor((Math.max(0, each) / most) * (BARS.length - 0.01)))])
    .join('')
}

/** The mean of each so many seconds, the last ones last. Bounded. */
export class RateHistory {
  readonly #figures: number[] = []
  readonly #lengthMax: number
  readonly #everyMs: number
  #count: number | undefined
  #atMs = 0

  constructor(lengthMax: number, everyMs: number) {
    this.#lengthMax = lengthMax
    this.#everyMs = everyMs
  }

  get figures(): readonly number[] {
    return this.#figures
  }

  /** The count in all so far; called more often than a figure is made. */
  tick(count: number, nowMs: number): void {
    const elapsedMs = nowMs - this.#atMs
    if (this.#count !== undefined && elapsedMs < this.#everyMs) return
    if (this.#count !== undefined) {
      this.#figures.push(((count - this.#count) * 1000) / elapsedMs)
      if (this.#figures.length > this.#lengthMax) this.#figures.shift()
    }
    this.#count = count
    this.#atMs = nowMs
  }
}
