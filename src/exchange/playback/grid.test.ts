import { expect, test } from 'vitest'
import { inferGrid } from './grid.ts'

test.each([
  ['whole cents', [100, 4200, 9900], 'linear_cent'],
  ['tenths of a cent at the edges', [10, 4200, 9990], 'tapered_deci_cent'],
  ['half cents at the edges', [50, 4200, 9950], 'center_whole_edge_half_cent'],
  ['tenths everywhere', [10, 4210], 'deci_cent'],
  ['hundredths at the far edges', [1, 4210], 'center_deci_edge_centi_cent'],
  ['hundredths in the middle', [4201], 'center_centi_edge_centi_cent'],
  ['no price at all', [], 'linear_cent'],
])('%s', (_, prices, label) => {
  expect(inferGrid(new Set(prices)).price_level_structure).toBe(label)
})

test('every price of the capture lies on the grid, whose ranges meet from 0 to 1', () => {
  const { price_ranges: ranges } = inferGrid(new Set([10, 1000, 4200, 9000, 9990]))
  expect(ranges[0]?.start).toBe('0.0000')
  expect(ranges.at(-1)?.end).toBe('1.0000')
  ranges.slice(1).forEach(({ start }, index) => {
    expect(start).toBe(ranges[index]?.end)
  })
})
