/**
 * Kalshi's REST, as far as a recorder needs it: markets, books, whether the exchange is open. Reads only.
 *
 * Each call: tokens of our share, a fresh signature where there is a key (market data needs none, but unsigned answers are
 * cached for up to 15 s, measured by others 2026-07), at most four tries, one time limit for each, the body within a size,
 * its shape checked. Every HTTP exchange is handed to `onExchange`, whatever came of it, so that the caller can journal it.
 * It keeps nothing and decides nothing about markets.
 */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Levels, RestBody } from '#domain'
import type { Clock, Random } from '#ports'
import type { SigningKey } from './key.ts'
import { type KeyListing, readKeyListing } from './key-scopes.ts'
import { RestError, type RestErrorCode, readErrorBody } from './rest-error.ts'
import { exchangeHttp, type HttpAnswer, type HttpFailure, type HttpLimits } from './rest-exchange.ts'
import { mayPass, nextTryMs, RETRY_LIMITS, type RetryLimits, readRetryAfter } from './rest-retry.ts'
import {
  type BookPage,
  type ExchangeStatus,
  type MarketPage,
  type Read,
  type RestMarket,
  readBook,
  readBookPage,
  readMarketPage,
  readSingleMarket,
  readStatus,
} from './rest-shapes.ts'
import { READ_COST, READ_RATES, TokenBucket, type TokenRates } from './rest-tokens.ts'
import { signRequest } from './sign.ts'

export type RestLimits = RetryLimits & HttpLimits & { readonly tokens: TokenRates }

export const REST_LIMITS: RestLimits = {
  ...RETRY_LIMITS,
  timeoutMs: 10_000,
  bodyBytesMax: 32 * 1024 * 1024,
  tokens: READ_RATES,
}

export type RestClientOptions = {
  /** Such as `https://external-api.kalshi.com/trade-api/v2`; without query. */
  readonly baseUrl: string
  /** Both or neither. */
  readonly key?: SigningKey | undefined
  readonly keyId?: string | undefined
  readonly clock: Clock
  readonly random: Pick<Random, 'unit'>
  /** Resolves after so many milliseconds; rejects when the signal fires. */
  readonly wait?: (ms: number, signal?: AbortSignal) => Promise<unknown>
  readonly fetch?: typeof globalThis.fetch
  /** Called once for each HTTP exchange, before its answer is judged. What it throws ends the call. */
  readonly onExchange?: (exchange: RestBody) => void
  /**
   * Called with how far our wall clock is ahead of the exchange's, in ms, and by how much that may be wrong, for each answer
   * that tells its time: to the second, somewhere between our question and the end of its answer.
   */
  readonly onClock?: (aheadMs: number, withinMs: number) => void
  /** Called when a request failed and will be tried again. */
  readonly onRetry?: (failed: {
    readonly path: string
    readonly status: number
    readonly reason: string
    readonly tries: number
    readonly waitMs: number
  }) => void
  readonly limits?: Partial<RestLimits>
}

export type MarketFilter = {
  readonly status?: 'unopened' | 'open' | 'paused' | 'closed' | 'settled'
  readonly seriesTicker?: string
  readonly eventTicker?: string
  readonly tickers?: readonly string[]
  /** Combos: leave them out, or take nothing else. */
  readonly combos?: 'exclude' | 'only'
  /** Markets in one page, 1 … 1000. */
  readonly pageSize?: number
}

export type CallOptions = { readonly signal?: AbortSignal | undefined }

const PAGE_SIZE_MAX = 1_000
/** Books in one request (since 2026-03-30). */
export const BOOKS_PER_REQUEST = 100

export class RestClient {
  readonly #options: RestClientOptions
  readonly #limits: RestLimits
  readonly #origin: string
  readonly #root: string
  readonly #tokens: TokenBucket

  constructor(options: RestClientOptions) {
    if ((options.key === undefined) !== (options.keyId === undefined))
      throw new TypeError('a key and its id are given together or not at all')
    const base = new URL(options.baseUrl)
    this.#options = options
    this.#limits = { ...REST_LIMITS, ...options.limits }
    this.#origin = base.origin
    this.#root = base.pathname.replace(/\/+$/, '')
    this.#tokens = new TokenBucket(this.#limits.tokens, this.#monotonicMs())
  }

