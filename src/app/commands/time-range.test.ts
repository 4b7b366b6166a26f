import { expect, test } from 'vitest'
import { rangeOf } from './time-range.ts'

const NOW = Date.parse('2026-11-22T20:00:00Z')
const range = (flags: { from?: string; to?: string; day?: string; zone?: string }) =>
  rangeOf({ zone: 'UTC', ...flags }, NOW, '2026-11-22')

test('a time is a day of the zone, an instant, or so long ago', () => {
  expect(range({ from: '2h', to: '2026-11-22T19:00:00Z' })).toMatchObject({
    fromMs: NOW - 7_200_000,
    toMs: NOW - 3_600_000,
  })
  expect(range({ day: 'yesterday', zone: 'Asia/Tokyo' }).fromMs).toBe(Date.parse('2026-11-20T15:00:00Z'))
})

test('what has not come yet is refused: nothing is known of it, and a hole that goes on is not in it', () => {
  expect(() => range({ from: '2026-11-23' })).toThrow('--from 2026-11-23 has not come yet')
  expect(() => range({ day: '2026-11-23' })).toThrow('--day 2026-11-23 has not come yet in UTC')
  expect(range({ day: '2026-11-23', zone: 'Asia/Tokyo' }).fromMs).toBe(Date.parse('2026-11-22T15:00:00Z'))
})
