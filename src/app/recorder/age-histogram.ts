/**
 * Ages of messages, counted: a histogram of fixed size with 8 steps to each power of two of microseconds, so that a figure is
 * right to within an eighth. Recording one takes some nanoseconds and allocates nothing.
 */
const STEPS = 8
/** 36 minutes; whatever is older counts as that old. */
const US_MAX = 2 ** 31 - 1
const BUCKETS = 29 * STEPS

export type AgeFigures = {
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

export const NO_AGES: AgeFigures = { count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 }

export class AgeHistogram {
  readonly #buckets = new Uint32Array(BUCKETS)
  #maxUs = 0
  /** Messages whose exchange time was ahead of our clock: counted as of no age. */
  ahead = 0

  /** One message. The hot path. */
  record(ageMs: number): void {
    const us = ageMs > 0 ? Math.min(ageMs * 1000 + 0.5, US_MAX) | 0 : 0
    if (ageMs < 0) this.ahead++
    this.#buckets[bucketOf(us)]!++
    if (us > this.#maxUs) this.#maxUs = us
  }

  /** Takes another's counts in. */
  add(other: AgeHistogram): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.#buckets[bucket]! += other.#buckets[bucket]!
    this.#maxUs = Math.max(this.#maxUs, other.#maxUs)
    this.ahead += other.ahead
  }

  clear(): void {
    this.#buckets.fill(0)
    this.#maxUs = 0
    this.ahead = 0
  }

  figures(): AgeFigures {
    let count = 0
    for (const each of this.#buckets) count += each
    if (count === 0) return NO_AGES
    const at = (share: number): number => {
      const wanted = Math.ceil(count * share)
      let seen = 0
      for (let bucket = 0; bucket < BUCKETS; bucket++) {
        seen += this.#buckets[bucket]!
        if (seen >= wanted) return Math.min(topOf(bucket), this.#maxUs) / 1000
      }
      return this.#maxUs / 1000
    }
    return { count, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: this.#maxUs / 1000 }
  }
}

/** 0 … 7 as they are, then eight steps to each power of two. */
function bucketOf(us: number): number {
  if (us < STEPS) return us
  const power = 31 - Math.clz32(us)
  return (power - 2) * STEPS + ((us >>> (power - 3)) & (STEPS - 1))
}

/** The largest value that falls into a bucket, in µs. */
function topOf(bucket: number): number {
  if (bucket < STEPS) return bucket
  const power = Math.floor(bucket / STEPS) + 2
  return 2 ** power + ((bucket % STEPS) + 1) * 2 ** (power - 3) - 1
}
