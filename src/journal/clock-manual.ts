/** A {@link Clock} that moves only when told: for tests, simulations, and imports that keep a recording's own times. */
import type { Clock } from '#ports'

export class ManualClock implements Clock {
  #monotonicNs = 0
  #wallNs: bigint

  constructor(wallNs: bigint) {
    this.#wallNs = wallNs
  }

  monotonicNs(): number {
    return this.#monotonicNs
  }

  wallNs(): bigint {
    return this.#wallNs
  }

  /** Time passes: both clocks move by a whole number of ns, 0 or more. */
  advance(ns: number): void {
    if (!(ns >= 0)) throw new RangeError(`a clock advances by 0 ns or more, found ${ns}`)
    this.#monotonicNs += ns
    this.#wallNs += BigInt(Math.round(ns))
  }

  /** Somebody sets the wall clock: it moves by `ns`, forward or back, and no time passes. */
  stepWall(ns: bigint): void {
    this.#wallNs += ns
  }

  /** Time passes until the wall shows `wallNs`; does nothing when it already does or is past it. */
  advanceTo(wallNs: bigint): void {
    if (wallNs > this.#wallNs) this.advance(Number(wallNs - this.#wallNs))
  }
}
