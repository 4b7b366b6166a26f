/**
 * Which markets are recorded when nobody named any: the open ones with the most volume at the start, and from then on
 * whatever opens, as long as there is room. A market leaves some time after the exchange said that it has closed, so that its
 * settlement is seen; one that is still open is never dropped, whatever its volume, one that opens again is taken in again, and
 * while REST fails or answers with nothing everything stays.
 *
 * Those that left are asked after until they are settled, so that the journal holds their result. Every body goes to the
 * journal with its REST client. What a person subscribes or lets go by hand is left alone.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { openMarketsByVolume, type RestClient, RestError, type RestMarket } from '#kalshi'
import type { Log } from '../log/log.ts'
import { AwaitedResults } from './awaited-results.ts'

/** What the list does with a recorder. */
export type MarketHolder = {
  readonly markets: readonly string[]
  /** Other than flowing, the journal takes no answers of the exchange for want of room. */
  readonly backpressure: 'flowing' | 'paused' | 'stalled'
  /** Answers those that do not fit. */
  subscribe(markets: readonly string[]): string[]
  unsubscribe(markets: readonly string[]): void
}

export type MarketListOptions = {
  readonly client: RestClient
  readonly holder: MarketHolder
  readonly marketsMax: number
  readonly log: Log
  /** Unix ms. */
  readonly nowMs: () => number
  readonly limits?: Partial<ListLimits>
}

export type ListLimits = {
  /** Between two looks at the exchange. */
  readonly lookMs: number
  /**
   * Between two looks through all open markets, for each 1,000 that there are, once there are more: bodies of several MB go
   * to the journal, and the key's owner has other use for the rate limit.
   */
  readonly perThousandMs: number
  /** Every market held is asked after in each so many looks, those past their close time in each. */
  readonly looksPerRefresh: number
  /** A market that is settled is held for so long since it was over, for whoever looks at the books. */
  readonly settledMs: number
  /** One that is over and not settled. */
  readonly overMs: number
}

export const LIST_LIMITS: ListLimits = {
  lookMs: 30_000,
  perThousandMs: 60_000,
  looksPerRefresh: 4,
  settledMs: 60_000,
  overMs: 300_000,
}

/** Tickers in one request. */
const TICKERS_PER_REQUEST = 100
/** Of the first choice: nothing is received yet. */
const FIRST_PAGE_SIZE = 1_000
/** While markets are recorded: reading a page takes the thread that receives them, 5 ms for so many. */
const PAGE_SIZE = 200
/** Lists in a log line are cut to this many entries; their length is told. */
const LISTED_MAX = 20
/** Looks in a row in which the exchange left out a market that it had listed before: then it is asked for by name. */
const ABSENT_MAX = 3
/** Markets asked for by name in one look: each is a request. */
const CONFIRMED_MAX = 10

/** Words of Kalshi for markets that nobody trades any more (docs.kalshi.com/getting_started/market_lifecycle, read 2026-08). */
const OVER: ReadonlySet<string> = new Set(['closed', 'determined', 'disputed', 'amended', 'finalized', 'settled'])
const SETTLED: ReadonlySet<string> = new Set(['finalized', 'settled'])

type Held = {
  closeMs: number
  /** Looks in a row that left it out. */
  absent: number
  /** Asked for by name, the exchange said that there is no such market. */
  isUnknown: boolean
  /** When the exchange first said so, Unix ms. */
  overMs: number | undefined
}

export class MarketList {
  readonly #options: MarketListOptions
  readonly #limits: ListLimits
  /** Those that the list chose and holds. */
  readonly #held = new Map<string, Held>()
  readonly #awaited: AwaitedResults
  #looks = 0
  #discoverAtMs = 0
  #stopping = new AbortController()

  constructor(options: MarketListOptions) {
    this.#options = options
    this.#limits = { ...LIST_LIMITS, ...options.limits }
    this.#awaited = new AwaitedResults(this.#limits.lookMs)
  }

  /** Markets let go whose result is not known yet. */
  get awaiting(): number {
    return this.#awaited.size
  }

