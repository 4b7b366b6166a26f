/**
 * When each market trades and how it ended, as the exchange told it: REST bodies of `/markets…` and lifecycle frames. Read
 * leniently: what is missing or odd is unknown. Shapes: OpenAPI 3.30.0 (2026-09), and docs.kalshi.com/websockets/
 * market-and-event-lifecycle (read 2026-08; unconfirmed live).
 */
import { parseRfc3339Ms } from '#codec'
import type { RestBody } from '#domain'
import type { Place } from './place.ts'

export type MarketTimes = {
  /** Unix ms; `undefined` while nobody told. */
  readonly openMs: number | undefined
  readonly closeMs: number | undefined
  /** In the exchange's words: initialized, active, closed, determined, finalized … */
  readonly status: string | undefined
  /** In the exchange's words; `undefined` before it is determined. */
  readonly result: string | undefined
}

/** With the record that told the last change of it, where that was handed in. */
export type PlacedTimes = MarketTimes & { readonly told?: Place | undefined }

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

const UNKNOWN: PlacedTimes = { openMs: undefined, closeMs: undefined, status: undefined, result: undefined }

export class ToldTimes {
  readonly #times = new Map<string, PlacedTimes>()

  get(ticker: string): PlacedTimes {
    return this.#times.get(ticker) ?? UNKNOWN
  }

  /** What was known where a reader goes on. */
  resume(ticker: string, times: PlacedTimes): void {
    this.#times.set(ticker, times)
  }

  /** One REST exchange of the journal. Answers the markets of which it told something new. */
  rest({ path, status, body }: Partial<RestBody>, told?: Place): string[] {
    if (status !== 200 || body === undefined || path === undefined || !MARKETS_PATH.test(path)) return []
    const read = objectOf(parsed(body))
    const markets = Array.isArray(read['markets']) ? read['markets'] : [read['market']]
    return markets.flatMap((each) => {
      const { ticker, open_time, close_time, status: now, result } = objectOf(each)
      const times = {
        openMs: timeOf(open_time),
        closeMs: timeOf(close_time),
        status: textOf(now),
        result: textOf(result),
      }
      return this.#add(ticker, times, told)
    })
  }

  /** A frame of a type that the fold passes over. Answers the same. */
  lifecycle(text: string, told?: Place): string[] {
    const { type, msg } = objectOf(parsed(text))
    if (type !== 'market_lifecycle_v2') return []
    const { market_ticker, event_type, open_ts, close_ts, result } = objectOf(msg)
    const status = STATUS_OF[String(event_type)]
    const times = { openMs: msOf(open_ts), closeMs: msOf(close_ts), status, result: textOf(result) }
    return this.#add(market_ticker, times, told)
  }

  #add(ticker: unknown, times: MarketTimes, told: Place | undefined): string[] {
    if (typeof ticker !== 'string') return []
    const known = this.#times.get(ticker) ?? UNKNOWN
    const now = {
      openMs: times.openMs ?? known.openMs,
      closeMs: times.closeMs ?? known.closeMs,
      status: times.status ?? known.status,
      result: times.result ?? known.result,
    }
    const isNew = (['openMs', 'closeMs', 'status', 'result'] as const).some((each) => now[each] !== known[each])
    // Heard of last stands last.
    this.#times.delete(ticker)
    this.#times.set(ticker, isNew ? { ...now, told } : known)
    if (this.#times.size > TIMES_MAX) this.#times.delete(this.#times.keys().next().value!)
    return isNew ? [ticker] : []
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
