/**
 * How long to wait before the next attempt: exponential with full jitter, so that many clients that fell together do not
 * come back together, and capped, so that an outage of any length ends. Never gives up: an attempt is always due within
 * {@link BACKOFF_MS_MAX}. Reset only when books were proven: a server that takes the connection and refuses the
 * subscription is not to be hit at once again.
 */
export const BACKOFF_MS_MAX = 30_000
const FIRST_MS = 500
/** Even the luckiest draw leaves this much: a hundred recorders at a closed door stay quiet. */
const LEAST_MS = 100
/** An exchange that says "too many" is left alone for at least this long when it does not say how long. */
export const TOO_MANY_MS = 5_000
/** The longest that a server's own Retry-After is obeyed. */
export const RETRY_AFTER_MS_MAX = 300_000

export class Backoff {
  readonly #random: () => number
  #failures = 0

  /** `random` gives numbers in [0, 1). */
  constructor(random: () => number) {
    this.#random = random
  }

  get failures(): number {
    return this.#failures
  }

  /** The wait before the next attempt, in ms. `tooMany`: refused with HTTP 429, with the server's own wait if it gave one. */
  next(tooMany?: { readonly retryAfterMs: number | undefined }): number {
    const ceiling = Math.min(BACKOFF_MS_MAX, FIRST_MS * 2 ** Math.min(this.#failures, 20))
    this.#failures++
    const wait = Math.max(LEAST_MS, Math.floor(this.#random() * ceiling))
    if (tooMany === undefined) return wait
    return Math.min(RETRY_AFTER_MS_MAX, (tooMany.retryAfterMs ?? TOO_MANY_MS) + wait)
  }

  reset(): void {
    this.#failures = 0
  }
}
