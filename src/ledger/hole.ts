/**
 * Gaps of markets put together as holes: one for each thing that happened, with the markets that it left in doubt, each
 * with its own end.
 */
import type { Position } from '#domain'
import { type Blame, blameOf, type HoleCause } from './cause.ts'
import type { MarketTimes } from './market-times.ts'
import { msOfNs } from './place.ts'
import type { ClosedBy, Gap } from './standing.ts'

/** `market_closed`: nobody could trade it any more. */
export type HoleClosedBy = ClosedBy | 'market_closed'

export type HoleMarket = {
  readonly market: string
  readonly fromMs: number
  /** `undefined` while it is open. */
  readonly toMs: number | undefined
  readonly closedBy: HoleClosedBy | undefined
}

export type Hole = {
  readonly cause: string
  readonly blame: Blame
  readonly detail: string | undefined
  /** Of the whole journal; `undefined` where several were hit, or none. */
  readonly connection: number | undefined
  readonly sid: number | undefined
  /** The record that revealed it, and when that came: Unix ms. */
  readonly found: Position
  readonly foundMs: number
  /** The last proof before it, Unix ms, and what that was. */
  readonly fromMs: number
  readonly fromKind: string
  /** When the last of its markets was out of it, Unix ms; `undefined` while one is not. */
  readonly toMs: number | undefined
  /** How the last was. */
  readonly closedBy: HoleClosedBy | undefined
  /** By ticker; empty when it concerns whatever was recorded then. */
  readonly markets: readonly HoleMarket[]
  /** How many of them are still in it. */
  readonly open: number
}

/** When a market closed. */
export type TimesOf = (market: string) => Pick<MarketTimes, 'closeMs'>

/** Holes in the order in which they were found, as seen at `untilMs`: Unix ms. */
export function holesOf(gaps: Iterable<Gap<string>>, timesOf: TimesOf, untilMs: number): Hole[] {
  const groups = new Map<string, Gap<string>[]>()
  const all = [...gaps]
  const begins = beginningsOf(all)
  for (const gap of all) {
    const key = keyOf(gap, begins)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [gap])
    else group.push(gap)
  }
  return [...groups.values()].map((group) => holeOf(group, timesOf, untilMs))
}

/** What hits whatever was subscribed: one hole, with the record that declares it. */
export const HITS_ALL: readonly string[] = ['process_down', 'disk_full'] satisfies HoleCause[]

export const hitsAll = (cause: string): boolean => HITS_ALL.includes(cause)

/**
 * What belongs together: the gaps that one record revealed on one subscription. A process that was down, or a disk that was
 * full, is one hole whatever was subscribed, and the record that declares it belongs to it.
 */
function keyOf(gap: Gap<string>, begins: ReadonlyMap<string, bigint>): string {
  const { cause, connection, sid, fromNs } = gap
  if (hitsAll(cause)) return `${cause} ${begins.get(foundKey(gap)) ?? fromNs}`
  return `${foundKey(gap)} ${connection} ${sid}`
}

const foundKey = ({ cause, found }: Gap<string>): string => `${cause} ${found.segment} ${found.offset}`

/** When it began, of each record that revealed one: a book that an audit had kept back was in doubt before that. */
function beginningsOf(gaps: readonly Gap<string>[]): Map<string, bigint> {
  const begins = new Map<string, bigint>()
  for (const gap of gaps) {
    if (!hitsAll(gap.cause)) continue
    const key = foundKey(gap)
    const known = begins.get(key)
    if (known === undefined || gap.fromNs > known) begins.set(key, gap.fromNs)
  }
  return begins
}

function holeOf(group: readonly Gap<string>[], timesOf: TimesOf, untilMs: number): Hole {
  const first = group[0]!
  const { cause, detail, found, fromKind } = group.find(({ market }) => market !== undefined) ?? first
  const markets = group
    .flatMap((gap) =>
      gap.market === undefined ? [] : [marketOf(gap, gap.market, timesOf(gap.market).closeMs, untilMs)],
    )
    .sort((a, b) => (a.market < b.market ? -1 : 1))
  const declared = group.find(({ market }) => market === undefined)
  const open = markets.filter(({ toMs }) => toMs === undefined).length
  const last = markets.reduce<HoleMarket | undefined>(
    (latest, each) => (latest === undefined || (each.toMs ?? 0) > (latest.toMs ?? 0) ? each : latest),
    undefined,
  )
  const declaredToMs = declared?.to === undefined ? undefined : msOfNs(declared.to.receivedNs)
  return {
    cause,
    blame: blameOf(cause),
    detail: detail ?? declared?.detail,
    connection: same(group.map(({ connection }) => connection)),
    sid: hitsAll(cause) ? undefined : same(group.map(({ sid }) => sid)),
    found: { segment: found.segment, offset: found.offset },
    foundMs: msOfNs(found.receivedNs),
    fromMs: Math.min(...group.map(({ fromNs }) => msOfNs(fromNs))),
    fromKind,
    toMs: last === undefined ? declaredToMs : open > 0 ? undefined : last.toMs,
    closedBy: last === undefined ? declared?.closedBy : open > 0 ? undefined : last.closedBy,
    markets,
    open,
  }
}

function marketOf(gap: Gap<string>, market: string, closeMs: number | undefined, untilMs: number): HoleMarket {
  const fromMs = msOfNs(gap.fromNs)
  const toMs = gap.to === undefined ? undefined : Math.max(fromMs, msOfNs(gap.to.receivedNs))
  const wasProven = gap.closedBy === 'snapshot' || gap.closedBy === 'checkpoint'
  if (closeMs !== undefined && !wasProven && gap.closedBy !== 'declared' && closeMs <= (toMs ?? untilMs)) {
    return { market, fromMs, toMs: Math.max(fromMs, closeMs), closedBy: 'market_closed' }
  }
  return { market, fromMs, toMs, closedBy: gap.closedBy }
}

/** What all of them are; `undefined` when they differ. Those that do not say are passed over. */
function same(values: readonly (number | undefined)[]): number | undefined {
  const told = values.filter((each) => each !== undefined)
  return told.every((each) => each === told[0]) ? told[0] : undefined
}
