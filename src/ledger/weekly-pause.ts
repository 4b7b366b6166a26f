/**
 * The exchange's weekly pause: Thursday 03:00 to 05:00 in New York (docs.kalshi.com, trading hours and maintenance, read
 * 2026-08; unconfirmed live). By the wall clock there, so an hour earlier or later by UTC with the season.
 */
import { DAY_MS, nextDay, startOfDay, wallTime } from './civil-time.ts'

const ZONE = 'America/New_York'
const THURSDAY = 4
const FROM_HOUR = 3
const TO_HOUR = 5
const HOUR_MS = 3_600_000
/** Any stretch as long as this meets a pause. */
const WEEK_MS = 7 * DAY_MS

/** Whether any moment from `fromMs` to `toMs`, both Unix ms, lies in a weekly pause. */
export function meetsWeeklyPause(fromMs: number, toMs: number): boolean {
  if (toMs - fromMs >= WEEK_MS) return true
  for (let { day } = wallTime(fromMs, ZONE); ; day = nextDay(day)) {
    const start = startOfDay(day, ZONE) ?? toMs
    if (start > toMs) return false
    if (wallTime(start, ZONE).weekday !== THURSDAY) continue
    // Clocks are changed on Sundays, so a Thursday's hours are whole ones from its midnight.
    if (fromMs < start + TO_HOUR * HOUR_MS && toMs >= start + FROM_HOUR * HOUR_MS) return true
  }
}
