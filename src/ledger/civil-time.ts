/**
 * Calendar days without a clock: days since 1970 by the proleptic Gregorian calendar, and the days of a time zone through
 * Intl, so with daylight saving.
 */
export const DAY_MS = 86_400_000

/** `2026-11-22`. */
export type Day = string

/** Days since 1970-01-01. Howard Hinnant, "chrono-compatible low-level date algorithms", days_from_civil. */
function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
}

/** A day's number; `undefined` for text that is no day. */
function numberOf(day: Day): number | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day)
  if (match === null) return undefined
  const [year, month, date] = [Number(match[1]), Number(match[2]), Number(match[3])]
  const number = daysOf(year, month, date)
  return dayText(number) === day ? number : undefined
}

/** The inverse of daysOf: civil_from_days of the same source. */
function dayText(number: number): Day {
  const z = number + 719_468
  const era = Math.floor(z / 146_097)
  const dayOfEra = z - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const part = Math.floor((5 * dayOfYear + 2) / 153)
  const month = part < 10 ? part + 3 : part - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(dayOfYear - Math.floor((153 * part + 2) / 5) + 1)}`
}

/** A time as a wall clock in a zone shows it. `weekday`: 0 is Sunday. */
export type WallTime = { readonly day: Day; readonly weekday: number; readonly msOfDay: number }

const FORMATS_MAX = 16
const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone)
  if (known !== undefined) return known
  if (formats.size >= FORMATS_MAX) formats.clear()
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  formats.set(zone, made)
  return made
}

/** Whether Intl knows the zone: an IANA name such as America/New_York. */
export function isZone(zone: string): boolean {
  try {
    formatOf(zone)
    return true
  } catch {
    return false
  }
}

export function wallTime(ms: number, zone: string): WallTime {
  if (zone === 'UTC') return wallOf(Math.floor(ms / DAY_MS), ms - Math.floor(ms / DAY_MS) * DAY_MS)
  const parts: Record<string, number> = {}
  for (const { type, value } of formatOf(zone).formatToParts(ms)) parts[type] = Number(value)
  const number = daysOf(parts['year']!, parts['month']!, parts['day']!)
  const seconds = parts['hour']! * 3600 + parts['minute']! * 60 + parts['second']!
  return wallOf(number, seconds * 1000 + (((ms % 1000) + 1000) % 1000))
}

const wallOf = (number: number, msOfDay: number): WallTime => ({
  day: dayText(number),
  weekday: (((number + 4) % 7) + 7) % 7,
  msOfDay,
})

/** Unix ms at which a day begins in a zone; `undefined` for text that is no day. */
export function startOfDay(day: Day, zone: string): number | undefined {
  const number = numberOf(day)
  if (number === undefined) return undefined
  const midnight = number * DAY_MS
  if (zone === 'UTC') return midnight
  // What the wall clock shows at a guess says how far the guess is off; after a change of the clocks it takes a second one.
  let guess = midnight
  for (let attempt = 0; attempt < 3; attempt++) {
    const wall = wallTime(guess, zone)
    guess += midnight - (numberOf(wall.day)! * DAY_MS + wall.msOfDay)
  }
  // Where the clocks go forward at midnight the day begins later: at the first moment that bears its name.
  while (wallTime(guess, zone).day < day) guess += 60_000
  return guess
}

/** The day after. */
export const nextDay = (day: Day): Day => dayText((numberOf(day) ?? 0) + 1)

/** The day before. */
export const previousDay = (day: Day): Day => dayText((numberOf(day) ?? 0) - 1)
