/**
 * The REST side: a path in, a status and a body out. Reads the floor, changes nothing.
 *
 * Market data needs no signature, but one that is sent is checked (exchange.ts). Errors have the nested shape of
 * recorded bodies (2026-08): `{"error":{"code","message","details"}}`.
 */

import { ascending, type Book, encodeLevels } from '../ladder.ts'
import type { Floor, Listing } from '../playback/floor.ts'
import { describeMarket, eventOf, seriesOf, statusOf } from '../playback/market-object.ts'

export type RestAnswer = { readonly status: number; readonly body: string }

export type RestSource = {
  readonly floor: Floor
  readonly openedMs: number
  bookOf(listing: Listing): Book
  /** The body of `/exchange/sent`. */
  sent(): unknown
}

const API_ROOT = '/trade-api/v2'
const MARKETS_MAX = 1000
const MARKETS_DEFAULT = 100
const BOOKS_MAX = 100
const DEPTH_MAX = 100

/** Kalshi's filter words differ from a market's states: `open` is `active`. */
const STATUS_FILTERS = new Map<string, (status: string) => boolean>([
  ['open', (status) => status === 'active'],
  ['closed', (status) => status === 'closed'],
  ['unopened', () => false],
  ['paused', () => false],
  ['settled', () => false],
])

export function answerRest(source: RestSource, method: string, url: URL): RestAnswer {
  const path = url.pathname
  if (path === '/exchange/sent' || path === `${API_ROOT}/exchange/sent`) return onlyGet(method, () => ok(source.sent()))
  if (!path.startsWith(`${API_ROOT}/`)) return failed(404, 'not_found', `no such path: ${path}`)
  return onlyGet(method, () => answerApi(source, path.slice(API_ROOT.length + 1).split('/'), url.searchParams))
}

/** An error body in the shape of the recorded ones. */
export const failed = (status: number, code: string, details: string): RestAnswer => ({
  status,
  body: JSON.stringify({ error: { code, message: code.replaceAll('_', ' '), details } }),
})

function answerApi(source: RestSource, parts: readonly string[], query: URLSearchParams): RestAnswer {
  const [root, name, leaf] = parts
  if (root === 'exchange' && name === 'status' && parts.length === 2) return ok(EXCHANGE_STATUS)
  if (root !== 'markets' || parts.length > 3) return failed(404, 'not_found', `no such path: /${parts.join('/')}`)
  if (name === undefined || name === '') return listMarkets(source, query)
  if (name === 'orderbooks' && parts.length === 2) return manyBooks(source, query)
  if (leaf !== undefined && leaf !== 'orderbook') return failed(404, 'not_found', `no such path: /${parts.join('/')}`)
  const ticker = decode(name)
  const listing = source.floor.listing(ticker)
  if (listing === undefined) return failed(404, 'not_found', `market ${ticker} not found`)
  if (leaf === undefined) return ok({ market: describe(source, listing) })
  return oneBook(source, listing, query)
}

const EXCHANGE_STATUS = {
  exchange_active: true,
  trading_active: true,
  exchange_index_statuses: [{ exchange_index: 0, exchange_active: true, trading_active: true }],
}

function listMarkets(source: RestSource, query: URLSearchParams): RestAnswer {
  const limit = readCount(query.get('limit'), MARKETS_DEFAULT, 1, MARKETS_MAX)
  if (limit === undefined) return badRequest(`limit must be 1 to ${MARKETS_MAX}`)
  const from = readCursor(query.get('cursor'))
  if (from === undefined) return badRequest('invalid cursor')
  const status = query.get('status') ?? ''
  const hasStatus = status === '' ? () => true : STATUS_FILTERS.get(status)
  if (hasStatus === undefined) return badRequest('invalid status filter')
  const series = query.get('series_ticker') ?? ''
  const event = query.get('event_ticker') ?? ''
  const tickers = new Set((query.get('tickers') ?? '').split(',').filter((ticker) => ticker !== ''))
  const found = source.floor.listings.filter(
    (listing) =>
      hasStatus(statusOf(listing)) &&
      (series === '' || seriesOf(listing) === series) &&
      (event === '' || eventOf(listing) === event) &&
      (tickers.size === 0 || tickers.has(listing.ticker)),
  )
  const page = found.slice(from, from + limit)
  const cursor = from + limit < found.length ? Buffer.from(`after:${from + limit}`).toString('base64url') : ''
  return ok({ cursor, markets: page.map((listing) => describe(source, listing)) })
}

function oneBook(source: RestSource, listing: Listing, query: URLSearchParams): RestAnswer {
  const depth = readCount(query.get('depth'), 0, 0, DEPTH_MAX)
  if (depth === undefined) return badRequest(`depth must be 0 (all) to ${DEPTH_MAX}`)
  return { status: 200, body: `{"orderbook_fp":${encodeBook(source.bookOf(listing), depth)}}` }
}

/** Tickers that are not listed are left out of the answer (unconfirmed live). */
function manyBooks(source: RestSource, query: URLSearchParams): RestAnswer {
  const tickers = query.getAll('tickers')
  if (tickers.length === 0 || tickers.length > BOOKS_MAX)
    return badRequest(`tickers must be given 1 to ${BOOKS_MAX} times`)
  const books = tickers.flatMap((ticker) => {
    const listing = source.floor.listing(ticker)
    if (listing === undefined) return []
    return `{"orderbook_fp":${encodeBook(source.bookOf(listing), 0)},"ticker":${JSON.stringify(ticker)}}`
  })
  return { status: 200, body: `{"orderbooks":[${books.join(',')}]}` }
}

/** Ascending, best last; `depth` keeps the best ones, 0 all. */
function encodeBook(book: Book, depth: number): string {
  const best = (side: 'yes' | 'no') => encodeLevels(ascending(book[side]).slice(depth === 0 ? 0 : -depth))
  return `{"no_dollars":${best('no')},"yes_dollars":${best('yes')}}`
}

const describe = (source: RestSource, listing: Listing) =>
  describeMarket(listing, source.bookOf(listing), source.openedMs)

const ok = (body: unknown): RestAnswer => ({ status: 200, body: JSON.stringify(body) })
const badRequest = (details: string): RestAnswer => failed(400, 'bad_request', details)
const onlyGet = (method: string, answer: () => RestAnswer): RestAnswer =>
  method === 'GET' ? answer() : failed(405, 'method_not_allowed', `${method} is not served here`)

function readCount(text: string | null, fallback: number, min: number, max: number): number | undefined {
  if (text === null || text === '') return fallback
  const count = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  return count >= min && count <= max ? count : undefined
}

function readCursor(text: string | null): number | undefined {
  if (text === null || text === '') return 0
  const match = /^after:(\d{1,9})$/.exec(Buffer.from(text, 'base64url').toString())
  return match === null ? undefined : Number(match[1])
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
