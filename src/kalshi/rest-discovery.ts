/** Which markets to record when nobody named any: the open ones with the most volume. */
import type { CallOptions, RestClient } from './rest-client.ts'
import type { Malformed, RestMarket } from './rest-shapes.ts'

/** 100,000 markets: more than were ever seen open at once, combos left out (68,000 in 2026-05). */
const PAGES_MAX = 100

export type Discovery = {
  /** Most volume first; equal ones by ticker. */
  readonly markets: readonly RestMarket[]
  /** Open markets looked at. */
  readonly seen: number
  readonly malformed: readonly Malformed[]
  /** Whether every open market was looked at; `false` when the page limit ended it. */
  readonly complete: boolean
}

/** Up to `max` open markets with the most volume since they opened, combos excluded. Keeps no more than it returns. */
export async function openMarketsByVolume(
  client: RestClient,
  max: number,
  options: CallOptions & { readonly pagesMax?: number } = {},
): Promise<Discovery> {
  let markets: RestMarket[] = []
  let seen = 0
  let complete = false
  const malformed: Malformed[] = []
  for await (const page of client.marketPages(
    { status: 'open', combos: 'exclude' },
    options.pagesMax ?? PAGES_MAX,
    options,
  )) {
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
