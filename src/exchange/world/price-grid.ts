/**
 * The price grids that markets of the simulated world have, and prices put on them.
 *
 * Structures: docs.kalshi.com/getting_started/fixed_point_migration (read 2026-08). Three of them are played.
 */
import { type CentiCents, ONE_DOLLAR } from '#domain'

/** From `start` to `end` prices are multiples of `step`. */
export type PriceRange = { readonly start: CentiCents; readonly end: CentiCents; readonly step: CentiCents }

export type GridName = 'linear_cent' | 'tapered_deci_cent' | 'deci_cent'

const CENT = 100
const DECI_CENT = 10
const EDGE = 1000

const range = (start: number, end: number, step: number): PriceRange => ({
  start: start as CentiCents,
  end: end as CentiCents,
  step: step as CentiCents,
})

export const PRICE_RANGES: Readonly<Record<GridName, readonly PriceRange[]>> = {
  linear_cent: [range(0, ONE_DOLLAR, CENT)],
  tapered_deci_cent: [
    range(0, EDGE, DECI_CENT),
    range(EDGE, ONE_DOLLAR - EDGE, CENT),
    range(ONE_DOLLAR - EDGE, ONE_DOLLAR, DECI_CENT),
  ],
  deci_cent: [range(0, ONE_DOLLAR, DECI_CENT)],
}

/** The step just above or at `price`; grids are symmetric, so it serves both sides. */
export const stepAbove = (grid: GridName, price: number): number =>
  grid === 'linear_cent' ? CENT : grid === 'deci_cent' || price < EDGE || price >= ONE_DOLLAR - EDGE ? DECI_CENT : CENT

export const stepBelow = (grid: GridName, price: number): number => stepAbove(grid, price - 1)

export const isOnGrid = (grid: GridName, price: number): boolean =>
  Number.isInteger(price) && price >= 1 && price < ONE_DOLLAR && price % stepAbove(grid, price) === 0

/** The highest grid price at or below `price`; 0 when there is none. */
export function floorToGrid(grid: GridName, price: number): number {
  if (price <= 0) return 0
  const below = Math.min(Math.floor(price), ONE_DOLLAR - 1)
  return below - (below % stepAbove(grid, below))
}
