/** The stretch of time that a command looks at, from its flags. */
import { type Command, InvalidArgumentError } from 'commander'
import { parseRfc3339Ms } from '#codec'
import { isZone, nextDay, type Range, startOfDay } from '#ledger'
import { parseDuration } from './duration.ts'

export type RangeFlags = {
  readonly from?: string
  readonly to?: string
  readonly day?: string
  readonly zone: string
}

/** The range, and which of its ends were given. */
export type AskedRange = Range & { readonly hasFrom: boolean; readonly hasTo: boolean }

export const withRange = (command: Command): Command =>
  command
    .option('--from <time>', 'from here on: 2026-11-22, 2026-11-22T03:00:00Z, or 12h for twelve hours ago')
    .option('--to <time>', 'up to here, likewise')
    .option('--day <day>', 'one day: 2026-11-22, today or yesterday')
    .option('--zone <zone>', 'whose days and hours: UTC, America/New_York …', zone, 'UTC')

export function rangeOf({ from, to, day, zone: named }: RangeFlags, nowMs: number, today: string): AskedRange {
  if (day !== undefined) {
    if (from !== undefined || to !== undefined) throw new RangeFault('give either --day, or --from and --to')
    const wanted = dayOf(day, today)
    const fromMs = startOfDay(wanted, named)
    if (fromMs === undefined)
      throw new RangeFault(`--day needs a day such as 2026-11-22, today or yesterday; found ${day}`)
    if (fromMs > nowMs) throw new RangeFault(`--day ${wanted} has not come yet in ${named}`)
    return { fromMs, toMs: startOfDay(nextDay(wanted), named)!, zone: named, hasFrom: true, hasTo: true }
  }
  const fromMs = from === undefined ? 0 : timeOf('--from', from, named, nowMs)
  const toMs = to === undefined ? Number.POSITIVE_INFINITY : timeOf('--to', to, named, nowMs)
  if (fromMs > nowMs) throw new RangeFault(`--from ${from} has not come yet`)
  if (fromMs >= toMs) throw new RangeFault('--from must lie before --to')
  return { fromMs, toMs, zone: named, hasFrom: from !== undefined, hasTo: to !== undefined }
}

export class RangeFault extends Error {
  override readonly name = 'RangeFault'
  readonly code = 'FLOW_TIME_RANGE'
}

function dayOf(day: string, today: string): string {
  if (day === 'today') return today
  if (day !== 'yesterday') return day
  return new Date(Date.parse(`${today}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10)
}

function timeOf(flag: string, text: string, named: string, nowMs: number): number {
  const ago = parseDuration(text)
  const ms = ago === undefined ? (startOfDay(text, named) ?? parseRfc3339Ms(text)) : nowMs - ago
  if (ms !== undefined) return ms
  throw new RangeFault(`${flag} needs a time such as 2026-11-22, 2026-11-22T03:00:00Z or 12h; found ${text}`)
}

export function zone(text: string): string {
  if (isZone(text)) return text
  throw new InvalidArgumentError('needed: the name of a time zone, such as UTC or America/New_York.')
}
