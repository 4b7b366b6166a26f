/**
 * Which day's partition a row belongs to, and which days we make none for. Pure.
 *
 * A stamp from a broken clock or a broken frame would otherwise make a partition for the year 1970 or 2106: such a row
 * goes to quarantine.
 */

/** Whole days since 1970-01-01, UTC. */
export type Day = number

export const NS_PER_DAY = 86_400_000_000_000n
const MS_PER_DAY = 86_400_000

/** 2021-01-01, the year in which the exchange opened. */
export const FIRST_DAY: Day = Date.UTC(2021, 0, 1) / MS_PER_DAY

/** How many days a stamp may be past the journal's own clock. */
export const DAYS_AHEAD_MAX = 2

/** The day of a Unix stamp in ns, or why there is no partition for it: before 2021, or more than two days past the journal's clock. */
export function partitionDay(ns: bigint, journalClockNs: bigint): Day | 'too_early' | 'too_late' {
  const day = dayOfNs(ns)
  if (day < FIRST_DAY) return 'too_early'
  if (ns > journalClockNs + BigInt(DAYS_AHEAD_MAX) * NS_PER_DAY) return 'too_late'
  return day
}

/** The day that a Unix stamp in ns falls on; negative before 1970. */
export function dayOfNs(ns: bigint): Day {
  const day = ns / NS_PER_DAY
  return Number(ns < 0n && day * NS_PER_DAY !== ns ? day - 1n : day)
}

/** The day that a Unix stamp in ms falls on. */
export const dayOfMs = (ms: number): Day => Math.floor(ms / MS_PER_DAY)

/** `20260819`. Days from 1970 to 9999. */
export const formatDay = (day: Day): string => new Date(day * MS_PER_DAY).toISOString().slice(0, 10).replaceAll('-', '')
