/** Rows a second over the last seconds, from counts of whole seconds: what a status line can show without a jitter. */
const SECONDS = 5

export class RateMeter {
  readonly #counts = new Array<number>(SECONDS).fill(0)
  readonly #seconds = new Array<number>(SECONDS).fill(-1)
  readonly #nowMs: () => number

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs
  }

  add(count: number): void {
    const second = Math.floor(this.#nowMs() / 1000)
    const slot = second % SECONDS
    if (this.#seconds[slot] !== second) this.#counts[slot] = 0
    this.#seconds[slot] = second
    this.#counts[slot]! += count
  }

  /** Over the last whole seconds; the one that runs now is left out. */
  get perSecond(): number {
    const now = Math.floor(this.#nowMs() / 1000)
    let sum = 0
    for (let slot = 0; slot < SECONDS; slot++) {
      const age = now - this.#seconds[slot]!
      if (age >= 1 && age < SECONDS) sum += this.#counts[slot]!
    }
    return Math.round(sum / (SECONDS - 1))
  }
}
