/** Gives the event loop its turn: a reader that catches up must not keep others of its thread waiting. */
import { setImmediate as nextTurn } from 'node:timers/promises'

/** Longest stretch of work without a turn, but for a single block. */
export const TURN_MS_MAX = 5

export class Pace {
  #sinceMs = performance.now()

  /** Whether it is time to call {@link rest}. */
  get isDue(): boolean {
    return performance.now() - this.#sinceMs >= TURN_MS_MAX
  }

  async rest(): Promise<void> {
    await nextTurn()
    this.#sinceMs = performance.now()
  }
}
