/**
 * The machine's clocks as a {@link Clock}.
 *
 * JavaScript reads the wall only in whole milliseconds, so the part below one is carried over from the monotonic clock
 * as long as the two agree; a step of the wall shows at once.
 */
import type { Clock } from '#ports'

const NS_PER_MS = 1_000_000

export class SystemClock implements Clock {
  /** Wall minus monotonic, Unix ms with its fraction. */
  #originMs = performance.timeOrigin

  monotonicNs(): number {
    return performance.now() * NS_PER_MS
  }

  wallNs(): bigint {
    const wallMs = Date.now()
    const fineMs = this.#originMs + performance.now()
    if (fineMs < wallMs) this.#originMs += wallMs - fineMs
    else if (fineMs >= wallMs + 1) this.#originMs -= fineMs - (wallMs + 1)
    const fractionNs = Math.round((this.#originMs + performance.now() - wallMs) * NS_PER_MS)
    return BigInt(wallMs) * BigInt(NS_PER_MS) + BigInt(Math.min(Math.max(fractionNs, 0), NS_PER_MS - 1))
  }
}
