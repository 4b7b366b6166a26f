/** So much of something in a second, for all clients together: what costs more than its asker is worth is left out then. */
export class SecondBudget {
  readonly #most: number
  readonly #nowMs: () => number
  #sinceMs = Number.NEGATIVE_INFINITY
  #taken = 0

  /** `nowMs`: monotonic milliseconds. */
  constructor(most: number, nowMs: () => number = () => performance.now()) {
    this.#most = most
    this.#nowMs = nowMs
  }

  /** Whether there is one left in this second; it is taken then. */
  take(): boolean {
    const nowMs = this.#nowMs()
    if (nowMs - this.#sinceMs >= 1_000) {
      this.#sinceMs = nowMs
      this.#taken = 0
    }
    if (this.#taken >= this.#most) return false
    this.#taken++
    return true
  }
}
