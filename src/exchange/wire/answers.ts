/** What answers say: errors, the lists in `ok`, and which channels take names at all. */
import type { Named } from './command.ts'
import { type Channel, ERROR_TEXT, type ErrorCode } from './protocol.ts'
import type { Subscription } from './subscription.ts'

/** Every channel but the order book may be had without naming markets; market_lifecycle_v2 takes no names at all. */
export const carriesAll = (channel: Channel, named: Named): boolean =>
  !isIndex(channel) && (named === undefined || channel === 'market_lifecycle_v2')

export const isIndex = (channel: Channel): boolean => channel === 'cfbenchmarks_value'

export const encodeIndices = ({ tickers }: Subscription): string => JSON.stringify({ index_ids: [...tickers].sort() })

export const encodeError = (code: ErrorCode): string => JSON.stringify({ code, msg: ERROR_TEXT[code] })

/** The full list held, under the name by which the command gave its markets. */
export function encodeTickers(subscription: Subscription, by: 'tickers' | 'ids'): string {
  const tickers = [...subscription.tickers].sort()
  if (by === 'tickers') return JSON.stringify({ market_tickers: tickers })
  return JSON.stringify({ market_ids: tickers.flatMap((ticker) => subscription.listing(ticker)?.marketId ?? []) })
}
