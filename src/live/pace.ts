/** Gives the event loop its turn: a reader that catches up must not keep others of its thread waiting. */
import type { Time } from '#ports'

/** Longest stretch of work without a turn, but for a single block. */
export const TURN_MS_MAX = 5

export class Pace {
  readonly #time: Time
  #sinceMs: number

  constructor(time: Time) {
    this.#time = time
    this.#sinceMs = time.nowMs()
  }

  /** Whether it is time to call {@link rest}. */
  get isDue(): boolean {
    return this.#time.nowMs() - this.#sinceMs >= TURN_MS_MAX
  }

  async rest(): Promise<void> {
    await this.#time.turn()
    this.#sinceMs = this.#time.nowMs()
  }
}
