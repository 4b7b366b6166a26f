/**
 * The REST side: a path in, a status and a body out. Reads the venue, changes nothing.
 *
 * Whether a request may be answered at all (signature, tokens) and from what (cache) is rest-service.ts.
 */
import type { Venue } from '../venue.ts'
import { badRequest, failed, notFound, ok, type RestAnswer } from './body.ts'
import { listEvents, listSeries, oneEvent, oneSeries } from './events.ts'
import { ENDPOINT_COSTS, EXCHANGE_SCHEDULE, EXCHANGE_STATUS } from './fixed-pages.ts'
import { listMarkets, manyBooks, oneBook, oneMarket } from './markets.ts'
import { BadQuery } from './query.ts'
import { listTrades } from './trades.ts'

export type RestSource = {
  readonly venue: Venue
  /** The body of `/exchange/sent`. */
  sent(): unknown
  /** The body of `/account/limits`; `undefined` for a request without a signature. */
  readonly limits: (() => unknown) | undefined
  /** The body of `/api_keys`; `undefined` for a request without a signature. */
  readonly keys: (() => unknown) | undefined
}

export const API_ROOT = '/trade-api/v2'
export const SENT_PATHS: ReadonlySet<string> = new Set(['/exchange/sent', `${API_ROOT}/exchange/sent`])

export const STATUS_PATH = `${API_ROOT}/exchange/status`

export function answerRest(source: RestSource, method: string, { pathname, searchParams }: URL): RestAnswer {
  const isSent = SENT_PATHS.has(pathname)
  if (!isSent && !pathname.startsWith(`${API_ROOT}/`)) return noPath(pathname)
  if (method !== 'GET') return failed(405, 'method_not_allowed', `${method} is not served here`)
  if (isSent) return ok(source.sent())
  const parts = pathname.slice(API_ROOT.length + 1).split('/')
  try {
    return answerApi(source, parts, searchParams) ?? noPath(pathname)
  } catch (error) {
    if (error instanceof BadQuery) return badRequest(error.message)
    throw error
  }
}

function answerApi(source: RestSource, parts: readonly string[], query: URLSearchParams): RestAnswer | undefined {
  const { venue } = source
  const [root, part = '', leaf] = parts
  const name = decode(part)
  if (parts.length > (root === 'markets' ? 3 : 2)) return undefined
  switch (root) {
    case 'exchange':
      return name === 'status' ? ok(EXCHANGE_STATUS) : name === 'schedule' ? ok(EXCHANGE_SCHEDULE) : undefined
    case 'account':
      return answerAccount(source, name)
    case 'api_keys':
      if (name !== '') return undefined
      return source.keys === undefined ? unsigned('the keys are those of an account') : ok(source.keys())
    case 'series':
      return name === '' ? listSeries(venue, query) : oneSeries(venue, name)
    case 'events':
      return name === '' ? listEvents(venue, query) : oneEvent(venue, name, query)
    case 'markets':
      if (leaf !== undefined) return leaf === 'orderbook' ? oneBook(venue, name, query) : undefined
      if (name === '') return listMarkets(venue, query)
      if (name === 'orderbooks') return manyBooks(venue, query)
      if (name === 'trades') return listTrades(venue, query)
      return oneMarket(venue, name)
    default:
      return undefined
  }
}

function answerAccount({ limits }: RestSource, name: string): RestAnswer | undefined {
  if (name === 'endpoint_costs') return ok(ENDPOINT_COSTS)
  if (name !== 'limits') return undefined
  if (limits === undefined) return unsigned('the limits are those of a key')
  return ok(limits())
}

const unsigned = (why: string): RestAnswer => failed(401, 'missing_headers', `${why}: sign the request`)

const noPath = (path: string): RestAnswer => notFound(`no such path: ${path}`)

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