  /** The first choice, most volume first; may be empty. Throws RestError. */
  async choose(signal: AbortSignal): Promise<string[]> {
    const markets = await this.#discover(FIRST_PAGE_SIZE, signal)
    for (const each of markets.slice(0, this.#options.marketsMax)) this.#hold(each)
    return [...this.#held.keys()]
  }

  /** Looks again and again until `stop`. */
  async follow(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await wait(this.#limits.lookMs, signal)
      if (signal.aborted) return
      try {
        await this.look(signal)
      } catch (error) {
        if (signal.aborted) return
        const { code = 'UNKNOWN', message } = error as Error & { code?: string }
        this.#options.log.warn({ event: 'market_list_failed', code, reason: message, held: this.#held.size })
      }
    }
  }

  stop(): void {
    this.#stopping.abort()
  }

  /** One look at the exchange, unless the journal has no room for it. Throws RestError, and then what is held stays. */
  async look(signal: AbortSignal): Promise<void> {
    const { holder } = this.#options
    if (holder.backpressure !== 'flowing') return
    this.#looks++
    this.#forgetDismissed()
    const nowMs = this.#options.nowMs()
    const isRefresh = this.#looks % this.#limits.looksPerRefresh === 0
    const isDue = ({ closeMs, overMs }: Held) => isRefresh || closeMs <= nowMs || overMs !== undefined
    const due = [...this.#held].filter(([, held]) => isDue(held)).map(([ticker]) => ticker)
    const awaited = this.#awaited.due(nowMs)
    const found = await this.#ask([...due, ...awaited], signal)
    // What was found may not be in the journal: nothing follows from it.
    if (holder.backpressure !== 'flowing') return
    await this.#confirmAbsent(due, found, signal)
    this.#letGo(due, found, nowMs)
    this.#tellSettled(awaited, found, nowMs)
    if (this.#open < this.#options.marketsMax && nowMs >= this.#discoverAtMs) await this.#takeIn(signal)
  }

  /** Up to twice as many as may be held: some of the first may be those that a person has let go. */
  async #discover(pageSize: number, signal: AbortSignal): Promise<readonly RestMarket[]> {
    const { client, marketsMax, nowMs } = this.#options
    const { markets, seen } = await openMarketsByVolume(client, 2 * marketsMax, { signal, pageSize })
    const thousands = Math.ceil(seen / 1_000)
    this.#discoverAtMs = thousands > 1 ? nowMs() + thousands * this.#limits.perThousandMs : 0
    return markets
  }

  async #takeIn(signal: AbortSignal): Promise<void> {
    const { holder, marketsMax, log } = this.#options
    const open = await this.#discover(PAGE_SIZE, signal)
    const taken = new Set(holder.markets)
    const fresh = open
      .filter(({ ticker, status }) => !taken.has(ticker) && !this.#dismissed.has(ticker) && !OVER.has(status))
      .slice(0, marketsMax - this.#open)
    if (fresh.length === 0) return
    const left = new Set(holder.subscribe(fresh.map(({ ticker }) => ticker)))
    const added = fresh.filter(({ ticker }) => !left.has(ticker))
    for (const each of added) {
      this.#hold(each)
      // It was over, and has been opened again.
      this.#awaited.drop(each.ticker)
    }
    log.info({ event: 'markets_added', count: added.length, markets: listed(added.map(({ ticker }) => ticker)) })
    if (left.size > 0) log.warn({ event: 'markets_left_out', count: left.size, markets: listed([...left]) })
  }

  /**
   * An answer that leaves a market out proves little: a cache or an exchange under maintenance may answer with an empty
   * list. What is left out again and again is asked after by name; only "there is no such market" lets it go.
   */
  async #confirmAbsent(due: readonly string[], found: Map<string, RestMarket>, signal: AbortSignal): Promise<void> {
    let asked = 0
    for (const ticker of due) {
      const held = this.#held.get(ticker)!
      held.absent = found.has(ticker) ? 0 : held.absent + 1
      held.isUnknown = false
      if (held.absent < ABSENT_MAX || asked === CONFIRMED_MAX) continue
      asked++
      try {
        found.set(ticker, await this.#options.client.market(ticker, { signal }))
        held.absent = 0
      } catch (error) {
        const code = error instanceof RestError ? error.code : undefined
        if (code !== 'FLOW_REST_NOT_FOUND' && code !== 'FLOW_REST_MALFORMED') throw error
        held.isUnknown = code === 'FLOW_REST_NOT_FOUND'
        // The next look asks after others first.
        held.absent = held.isUnknown ? held.absent : 0
      }
    }
  }

  #letGo(due: readonly string[], found: ReadonlyMap<string, RestMarket>, nowMs: number): void {
    const gone: string[] = []
    for (const ticker of due) {
      const held = this.#held.get(ticker)!
      const market = found.get(ticker)
      if (market !== undefined) held.closeMs = closeOf(market)
      if (market !== undefined && OVER.has(market.status)) held.overMs ??= nowMs
      else held.overMs = undefined
      if (market === undefined ? !held.isUnknown : !this.#isDone(held, market, nowMs)) continue
      gone.push(ticker)
      this.#held.delete(ticker)
      if (market !== undefined && !SETTLED.has(market.status)) this.#awaited.add(ticker, nowMs)
    }
    if (gone.length === 0) return
    this.#options.holder.unsubscribe(gone)
    this.#options.log.info({ event: 'markets_let_go', count: gone.length, markets: listed(gone) })
  }

  #tellSettled(awaited: readonly string[], found: ReadonlyMap<string, RestMarket>, nowMs: number): void {
    const settled = awaited.filter((ticker) => SETTLED.has(found.get(ticker)?.status ?? ''))
    const givenUp = this.#awaited.asked(awaited, settled, nowMs)
    const { log } = this.#options
    if (settled.length > 0) log.info({ event: 'markets_settled', count: settled.length, markets: listed(settled) })
    if (givenUp.length > 0) log.warn({ event: 'markets_unsettled', count: givenUp.length, markets: listed(givenUp) })
  }

  /** Whether it is over for long enough; reopened it is not. */
  #isDone({ overMs }: Held, { status }: RestMarket, nowMs: number): boolean {
    const { settledMs, overMs: unsettledMs } = this.#limits
    return overMs !== undefined && nowMs - overMs >= (SETTLED.has(status) ? settledMs : unsettledMs)
  }

  /** Markets held that are still traded: those that are over take nobody's room. */
  get #open(): number {
    let open = 0
    for (const { overMs } of this.#held.values()) if (overMs === undefined) open++
    return open
  }

  async #ask(tickers: readonly string[], signal: AbortSignal): Promise<Map<string, RestMarket>> {
    const found = new Map<string, RestMarket>()
    for (let from = 0; from < tickers.length; from += TICKERS_PER_REQUEST) {
      const some = tickers.slice(from, from + TICKERS_PER_REQUEST)
      for await (const page of this.#options.client.marketPages({ tickers: some }, 1, { signal }))
        for (const each of page.markets) found.set(each.ticker, each)
    }
    return found
  }

  /** Markets that a person, or the exchange, took from the recorder: they are not taken in again. */
  readonly #dismissed = new Set<string>()
  #forgetDismissed(): void {
    const recorded = new Set(this.#options.holder.markets)
    for (const ticker of this.#held.keys()) {
      if (recorded.has(ticker)) continue
      this.#held.delete(ticker)
      this.#dismissed.add(ticker)
      for (const oldest of this.#dismissed) {
        if (this.#dismissed.size <= DISMISSED_MAX) break
        this.#dismissed.delete(oldest)
      }
    }
  }

  #hold(market: RestMarket): void {
    this.#held.set(market.ticker, { closeMs: closeOf(market), absent: 0, isUnknown: false, overMs: undefined })
  }
}

const DISMISSED_MAX = 10_000

/** Unix ms; 0, so that it is asked after each time, when the exchange does not say. */
const closeOf = ({ closeTime }: RestMarket): number => Date.parse(closeTime ?? '') || 0

const listed = (tickers: readonly string[]): readonly string[] => tickers.slice(0, LISTED_MAX)

/** Ends early when it is called off; leaves nothing behind at the signal, which lives as long as the program. */
async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false }).catch(() => {})
}
