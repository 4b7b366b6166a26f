/**
 * How old messages are when their change stands in the book: from the exchange's own time in the frame to our receive
 * stamp. A histogram of fixed size with 8 steps to each power of two, so a figure is right to within an eighth; recording
 * one takes some nanoseconds and allocates nothing.
 *
 * It compares two clocks: what they differ by is in every figure. Frames without an exchange time are not counted.
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

const NONE: AgeFigures = { count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 }
export const AGE_WINDOW_MS = 10_000

export class MessageAge {
  readonly #all = new Uint32Array(BUCKETS)
  readonly #window = new Uint32Array(BUCKETS)
  #allMaxUs = 0
  #windowMaxUs = 0
  #sinceMs = 0
  /** Of the last window that is over. */
  recent: AgeFigures = NONE
  /** Messages whose exchange time was ahead of our clock: counted as of no age. */
  ahead = 0

  get total(): AgeFigures {
    return figuresOf(this.#all, Math.max(this.#allMaxUs, this.#windowMaxUs))
  }

  /** One message. The hot path. */
  record(ageMs: number): void {
    const us = ageMs > 0 ? Math.min(ageMs * 1000 + 0.5, US_MAX) | 0 : 0
    if (ageMs < 0) this.ahead++
    const bucket = bucketOf(us)
    this.#all[bucket]!++
    this.#window[bucket]!++
    if (us > this.#windowMaxUs) this.#windowMaxUs = us
  }

  /** To be called several times a second: closes a window that is over. */
  tick(nowMs: number): void {
    if (nowMs - this.#sinceMs < AGE_WINDOW_MS) return
    this.#sinceMs = nowMs
    this.recent = figuresOf(this.#window, this.#windowMaxUs)
    this.#window.fill(0)
    this.#allMaxUs = Math.max(this.#allMaxUs, this.#windowMaxUs)
    this.#windowMaxUs = 0
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

function figuresOf(buckets: Uint32Array, maxUs: number): AgeFigures {
  let count = 0
  for (const each of buckets) count += each
  if (count === 0) return NONE
  const at = (share: number): number => {
    const wanted = Math.ceil(count * share)
    let seen = 0
    for (let bucket = 0; bucket < buckets.length; bucket++) {
      seen += buckets[bucket]!
      if (seen >= wanted) return Math.min(topOf(bucket), maxUs) / 1000
    }
    return maxUs / 1000
  }
  return { count, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: maxUs / 1000 }
}
