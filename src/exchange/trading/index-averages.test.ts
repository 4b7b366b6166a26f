import { expect, test } from 'vitest'
import { IndexAverages } from './index-averages.ts'

const QUARTER_MS = Date.parse('2026-11-22T12:15:00Z')

test('averages the values of the minute before, the present one left out', () => {
  const averages = new IndexAverages()
  const at = QUARTER_MS + 300_000
  expect(averages.take('BRTI', '100.00', at).avg_60s_data).toEqual({
    value: '100.00000000',
    window_size: 0,
    window_start_ts_ms: at - 60_000,
    window_end_ts_exclusive: at,
  })
  expect(averages.take('BRTI', '110.00', at + 1000).avg_60s_data).toMatchObject({
    value: '100.00000000',
    window_size: 1,
  })
  expect(averages.take('ETHUSD_RTI', '5', at + 1000).avg_60s_data.window_size).toBe(0)
  expect(averages.take('BRTI', '1', at + 2000).avg_60s_data).toMatchObject({ value: '105.00000000', window_size: 2 })
  // The first has left the minute, the second is just in it.
  expect(averages.take('BRTI', '1', at + 61_000).avg_60s_data).toMatchObject({ value: '55.50000000', window_size: 2 })
})

test('in the last minute of a quarter of an hour, and only there, tells the average of that minute so far', () => {
  const averages = new IndexAverages()
  const quarter = (secondsBefore: number, value: string) =>
    averages.take('BRTI', value, QUARTER_MS - secondsBefore * 1000).last_60s_windowed_average_15min
  expect(quarter(61, '7')).toBeUndefined()
  expect(quarter(60, '7')).toBeUndefined()
  expect(quarter(59, '10')).toEqual({
    value: '10.00000000',
    window_size: 1,
    window_start_ts_ms: QUARTER_MS - 60_000,
    window_end_ts_exclusive: QUARTER_MS - 59_000,
  })
  expect(quarter(58, '20')).toMatchObject({ value: '15.00000000', window_size: 2 })
  expect(quarter(0, '30')).toMatchObject({ value: '20.00000000', window_size: 3 })
  expect(quarter(-1, '30')).toBeUndefined()
})