  /** Markets page by page until there are no more or `pagesMax` were read. Throws {@link RestError}. */
  async *marketPages(filter: MarketFilter, pagesMax: number, options: CallOptions = {}): AsyncGenerator<MarketPage> {
    const seen = new Set<string>()
    let cursor: string | undefined
    for (let page = 0; page < pagesMax; page++) {
      const path = `/markets${queryOf(filter, cursor)}`
      const read = await this.#get(path, readMarketPage, options)
      yield read
      cursor = read.cursor
      if (cursor === undefined) return
      if (seen.has(cursor)) throw this.#malformed(path, 'cursor', 'the same page again')
      seen.add(cursor)
    }
  }

  /** One market. May be `FLOW_REST_NOT_FOUND` just after the exchange announced it: ask again later. */
  market(ticker: string, options: CallOptions = {}): Promise<RestMarket> {
    return this.#get(`/markets/${encodeURIComponent(ticker)}`, readSingleMarket, options)
  }

  /** One book, all levels unless `depth` (1 … 100) is given. It has no time and no sequence number: no repair for a live book. */
  book(ticker: string, { depth, ...options }: CallOptions & { readonly depth?: number } = {}): Promise<Levels> {
    const query = depth === undefined ? '' : `?depth=${depth}`
    return this.#get(`/markets/${encodeURIComponent(ticker)}/orderbook${query}`, readBook, options)
  }

  /** Books by ticker, a hundred to a request. A ticker that the exchange left out is not in the map. */
  async books(tickers: readonly string[], options: CallOptions = {}): Promise<BookPage> {
    const books = new Map<string, Levels>()
    const malformed: BookPage['malformed'][number][] = []
    for (let from = 0; from < tickers.length; from += BOOKS_PER_REQUEST) {
      const query = new URLSearchParams()
      for (const ticker of tickers.slice(from, from + BOOKS_PER_REQUEST)) query.append('tickers', ticker)
      const page = await this.#get(`/markets/orderbooks?${query}`, readBookPage, options)
      for (const [ticker, levels] of page.books) books.set(ticker, levels)
      malformed.push(...page.malformed)
    }
    return { books, malformed }
  }

  status(options: CallOptions = {}): Promise<ExchangeStatus> {
    return this.#get('/exchange/status', readStatus, options)
  }

  /** The account's keys with their scopes; needs a key. */
  keys(options: CallOptions = {}): Promise<KeyListing> {
    return this.#get('/api_keys', readKeyListing, options)
  }

  /** Tries until there is an answer that reads, or a reason to stop. */
  async #get<T>(relative: string, read: (body: unknown) => Read<T>, { signal }: CallOptions): Promise<T> {
    const path = this.#root + relative
    for (let tries = 1; ; tries++) {
      await this.#wait(this.#tokens.take(READ_COST, this.#monotonicMs()), path, tries - 1, signal)
      const answer = await this.#exchange(path, signal)
      // A page of markets takes milliseconds to journal and more to read: whatever waits for this thread goes in between.
      await nextTurn()
      const judged = this.#judge(path, tries, answer, read)
      if (!(judged instanceof RestError)) return judged.value
      if (judged.status === 429) this.#tokens.empty(this.#monotonicMs())

      const again =
        judged.code === 'FLOW_REST_TIMEOUT' ||
        judged.code === 'FLOW_REST_UNREACHABLE' ||
        (mayPass(judged.status) && 'body' in answer)
      const waitMs = again
        ? nextTryMs(this.#limits, tries, this.#options.random.unit(), judged.retryAfterMs)
        : undefined
      if (waitMs === undefined) throw judged
      this.#options.onRetry?.({ path, status: judged.status, reason: judged.message, tries, waitMs })
      await this.#wait(waitMs, path, tries, signal)
    }
  }

  async #exchange(path: string, signal: AbortSignal | undefined): Promise<HttpAnswer | HttpFailure> {
    const { key, keyId, clock, fetch = globalThis.fetch, onExchange, onClock } = this.#options
    const fromMs = this.#monotonicMs()
    const nowMs = Number(clock.wallNs() / 1_000_000n)
    const signed = key === undefined || keyId === undefined ? {} : signRequest(key, keyId, 'GET', path, nowMs)
    const answer = await exchangeHttp(
      fetch,
      this.#origin + path,
      { accept: 'application/json', ...signed },
      this.#limits,
      signal,
    )
    const tookMs = Math.round(this.#monotonicMs() - fromMs)
    if ('body' in answer && answer.dateMs !== undefined)
      onClock?.(nowMs + tookMs / 2 - (answer.dateMs + 500), 500 + tookMs / 2)
    onExchange?.(
      'body' in answer
        ? { method: 'GET', path, status: answer.status, body: answer.body, tookMs }
        : { method: 'GET', path, status: answer.status, error: `${answer.kind}: ${answer.reason}`, tookMs },
    )
    return answer
  }

