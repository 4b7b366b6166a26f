/**
 * `/markets`, one market, and order books (docs.kalshi.com/api-reference, read 2026-08).
 *
 * Not served: `min_updated_ts`. There are no combos here, so `mve_filter=only` finds nothing.
 */
import { ascending, type Book, encodeLevels } from '../ladder.ts'
import type { Venue } from '../venue.ts'
import { badRequest, notFound, ok, type RestAnswer } from './body.ts'
import type { MarketEntry, MarketStatus } from './catalog.ts'
import { BadQuery, countOf, cutPage, listOf, secondsOf, textOf } from './query.ts'

const MARKETS_MAX = 1000
const MARKETS_DEFAULT = 100
const BOOKS_MAX = 100
const DEPTH_MAX = 100

/** Kalshi's filter words differ from a market's states: `open` is `active`, `settled` is `finalized`. */
const STATUS_FILTERS: ReadonlyMap<string, readonly MarketStatus[]> = new Map([
  ['unopened', ['initialized']],
  ['open', ['active']],
  ['paused', ['inactive']],
  ['closed', ['closed', 'determined']],
  ['settled', ['finalized']],
])

/** Which of the three pairs of times goes with which filter word; none at all goes with each. */
const TIME_PAIRS = [
  { name: 'created', words: ['unopened', 'open'], of: (market: MarketEntry) => market.createdMs },
  { name: 'close', words: ['closed'], of: (market: MarketEntry) => market.closeMs },
  { name: 'settled', words: ['settled'], of: (market: MarketEntry) => market.settledMs },
] as const

export function listMarkets({ catalog }: Venue, query: URLSearchParams): RestAnswer {
  const limit = countOf(query, 'limit', MARKETS_DEFAULT, 1, MARKETS_MAX)
  const word = textOf(query, 'status')
  const hasStatus = statusFilter(word)
  const hasTimes = timeFilter(query, word)
  const series = textOf(query, 'series_ticker')
  const event = textOf(query, 'event_ticker')
  const tickers = listOf(query, 'tickers')
  const combos = textOf(query, 'mve_filter')
  if (!['', 'only', 'exclude'].includes(combos)) return badRequest('mve_filter must be only or exclude')
  const fits = (market: MarketEntry): boolean =>
    combos !== 'only' &&
    hasStatus(market) &&
    hasTimes(market) &&
    (series === '' || market.seriesTicker === series) &&
    (event === '' || market.eventTicker === event) &&
    (tickers.size === 0 || tickers.has(market.ticker))
  const page = cutPage(catalog.markets(), fits, { limit, cursor: textOf(query, 'cursor') })
  return ok({ cursor: page.cursor, markets: page.entries.map((market) => catalog.describeMarket(market)) })
}

export function oneMarket({ catalog }: Venue, ticker: string): RestAnswer {
  const market = catalog.market(ticker)
  return market === undefined ? missing(ticker) : ok({ market: catalog.describeMarket(market) })
}

export function oneBook(venue: Venue, ticker: string, query: URLSearchParams): RestAnswer {
  const listing = venue.listing(ticker)
  if (listing === undefined) return missing(ticker)
  const depth = countOf(query, 'depth', 0, 0, DEPTH_MAX)
  return { status: 200, body: `{"orderbook_fp":${encodeBook(venue.bookOf(listing), depth)}}` }
}

/** Tickers that are not listed are left out of the answer (unconfirmed live). */
export function manyBooks(venue: Venue, query: URLSearchParams): RestAnswer {
  const tickers = query.getAll('tickers')
  if (tickers.length === 0 || tickers.length > BOOKS_MAX)
    return badRequest(`tickers must be given 1 to ${BOOKS_MAX} times`)
  const books = tickers.flatMap((ticker) => {
    const listing = venue.listing(ticker)
    if (listing === undefined) return []
    return `{"orderbook_fp":${encodeBook(venue.bookOf(listing), 0)},"ticker":${JSON.stringify(ticker)}}`
  })
  return { status: 200, body: `{"orderbooks":[${books.join(',')}]}` }
}

/** Whether a market is in the state that a filter word asks for. Throws {@link BadQuery} for another word. */
export function statusFilter(word: string): (market: MarketEntry) => boolean {
  if (word === '') return () => true
  const wanted = STATUS_FILTERS.get(word)
  if (wanted === undefined) throw new BadQuery('invalid status filter')
  return ({ status }) => wanted.includes(status)
}

function timeFilter(query: URLSearchParams, word: string): (market: MarketEntry) => boolean {
  const given = TIME_PAIRS.flatMap((pair) => {
    const min = secondsOf(query, `min_${pair.name}_ts`)
    const max = secondsOf(query, `max_${pair.name}_ts`)
    return min === undefined && max === undefined ? [] : [{ ...pair, min, max }]
  })
  if (given.length > 1) throw new BadQuery('one pair of timestamps at a time')
  const [pair] = given
  if (pair === undefined) return () => true
  if (word !== '' && !(pair.words as readonly string[]).includes(word))
    throw new BadQuery(`${pair.name} timestamps do not go with status ${word}`)
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, of } = pair
  return (market) => {
    const atMs = of(market)
    return atMs !== undefined && atMs >= min && atMs <= max
  }
}

/** Ascending, best last; `depth` keeps the best ones, 0 all. */
function encodeBook(book: Book, depth: number): string {
  const best = (side: 'yes' | 'no') => encodeLevels(ascending(book[side]).slice(depth === 0 ? 0 : -depth))
  return `{"no_dollars":${best('no')},"yes_dollars":${best('yes')}}`
}

const missing = (ticker: string): RestAnswer => notFound(`market ${ticker} not found`)
