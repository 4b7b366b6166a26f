/** `/markets/trades`, newest first (docs.kalshi.com/api-reference/market/get-trades; the order is unconfirmed live). */
import type { Venue } from '../venue.ts'
import { ok, type RestAnswer } from './body.ts'
import type { TradeEntry } from './catalog.ts'
import { countOf, cutPage, flagOf, secondsOf, textOf } from './query.ts'

const TRADES_MAX = 1000
const TRADES_DEFAULT = 100

/** There are no block trades, so `is_block_trade=true` finds none. */
export function listTrades({ catalog }: Venue, query: URLSearchParams): RestAnswer {
  const limit = countOf(query, 'limit', TRADES_DEFAULT, 1, TRADES_MAX)
  const ticker = textOf(query, 'ticker')
  const minMs = secondsOf(query, 'min_ts') ?? Number.NEGATIVE_INFINITY
  const maxMs = secondsOf(query, 'max_ts') ?? Number.POSITIVE_INFINITY
  const blocksOnly = flagOf(query, 'is_block_trade')
  const fits = ({ atMs }: TradeEntry): boolean => !blocksOnly && atMs >= minMs && atMs <= maxMs
  const page = cutPage(catalog.trades(ticker === '' ? undefined : ticker), fits, {
    limit,
    cursor: textOf(query, 'cursor'),
    descending: true,
  })
  return ok({ cursor: page.cursor, trades: page.entries.map((trade) => catalog.describeTrade(trade)) })
}
