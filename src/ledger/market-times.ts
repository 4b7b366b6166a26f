/**
 * When each market trades and how it ended, as the exchange told it: REST bodies of `/markets…` and lifecycle frames. Read
 * leniently: what is missing or odd is unknown. Shapes: OpenAPI 3.30.0 (2026-09), and docs.kalshi.com/websockets/
 * market-and-event-lifecycle (read 2026-08; unconfirmed live).
 */
import { parseRfc3339Ms } from '#codec'
import type { RestBody } from '#domain'

export type MarketTimes = {
  /** Unix ms; `undefined` while nobody told. */
  readonly openMs: number | undefined
  readonly closeMs: number | undefined
  /** In the exchange's words: initialized, active, closed, determined, finalized … */
  readonly status: string | undefined
  /** In the exchange's words; `undefined` before it is determined. */
  readonly result: string | undefined
}

type Json = Readonly<Record<string, unknown>>

/** Markets kept at most; an exchange's whole list of open ones fits (68,000 in 2026-05). What is told last stays. */
export const TIMES_MAX = 100_000

const MARKETS_PATH = /\/markets(?:\/[^/?]+)?(?:\?|$)/
const STATUS_OF: Readonly<Record<string, string>> = {
  created: 'initialized',
  activated: 'active',
  deactivated: 'inactive',
  determined: 'determined',
  settled: 'finalized',
}

const UNKNOWN: MarketTimes = { openMs: undefined, closeMs: undefined, status: undefined, result: undefined }

export class ToldTimes {
  readonly #times = new Map<string, MarketTimes>()

  get(ticker: string): MarketTimes {
    return this.#times.get(ticker) ?? UNKNOWN
  }

  /** One REST exchange of the journal. */
  rest({ path, status, body }: Partial<RestBody>): void {
    if (status !== 200 || body === undefined || path === undefined || !MARKETS_PATH.test(path)) return
    const read = objectOf(parsed(body))
    const markets = Array.isArray(read['markets']) ? read['markets'] : [read['market']]
    for (const each of markets) {
      const { ticker, open_time, close_time, status: now, result } = objectOf(each)
      this.#add(ticker, {
        openMs: timeOf(open_time),
        closeMs: timeOf(close_time),
        status: textOf(now),
        result: textOf(result),
      })
    }
  }

  /** A frame of a type that the fold passes over. */
  lifecycle(text: string): void {
    const { type, msg } = objectOf(parsed(text))
    if (type !== 'market_lifecycle_v2') return
    const { market_ticker, event_type, open_ts, close_ts, result } = objectOf(msg)
    const status = STATUS_OF[String(event_type)]
    this.#add(market_ticker, { openMs: msOf(open_ts), closeMs: msOf(close_ts), status, result: textOf(result) })
  }

  #add(ticker: unknown, told: MarketTimes): void {
    if (typeof ticker !== 'string') return
    const known = this.#times.get(ticker) ?? UNKNOWN
    this.#times.delete(ticker)
    this.#times.set(ticker, {
      openMs: told.openMs ?? known.openMs,
      closeMs: told.closeMs ?? known.closeMs,
      status: told.status ?? known.status,
      result: told.result ?? known.result,
    })
    if (this.#times.size > TIMES_MAX) this.#times.delete(this.#times.keys().next().value!)
  }
}

const timeOf = (value: unknown): number | undefined => (typeof value === 'string' ? parseRfc3339Ms(value) : undefined)

/** Lifecycle times are Unix seconds. */
const msOf = (seconds: unknown): number | undefined =>
  typeof seconds === 'number' && seconds > 0 && seconds < 1e11 ? seconds * 1000 : undefined

/** `""` says that there is no value. */
const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
