/**
 * Our share of the read budget: tokens that come back at a steady rate, and how long to wait for enough of them.
 *
 * Kalshi's Basic tier gives 200 tokens a second with two seconds of capacity, and most reads cost 10
 * (docs.kalshi.com/getting_started/rate_limits, read 2026-08). A recorder takes a quarter: the key's owner trades with the
 * rest. Pure over the time that it is handed; a clock that goes backward gives no tokens and takes none.
 */
export type TokenRates = {
  readonly perSecond: number
  readonly capacity: number
}

export const READ_COST = 10
const BASIC_READ_PER_SECOND = 200
const OUR_SHARE = 0.25
export const READ_RATES: TokenRates = {
  perSecond: BASIC_READ_PER_SECOND * OUR_SHARE,
  capacity: 2 * BASIC_READ_PER_SECOND * OUR_SHARE,
}

export class TokenBucket {
  readonly #rates: TokenRates
  #tokens: number
  #atMs: number

  constructor(rates: TokenRates, nowMs: number) {
    this.#rates = rates
    this.#tokens = rates.capacity
    this.#atMs = nowMs
  }

  /**
   * Takes `cost` tokens, in advance if need be, and returns the milliseconds to wait before they may be used. Calls that
   * overlap are thereby served in order. A cost above the capacity is a RangeError.
   */
  take(cost: number, nowMs: number): number {
    if (cost > this.#rates.capacity)
      throw new RangeError(`a request of ${cost} tokens never fits in ${this.#rates.capacity}`)
    this.#fill(nowMs)
    this.#tokens -= cost
    return this.#tokens >= 0 ? 0 : Math.ceil((-this.#tokens * 1000) / this.#rates.perSecond)
  }

  /** The exchange says that nothing is left: start from none. */
  empty(nowMs: number): void {
    this.#fill(nowMs)
    this.#tokens = Math.min(this.#tokens, 0)
  }

  #fill(nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - this.#atMs)
    this.#atMs += elapsedMs
    this.#tokens = Math.min(this.#rates.capacity, this.#tokens + (elapsedMs * this.#rates.perSecond) / 1000)
  }
}
