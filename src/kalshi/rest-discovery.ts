/** Which markets to record when nobody named any: the open ones with the most volume. */
import type { CallOptions, RestClient } from './rest-client.ts'
import type { Malformed, RestMarket } from './rest-shapes.ts'

/** More than were ever seen open at once, combos left out (68,000 in 2026-05). */
const MARKETS_MAX = 100_000
const PAGE_SIZE_MAX = 1_000

export type Discovery = {
  /** Most volume first; equal ones by ticker. */
  readonly markets: readonly RestMarket[]
  /** Open markets looked at. */
  readonly seen: number
  readonly malformed: readonly Malformed[]
  /** Whether every open market was looked at; `false` when the page limit ended it. */
  readonly complete: boolean
}

/**
 * Up to `max` open markets with the most volume since they opened, combos excluded. Keeps no more than it returns. Reading a
 * page of 1,000 takes 30 ms of the thread, and smaller pages less: for whoever has something else to do meanwhile.
 */
export async function openMarketsByVolume(
  client: RestClient,
  max: number,
  options: CallOptions & { readonly pagesMax?: number; readonly pageSize?: number } = {},
): Promise<Discovery> {
  let markets: RestMarket[] = []
  let seen = 0
  let complete = false
  const malformed: Malformed[] = []
  const { pageSize = PAGE_SIZE_MAX, pagesMax = Math.ceil(MARKETS_MAX / pageSize) } = options
  for await (const page of client.marketPages({ status: 'open', combos: 'exclude', pageSize }, pagesMax, options)) {
    seen += page.markets.length
    // A market may stand on two pages when others opened or closed in between.
    const held = new Set(markets.map(({ ticker }) => ticker))
    const further = page.markets.filter(({ ticker }) => !held.has(ticker))
    markets = [...markets, ...further].sort(byVolume).slice(0, max)
    malformed.push(...page.malformed)
    complete = page.cursor === undefined
  }
  return { markets, seen, malformed, complete }
}

const byVolume = (a: RestMarket, b: RestMarket): number =>
  (b.volume ?? 0) - (a.volume ?? 0) || (a.ticker < b.ticker ? -1 : 1)
