/** Prices on grids: what is put on one lies on it, at or below, with nothing in between. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { floorToGrid, isOnGrid, PRICE_RANGES, stepAbove, stepBelow } from './price-grid.ts'

const grid = fc.constantFrom('linear_cent' as const, 'tapered_deci_cent' as const, 'deci_cent' as const)

test('a price is on the grid exactly when a range says so', () => {
  fc.assert(
    fc.property(grid, fc.integer({ min: 1, max: 9999 }), (name, price) => {
      const isOn = PRICE_RANGES[name].some(
        ({ start, end, step }) => price >= start && price <= end && (price - start) % step === 0,
      )
      expect(isOnGrid(name, price)).toBe(isOn)
      expect(isOnGrid(name, 10_000 - price)).toBe(isOn)
    }),
    { numRuns: 2000 },
  )
})

test('the floor is the highest price at or below, and steps lead from price to price', () => {
  fc.assert(
    fc.property(grid, fc.double({ min: 0, max: 9999.5, noNaN: true }), (name, price) => {
      const floor = floorToGrid(name, price)
      expect(floor <= price).toBe(true)
      if (floor === 0) {
        for (let each = 1; each <= price; each++) expect(isOnGrid(name, each)).toBe(false)
        return
      }
      expect(isOnGrid(name, floor)).toBe(true)
      expect(floor + stepAbove(name, floor)).toBeGreaterThan(price)
      const below = floor - stepBelow(name, floor)
      expect(below === 0 || isOnGrid(name, below)).toBe(true)
      expect(below + stepAbove(name, below)).toBe(floor)
    }),
    { numRuns: 2000 },
  )
})
