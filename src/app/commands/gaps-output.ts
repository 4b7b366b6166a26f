/** What `kalshiflow gaps` says: a screen for people, one value for programs. */
import { comparePositions, formatPosition, POSITION_ZERO } from '#domain'
import {
  type Blame,
  type Coverage,
  cleanPercent,
  type Hole,
  heldPercent,
  type Range,
  type Total,
  verifiedPercent,
  wordsOf,
} from '#ledger'
import { byDay, coverageIn, type DayCoverage, type LedgerView } from '../reading/ledger-view.ts'
import { table } from './output.ts'
import { tellDuration, tellPercent, tellTime } from './words.ts'

export type AskedGaps = {
  readonly range: Range
  readonly markets: ReadonlySet<string> | undefined
  readonly withMarkets: boolean
}

/** Holes and market days shown to people; a program gets all. */
const ROWS_MAX = 200

const WHOSE: Readonly<Record<Blame, string>> = { exchange: 'exchange', own: 'own', operator: 'operator' }

export function tellGaps(view: LedgerView, holes: readonly Hole[], asked: AskedGaps, nowMs: number): string {
  const coverage = coverageIn(view, asked.range, asked.markets)
  const { zone } = asked.range
  const shown = holes.slice(-ROWS_MAX)
  // The last record may be old: of a disk that is full, or of a recorder that was stopped.
  const goesOnMs = asked.range.toMs > nowMs ? Math.max(nowMs, view.untilMs) : view.untilMs
  const rows = shown.map((hole) => rowOf(hole, zone, goesOnMs))
  const notes = [
    ...(shown.some(({ open }) => open > 0) ? ['In parentheses: markets that are still in it.'] : []),
    ...(holes.length > shown.length ? [`The ${shown.length} latest of ${holes.length} holes; --json has all.`] : []),
    ...(view.hasDied ? ['The recorder died and has not been started again: the last hole goes on.'] : []),
  ]
  const days = byDay(coverage)
  const isRead = comparePositions(view.position, POSITION_ZERO) > 0
  const known = new Set(view.markets.map(({ market }) => market))
  const strangers = [...(asked.markets ?? [])].filter((each) => !known.has(each))
  return [
    holes.length === 0
      ? noHoles(coverage.length > 0)
      : table(['from', 'lasted', 'cause', 'whose', 'markets', 'closed by'], rows),
    ...notes,
    ...(strangers.length === 0 ? [] : [`Never asked for in what was read: ${strangers.join(', ')}.`]),
    ...(days.length === 0 ? [] : ['', table(DAY_HEAD, days.map(dayRow))]),
    ...(asked.withMarkets && coverage.length > 0 ? ['', ...tellMarkets(coverage)] : []),
    '',
    isRead
      ? `Times are ${zone}; from the ${view.source} up to ${formatPosition(view.position)}, ${tellTime(view.untilMs, zone)}.`
      : `The ${view.source} has nothing of this time.`,
  ].join('\n')
}

/** Where nothing was asked for nothing is known, which is not clean. */
const noHoles = (wasAsked: boolean): string =>
  wasAsked ? 'No holes.' : 'No holes are known: nothing was asked for in this time.'

const FIGURES_HEAD = ['open', 'asked for', 'clean %', 'held %', 'verified %']
const DAY_HEAD = ['day', 'markets', ...FIGURES_HEAD]

const dayRow = (day: DayCoverage): (string | number)[] => [day.day, day.markets, ...figuresOf(day)]

const figuresOf = (total: Total, mark = ''): string[] => [
  `${tellDuration(total.openMs)}${mark}`,
  tellDuration(total.askedMs),
  tellPercent(cleanPercent(total)),
  tellPercent(heldPercent(total)),
  tellPercent(verifiedPercent(total)),
]

function tellMarkets(coverage: readonly Coverage[]): string[] {
  const worst = [...coverage].sort((a, b) => (cleanPercent(a) ?? 0) - (cleanPercent(b) ?? 0)).slice(0, ROWS_MAX)
  const rows = worst.map((each) => [each.market, each.day, ...figuresOf(each, each.openKnown ? '' : '*')])
  return [
    table(['market', 'day', ...FIGURES_HEAD], rows),
    ...(coverage.length > worst.length ? [`The ${worst.length} worst of ${coverage.length}; --json has all.`] : []),
    ...(worst.some(({ openKnown }) => !openKnown)
      ? ['* When it opened is not known: the time asked for stands for its open time.']
      : []),
  ]
}

const rowOf = (
  { fromMs, toMs, cause, blame, markets, open, closedBy }: Hole,
  zone: string,
  untilMs: number,
): string[] => [
  tellTime(fromMs, zone),
  toMs === undefined ? `${tellDuration(Math.max(0, untilMs - fromMs))} …` : tellDuration(toMs - fromMs),
  cause,
  WHOSE[blame],
  markets.length === 0 ? 'all' : open > 0 ? `${markets.length} (${open})` : String(markets.length),
  closedBy ?? 'open',
]

export function gapsJson(
  view: LedgerView,
  holes: readonly Hole[],
  faults: readonly string[],
  asked: AskedGaps,
): object {
  const coverage = coverageIn(view, asked.range, asked.markets)
  return {
    source: view.source,
    zone: asked.range.zone,
    position: formatPosition(view.position),
    until: iso(view.untilMs),
    died: view.hasDied,
    faults,
    holes: holes.map(holeJson),
    days: byDay(coverage).map(({ day, markets, ...total }) => ({
      day,
      markets,
      ...totalJson(total),
    })),
    ...(asked.withMarkets ? { markets: coverage.map(coverageJson) } : {}),
  }
}

export const holeJson = (hole: Hole): object => ({
  cause: hole.cause,
  blame: hole.blame,
  what: wordsOf(hole.cause),
  detail: hole.detail ?? null,
  connection: hole.connection ?? null,
  sid: hole.sid ?? null,
  found: formatPosition(hole.found),
  found_at: iso(hole.foundMs),
  from: iso(hole.fromMs),
  from_kind: hole.fromKind,
  to: hole.toMs === undefined ? null : iso(hole.toMs),
  seconds: hole.toMs === undefined ? null : seconds(hole.toMs - hole.fromMs),
  closed_by: hole.closedBy ?? null,
  open: hole.open,
  markets: hole.markets.map(({ market, fromMs, toMs, closedBy }) => ({
    market_ticker: market,
    from: iso(fromMs),
    to: toMs === undefined ? null : iso(toMs),
    closed_by: closedBy ?? null,
  })),
})

export const coverageJson = (each: Coverage): object => ({
  market_ticker: each.market,
  day: each.day,
  open_known: each.openKnown,
  ...totalJson(each),
})

export const totalJson = (total: Total): object => ({
  open_seconds: seconds(total.openMs),
  asked_seconds: seconds(total.askedMs),
  clean_seconds: seconds(total.cleanMs),
  verified_seconds: seconds(total.verifiedMs),
  clean_percent: cleanPercent(total) ?? null,
  held_percent: heldPercent(total) ?? null,
  verified_percent: verifiedPercent(total) ?? null,
})

const iso = (ms: number): string => new Date(ms).toISOString()
const seconds = (ms: number): number => Math.round(ms) / 1000
