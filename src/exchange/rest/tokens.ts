/**
 * The read budget of each key: a bucket of tokens that fills evenly (docs.kalshi.com/getting_started/rate_limits, read
 * 2026-08). A request that finds too few is refused and takes none. Requests without a key have no bucket.
 */
export const READ_COST = 10
/** Basic and Advanced hold two seconds of reading, the tiers above one. */
const CAPACITY_SECONDS = 2
/** Beyond this the bucket longest not used is forgotten; a forgotten key starts full. */
const KEYS_MAX = 1000

/** Tokens a second of each tier, reads and writes. */
const TIERS: readonly { readonly name: string; readonly read: number; readonly write: number }[] = [
  { name: 'basic', read: 200, write: 100 },
  { name: 'advanced', read: 300, write: 300 },
  { name: 'expert', read: 600, write: 600 },
  { name: 'premier', read: 1000, write: 1000 },
  { name: 'paragon', read: 2000, write: 2000 },
  { name: 'prime', read: 4000, write: 4000 },
  { name: 'prestige', read: 10_000, write: 8000 },
]

type Bucket = { tokens: number; filledMs: number }

export class TokenBuckets {
  readonly #perSecond: number
  readonly #capacity: number
  readonly #buckets = new Map<string, Bucket>()

  /** 0 tokens a second: no limit. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond
    this.#capacity = perSecond * CAPACITY_SECONDS
  }

  /** Whether the key may read now; if so, the cost is taken. */
  take(key: string, nowMs: number): boolean {
    if (this.#perSecond === 0) return true
    const bucket = this.#buckets.get(key) ?? { tokens: this.#capacity, filledMs: nowMs }
    const elapsedMs = Math.max(0, nowMs - bucket.filledMs)
    bucket.tokens = Math.min(this.#capacity, bucket.tokens + (elapsedMs * this.#perSecond) / 1000)
    bucket.filledMs = nowMs
    this.#buckets.delete(key)
    this.#buckets.set(key, bucket)
    if (this.#buckets.size > KEYS_MAX) this.#buckets.delete(this.#buckets.keys().next().value as string)
    if (bucket.tokens < READ_COST) return false
    bucket.tokens -= READ_COST
    return true
  }

  /** The body of `/account/limits`. Without a limit it is that of the highest tier. */
  describe() {
    const tier = TIERS.find(({ read }) => read >= this.#perSecond && this.#perSecond > 0) ?? (TIERS.at(-1) as Tier)
    const read = this.#perSecond === 0 ? tier.read : this.#perSecond
    return {
      usage_tier: tier.name,
      read: { refill_rate: read, bucket_capacity: read * CAPACITY_SECONDS },
      write: { refill_rate: tier.write, bucket_capacity: tier.write },
    }
  }
}

type Tier = (typeof TIERS)[number]
