/**
 * How good a market's recording of a day is: of the time that it was open, the share in which its book could be believed
 * (clean); of the part that was asked for, the same share (held), which is the recording's own doing; and of the clean time
 * the share that the exchange's own later snapshots confirmed (verified).
 *
 * Unknown is not clean: before asking, from asking to the first snapshot, and in every hole, nothing is known. Where the
 * exchange has not told when a market opens, the time asked for stands for it, and `openKnown` is false.
 */
import { type Day, nextDay, startOfDay, wallTime } from './civil-time.ts'
import type { Interval, LedgerMarket, Span } from './ledger.ts'
import type { MarketTimes } from './market-times.ts'

export type Coverage = {
  readonly market: string
  readonly day: Day
  /** Whether the exchange told when the market opens; one whose close it has not told is open until now. */
  readonly openKnown: boolean
  /** Ms of the day in which the market was open, asked for or not; where that is not known, those that were asked for. */
  readonly openMs: number
  /** Of these, ms in which it was asked for. */
  readonly askedMs: number
  /** Of these, ms in which its book could be believed. */
  readonly cleanMs: number
  /** Of these, ms that a later in-sequence snapshot or audit confirmed. */
  readonly verifiedMs: number
}

/** What is looked at: Unix ms, and the zone of the days. */
export type Range = { readonly fromMs: number; readonly toMs: number; readonly zone: string }

/** Days looked at for one market at most: ten years. */
const DAYS_MAX = 3_660

/** Where a recording ends for what lasts: asking with its last record, the open time of a market now. Both Unix ms. */
export type Ends = { readonly untilMs: number; readonly nowMs: number }

/** A market's days in which it was asked for, oldest first. */
export function coverageOf(
  { market, wanted: asked, valid }: Pick<LedgerMarket, 'market' | 'wanted' | 'valid'>,
  { openMs, closeMs }: Pick<MarketTimes, 'openMs' | 'closeMs'>,
  { fromMs, toMs, zone }: Range,
  { untilMs, nowMs }: Ends,
): Coverage[] {
  const isOpen = { fromMs: openMs ?? Number.NEGATIVE_INFINITY, toMs: closeMs ?? Number.POSITIVE_INFINITY }
  const openKnown = openMs !== undefined
  const first = Math.max(fromMs, asked[0]?.fromMs ?? Number.POSITIVE_INFINITY, isOpen.fromMs)
  const last = Math.min(toMs, asked.at(-1)?.toMs ?? untilMs, untilMs, isOpen.toMs)
  const days: Coverage[] = []
  if (!(first < last)) return days
  let { day } = wallTime(first, zone)
  for (let start = startOfDay(day, zone)!; start < last && days.length < DAYS_MAX; ) {
    const next = nextDay(day)
    const end = startOfDay(next, zone)!
    const from = Math.max(start, fromMs, isOpen.fromMs)
    const to = Math.min(end, toMs, untilMs, isOpen.toMs)
    const wanted = asked.flatMap((span) => within(span, from, to))
    const askedMs = sum(wanted)
    if (askedMs > 0) {
      const clean = wanted.flatMap((span) => valid.flatMap((each) => within(each, span.fromMs, span.toMs)))
      const verified = wanted.flatMap((span) =>
        valid.flatMap((each) => within(confirmed(each), span.fromMs, span.toMs)),
      )
      const open = openKnown ? Math.max(to, Math.min(end, toMs, nowMs, isOpen.toMs)) - from : askedMs
      days.push({ market, day, openKnown, openMs: open, askedMs, cleanMs: sum(clean), verifiedMs: sum(verified) })
    }
    day = next
    start = end
  }
  return days
}

/** Figures of several markets or days together. */
export type Total = {
  readonly openMs: number
  readonly askedMs: number
  readonly cleanMs: number
  readonly verifiedMs: number
}

export function totalOf(days: Iterable<Total>): Total {
  const total = { openMs: 0, askedMs: 0, cleanMs: 0, verifiedMs: 0 }
  for (const each of days) {
    total.openMs += each.openMs
    total.askedMs += each.askedMs
    total.cleanMs += each.cleanMs
    total.verifiedMs += each.verifiedMs
  }
  return total
}

/** Per cent of the open time, rounded down to the thousandth: 100 is all of it. `undefined` without any. */
export const cleanPercent = ({ openMs, cleanMs }: Total): number | undefined => percent(cleanMs, openMs)

/** Per cent of the time asked for, likewise: what the recording did of what it was told to do. */
export const heldPercent = ({ askedMs, cleanMs }: Total): number | undefined => percent(cleanMs, askedMs)

/** Per cent of the clean time, likewise. */
export const verifiedPercent = ({ cleanMs, verifiedMs }: Total): number | undefined => percent(verifiedMs, cleanMs)

/** A microsecond is lost or won where stamps become doubles; that is no hole. */
const ROUNDING_MS = 0.01

function percent(part: number, whole: number): number | undefined {
  if (whole <= 0) return undefined
  if (part >= whole - ROUNDING_MS) return 100
  return Math.floor((part / whole) * 100_000) / 1000
}

type Closed = { readonly fromMs: number; readonly toMs: number }

function within({ fromMs, toMs = Number.POSITIVE_INFINITY }: Span, from: number, to: number): Closed[] {
  const cut = { fromMs: Math.max(fromMs, from), toMs: Math.min(toMs, to) }
  return cut.fromMs < cut.toMs ? [cut] : []
}

const confirmed = ({ fromMs, verifiedMs }: Interval): Closed => ({ fromMs, toMs: verifiedMs })

const sum = (spans: readonly Closed[]): number => spans.reduce((total, { fromMs, toMs }) => total + toMs - fromMs, 0)
