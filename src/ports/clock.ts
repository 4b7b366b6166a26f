/**
 * The two clocks of a recorder.
 *
 * Contract (test/contracts/clock.ts): `monotonicNs` never goes backward and does not follow the wall; `wallNs` is Unix
 * time and may step either way.
 */
export interface Clock {
  /** Nanoseconds since some fixed start, as a whole or fractional double; exact to 2^53 ns = 104 days, to 2 ns after. */
  monotonicNs(): number
  /** Unix time in nanoseconds. */
  wallNs(): bigint
}
