/** Whether a failed request is tried again, and when. Pure: chance and counts are handed in. */
export type RetryLimits = {
  /** Requests in all for one call. */
  readonly triesMax: number
  readonly backoffFirstMs: number
  readonly backoffMaxMs: number
  /** A longer stay away than this, asked for by the exchange, is the caller's to decide on. */
  readonly retryAfterMaxMs: number
}

export const RETRY_LIMITS: RetryLimits = {
  triesMax: 4,
  backoffFirstMs: 500,
  backoffMaxMs: 10_000,
  retryAfterMaxMs: 60_000,
}

/** Statuses that pass: too slow, too many, and a server that is not well. Others would be answered the same again. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])

/** Status 0 stands for no answer. */
export const mayPass = (status: number): boolean => status === 0 || PASSING.has(status)

/**
 * Milliseconds to wait before the next try, or `undefined` when there is none. `tries` were made already; `unit` is
 * random in [0, 1). Full jitter: anything between nothing and twice as much as before, so that many clients spread out.
 */
export function nextTryMs(limits: RetryLimits, tries: number, unit: number, retryAfterMs?: number): number | undefined {
  if (tries >= limits.triesMax) return undefined
  if (retryAfterMs !== undefined) return retryAfterMs <= limits.retryAfterMaxMs ? retryAfterMs : undefined
  return Math.floor(unit * Math.min(limits.backoffMaxMs, limits.backoffFirstMs * 2 ** tries))
}

/** `Retry-After` in milliseconds: seconds or an HTTP date. `undefined` when absent or unreadable. Kalshi sends none today. */
export function readRetryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000
  const atMs = /[a-z]/i.test(header) ? Date.parse(header) : Number.NaN
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs)
}
