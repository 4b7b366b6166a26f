/**
 * A stretch of a recording as `gaps` and `report` look at it: its holes, and for each market when it was asked for, when its
 * book could be believed, and when it trades. Made from a journal or from the database; the same recording gives the same.
 */
import type { Position } from '#domain'
import {
  type Coverage,
  coverageOf,
  type Hole,
  type Interval,
  type MarketTimes,
  type Range,
  type Span,
  type Total,
  totalOf,
} from '#ledger'

export type ViewedMarket = {
  readonly market: string
  readonly wanted: Span[]
  readonly valid: Interval[]
  readonly times: MarketTimes
}

export type LedgerView = {
  readonly source: 'journal' | 'database'
  /** In the order in which they were found. */
  readonly holes: readonly Hole[]
  readonly markets: readonly ViewedMarket[]
  /** Up to when something is said, Unix ms: the last record, or now where the recorder died and was not started again. */
  readonly untilMs: number
  /** Up to when open markets count as open, Unix ms: the last record of a running recorder, else now. */
  readonly nowMs: number
  /** How far the source has come. */
  readonly position: Position
  /** Whether the last run ended without a word and none goes on. */
  readonly hasDied: boolean
}

export type DayCoverage = Total & { readonly day: string; readonly markets: number }

/** Holes that touch the range, and match what is asked. */
export function pickHoles(
  { holes }: LedgerView,
  { fromMs, toMs }: Range,
  { markets, cause }: { readonly markets?: ReadonlySet<string> | undefined; readonly cause?: string | undefined } = {},
): Hole[] {
  return holes.filter((hole) => {
    if (hole.fromMs >= toMs || (hole.toMs !== undefined && hole.toMs < fromMs)) return false
    if (cause !== undefined && hole.cause !== cause) return false
    return markets === undefined || hole.markets.length === 0 || hole.markets.some(({ market }) => markets.has(market))
  })
}

/** Each market and day of the range in which it was asked for, by ticker and day. */
export function coverageIn(view: LedgerView, range: Range, markets?: ReadonlySet<string>): Coverage[] {
  return view.markets
    .filter(({ market }) => markets === undefined || markets.has(market))
    .flatMap((each) => coverageOf(each, each.times, range, view))
    .sort((a, b) => (a.market === b.market ? compare(a.day, b.day) : compare(a.market, b.market)))
}

/** All markets of each day together, oldest first. */
export function byDay(coverage: readonly Coverage[]): DayCoverage[] {
  const days = new Map<string, Coverage[]>()
  for (const each of coverage) {
    const day = days.get(each.day)
    if (day === undefined) days.set(each.day, [each])
    else day.push(each)
  }
  return [...days]
    .map(([day, of]) => ({ day, markets: of.length, ...totalOf(of) }))
    .sort((a, b) => compare(a.day, b.day))
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Each market's days put together: `day` is then the first and the last with a slash between them. */
export function byMarket(coverage: readonly Coverage[]): Coverage[] {
  const markets = new Map<string, Coverage>()
  for (const each of coverage) {
    const before = markets.get(each.market)
    markets.set(each.market, before === undefined ? each : together(before, each))
  }
  return [...markets.values()]
}

const together = (a: Coverage, b: Coverage): Coverage => ({
  market: a.market,
  day: `${a.day.slice(0, 10)}/${b.day}`,
  openKnown: a.openKnown && b.openKnown,
  ...totalOf([a, b]),
})
