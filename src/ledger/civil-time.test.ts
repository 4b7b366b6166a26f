import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY_MS, nextDay, previousDay, startOfDay, wallTime } from './civil-time.ts'
import { meetsWeeklyPause } from './weekly-pause.ts'

const at = (text: string): number => Date.parse(text)

describe('days of a zone', () => {
  test('are 23, 24 or 25 hours long, as the clocks there say', () => {
    const hours = (day: string) =>
      (startOfDay(nextDay(day), 'America/New_York')! - startOfDay(day, 'America/New_York')!) / 3_600_000
    expect(['2026-03-08', '2026-07-01', '2026-11-01'].map(hours)).toEqual([23, 24, 25])
    expect(startOfDay('2026-07-01', 'America/New_York')).toBe(at('2026-07-01T04:00:00Z'))
    expect(startOfDay('2026-11-22', 'Asia/Kolkata')).toBe(at('2026-11-21T18:30:00Z'))
  })

  test('begin later where the clocks go forward at midnight', () => {
    expect(startOfDay('2026-09-06', 'America/Santiago')).toBe(at('2026-09-06T04:00:00Z'))
    expect(wallTime(at('2026-09-06T04:00:00Z'), 'America/Santiago')).toMatchObject({ day: '2026-09-06' })
  })

  test('follow one another without a hole, and every moment lies in its own', () => {
    const zones = ['UTC', 'America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe', 'Pacific/Apia']
    fc.assert(
      fc.property(
        fc.integer({ min: at('2024-01-01'), max: at('2030-01-01') }),
        fc.constantFrom(...zones),
        (ms, zone) => {
          const { day } = wallTime(ms, zone)
          expect(startOfDay(day, zone)!).toBeLessThanOrEqual(ms)
          expect(startOfDay(nextDay(day), zone)!).toBeGreaterThan(ms)
          expect(previousDay(nextDay(day))).toBe(day)
        },
      ),
      { numRuns: 200 },
    )
  })

  test('in UTC are those of the calendar', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1990-01-01'), max: new Date('2090-01-01'), noInvalidDate: true }),
        (date) => {
          const day = date.toISOString().slice(0, 10)
          expect(wallTime(date.getTime(), 'UTC')).toMatchObject({ day, weekday: date.getUTCDay() })
          expect(startOfDay(day, 'UTC')).toBe(Math.floor(date.getTime() / DAY_MS) * DAY_MS)
        },
      ),
    )
  })

  test.each(['2026-02-30', '2026-13-01', 'yesterday', ''])('are none in %j', (text) => {
    expect(startOfDay(text, 'UTC')).toBeUndefined()
  })
})

test('the weekly pause is 03:00 to 05:00 on Thursdays in New York, summer and winter', () => {
  const meets = (from: string, to = from) => meetsWeeklyPause(at(from), at(to))
  expect(meets('2026-08-06T06:59:59Z')).toBe(false)
  expect(meets('2026-08-06T07:00:00Z')).toBe(true)
  expect(meets('2026-08-06T08:59:59Z')).toBe(true)
  expect(meets('2026-08-06T09:00:00Z')).toBe(false)
  expect(meets('2026-12-03T07:30:00Z')).toBe(false)
  expect(meets('2026-12-03T08:30:00Z')).toBe(true)
  expect(meets('2026-08-07T07:30:00Z')).toBe(false)
  expect(meets('2026-08-06T06:58:00Z', '2026-08-06T07:01:00Z')).toBe(true)
  expect(meets('2026-08-06T10:00:00Z', '2026-08-12T23:00:00Z')).toBe(false)
  expect(meets('2026-08-06T10:00:00Z', '2026-08-13T07:30:00Z')).toBe(true)
})