  #judge<T>(
    path: string,
    tries: number,
    answer: HttpAnswer | HttpFailure,
    read: (body: unknown) => Read<T>,
  ): { value: T } | RestError {
    if (!('body' in answer)) {
      return new RestError(FAILURES[answer.kind], `GET ${path}: ${answer.reason} (try ${tries}).`, {
        path,
        status: answer.status,
        tries,
      })
    }
    const { status, body } = answer
    if (status < 200 || status > 299) return this.#refusal(path, tries, answer)
    let parsed: unknown
    try {
      parsed = JSON.parse(body)
    } catch {
      return this.#malformed(path, 'body', 'no JSON', status, tries)
    }
    const result = read(parsed)
    return result.kind === 'read'
      ? { value: result.value }
      : this.#malformed(path, result.at, result.fault, status, tries)
  }

  #refusal(path: string, tries: number, { status, body, retryAfter }: HttpAnswer): RestError {
    const { code: exchangeCode, text } = readErrorBody(body)
    const retryAfterMs = readRetryAfter(retryAfter, Number(this.#options.clock.wallNs() / 1_000_000n))
    const said = [exchangeCode, text].filter((part) => part !== undefined).join(', ')
    const advice = adviceFor(status, said)
    return new RestError(
      codeFor(status),
      `GET ${path}: HTTP ${status}${said === '' ? '' : ` (${said})`}${advice} (try ${tries}).`,
      {
        path,
        status,
        tries,
        ...(exchangeCode === undefined ? {} : { exchangeCode }),
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      },
    )
  }

  #malformed(path: string, at: string, fault: string, status = 200, tries = 1): RestError {
    return new RestError('FLOW_REST_MALFORMED', `GET ${path}: cannot read the answer at ${at}: ${fault}.`, {
      path,
      status,
      tries,
    })
  }

  async #wait(ms: number, path: string, tries: number, signal: AbortSignal | undefined): Promise<void> {
    const { wait = (forMs, until) => sleep(forMs, undefined, until === undefined ? {} : { signal: until }) } =
      this.#options
    try {
      signal?.throwIfAborted()
      if (ms > 0) await wait(ms, signal)
    } catch (cause) {
      throw new RestError(
        'FLOW_REST_ABORTED',
        `GET ${path}: the caller gave up.`,
        { path, status: 0, tries },
        { cause },
      )
    }
  }

  #monotonicMs(): number {
    return this.#options.clock.monotonicNs() / 1e6
  }
}

const FAILURES: Readonly<Record<HttpFailure['kind'], RestErrorCode>> = {
  timeout: 'FLOW_REST_TIMEOUT',
  aborted: 'FLOW_REST_ABORTED',
  unreachable: 'FLOW_REST_UNREACHABLE',
  too_large: 'FLOW_REST_TOO_LARGE',
}

function codeFor(status: number): RestErrorCode {
  if (status === 429) return 'FLOW_REST_RATE_LIMITED'
  if (status === 401 || status === 403) return 'FLOW_REST_REFUSED'
  return status === 404 ? 'FLOW_REST_NOT_FOUND' : 'FLOW_REST_STATUS'
}

function adviceFor(status: number, said: string): string {
  if (said.includes('timestamp')) return '; set this machine’s clock by NTP'
  if (status === 401 || status === 403)
    return '; check that KALSHI_API_KEY_ID and the private key belong together and to this environment'
  if (status >= 300 && status < 400) return '; the host redirects, check KALSHI_API_URL'
  return ''
}

function queryOf(filter: MarketFilter, cursor: string | undefined): string {
  const query = new URLSearchParams({ limit: String(filter.pageSize ?? PAGE_SIZE_MAX) })
  if (filter.status !== undefined) query.set('status', filter.status)
  if (filter.seriesTicker !== undefined) query.set('series_ticker', filter.seriesTicker)
  if (filter.eventTicker !== undefined) query.set('event_ticker', filter.eventTicker)
  if (filter.tickers !== undefined) query.set('tickers', filter.tickers.join(','))
  if (filter.combos !== undefined) query.set('mve_filter', filter.combos)
  if (cursor !== undefined) query.set('cursor', cursor)
  return `?${query}`
}
