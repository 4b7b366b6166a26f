/**
 * What a journal tells of markets beyond their books: REST bodies of `/markets…` and lifecycle frames. Read leniently: a
 * field that is missing or odd is left out, since nothing but a display hangs on it. Shapes: OpenAPI 3.30.0 (2026-09),
 * docs.kalshi.com/websockets/market-and-event-lifecycle (read 2026-08; unconfirmed live).
 */
import type { RestBody } from '#domain'

export type MarketInfo = {
  readonly title?: string
  readonly yes_sub_title?: string
  readonly event_ticker?: string
  readonly series_ticker?: string
  /** In the exchange's words: initialized, active, inactive, closed, determined, finalized … */
  readonly status?: string
  /** RFC 3339. */
  readonly open_time?: string
  readonly close_time?: string
  readonly result?: string
  /** Dollars, as the exchange wrote it. */
  readonly settlement_value?: string
}

type Json = Readonly<Record<string, unknown>>
type Draft = { -readonly [Field in keyof MarketInfo]: MarketInfo[Field] }

/** Markets kept at most; an exchange's whole list of open ones fits (68,000 in 2026-05). */
export const INFOS_MAX = 100_000
/** Of markets that nobody records, so many are kept when {@link MarketInfos.prune} is called. */
export const STRANGERS_MAX = 5_000

const MARKETS_PATH = /\/markets(?:\/[^/?]+)?(?:\?|$)/
const STATUS_OF: Readonly<Record<string, string>> = {
  created: 'initialized',
  activated: 'active',
  deactivated: 'inactive',
  determined: 'determined',
  settled: 'finalized',
}

export class MarketInfos {
  readonly #infos = new Map<string, MarketInfo>()

  get(ticker: string): MarketInfo | undefined {
    return this.#infos.get(ticker)
  }

  /** One REST exchange of the journal. `isOlder`: it happened before what is known, and only fills holes. */
  rest({ path, status, body }: RestBody, isOlder = false): void {
    if (status !== 200 || body === undefined || !MARKETS_PATH.test(path)) return
    const read = parsed(body)
    const markets = Array.isArray(read?.['markets']) ? read['markets'] : [read?.['market']]
    for (const market of markets) if (isObject(market)) this.#add(market['ticker'], ofMarket(market), isOlder)
  }

  /** A frame of a type that the fold passes over, as text. */
  lifecycle(text: string): void {
    const frame = parsed(text)
    const msg = frame?.['msg']
    if (frame?.['type'] !== 'market_lifecycle_v2' || !isObject(msg)) return
    this.#add(msg['market_ticker'], ofLifecycle(msg), false)
  }

  /** Lets markets go that nobody records, when there are many of them: those that nothing was heard of for longest. */
  prune(isRecorded: (ticker: string) => boolean): void {
    if (this.#infos.size <= STRANGERS_MAX) return
    const strangers = [...this.#infos.keys()].filter((ticker) => !isRecorded(ticker))
    const tooMany = Math.max(0, strangers.length - STRANGERS_MAX)
    for (const ticker of strangers.slice(0, tooMany)) this.#infos.delete(ticker)
  }

  #add(ticker: unknown, told: Draft, isOlder: boolean): void {
    if (typeof ticker !== 'string') return
    const known = this.#infos.get(ticker)
    if (known === undefined && this.#infos.size >= INFOS_MAX) return
    if (told.event_ticker !== undefined) told.series_ticker ??= told.event_ticker.split('-')[0] as string
    // Heard of last stands last.
    if (!isOlder) this.#infos.delete(ticker)
    this.#infos.set(ticker, isOlder ? { ...told, ...known } : { ...known, ...told })
  }
}

function ofMarket(market: Json): Draft {
  const draft: Draft = {}
  put(draft, 'title', market['title'])
  put(draft, 'yes_sub_title', market['yes_sub_title'])
  put(draft, 'event_ticker', market['event_ticker'])
  put(draft, 'series_ticker', market['series_ticker'])
  put(draft, 'status', market['status'])
  put(draft, 'open_time', market['open_time'])
  put(draft, 'close_time', market['close_time'])
  put(draft, 'result', market['result'])
  put(draft, 'settlement_value', market['settlement_value_dollars'] ?? market['settlement_value'])
  return draft
}

function ofLifecycle(msg: Json): Draft {
  const more = isObject(msg['additional_metadata']) ? msg['additional_metadata'] : {}
  const draft: Draft = {}
  put(draft, 'title', more['title'])
  put(draft, 'yes_sub_title', msg['yes_sub_title'] ?? more['yes_sub_title'])
  put(draft, 'event_ticker', more['event_ticker'])
  put(draft, 'status', STATUS_OF[String(msg['event_type'])])
  put(draft, 'open_time', timeOf(msg['open_ts']))
  put(draft, 'close_time', timeOf(msg['close_ts']))
  put(draft, 'result', msg['result'])
  put(draft, 'settlement_value', msg['settlement_value'])
  return draft
}

/** Absent, `null` and `""` all say that there is no value. */
function put(draft: Draft, field: keyof MarketInfo, value: unknown): void {
  if (typeof value === 'string' && value !== '') draft[field] = value
  if (typeof value === 'number') draft[field] = String(value)
}

/** Lifecycle times are Unix seconds. */
const timeOf = (seconds: unknown): string | undefined =>
  typeof seconds === 'number' && Math.abs(seconds) < 1e11 ? new Date(seconds * 1000).toISOString() : undefined

function parsed(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
