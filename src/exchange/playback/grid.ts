/**
 * The price grid of a market, inferred: the coarsest of Kalshi's structures that holds every price of the capture.
 *
 * Structures: docs.kalshi.com/getting_started/fixed_point_migration (read 2026-08). A capture cannot prove a grid, so a
 * market whose finer prices were never quoted shows a coarser one than it had.
 */
import { type CentiCents, complement, formatDollars, ONE_DOLLAR } from '#domain'

export type PriceGrid = {
  readonly price_level_structure: string
  readonly price_ranges: readonly { readonly start: string; readonly end: string; readonly step: string }[]
}

type Structure = {
  readonly label: string
  readonly edge: number
  readonly edgeStep: number
  readonly centerStep: number
}

/** From coarse to fine, so that the first that fits is the coarsest. Edge width and steps in 1/10,000 dollar. */
const STRUCTURES: readonly Structure[] = [
  { label: 'linear_cent', edge: 0, edgeStep: 100, centerStep: 100 },
  { label: 'center_whole_edge_half_cent', edge: 1000, edgeStep: 50, centerStep: 100 },
  { label: 'center_whole_edge_quint_cent', edge: 1000, edgeStep: 20, centerStep: 100 },
  { label: 'tapered_deci_cent', edge: 1000, edgeStep: 10, centerStep: 100 },
  { label: 'center_half_edge_half_cent', edge: 1000, edgeStep: 50, centerStep: 50 },
  { label: 'center_half_edge_quint_cent', edge: 1000, edgeStep: 20, centerStep: 50 },
  { label: 'center_half_edge_deci_cent', edge: 1000, edgeStep: 10, centerStep: 50 },
  { label: 'center_quint_edge_quint_cent', edge: 1000, edgeStep: 20, centerStep: 20 },
  { label: 'center_quint_edge_deci_cent', edge: 1000, edgeStep: 10, centerStep: 20 },
  { label: 'deci_cent', edge: 0, edgeStep: 10, centerStep: 10 },
  { label: 'center_deci_edge_centi_cent', edge: 100, edgeStep: 1, centerStep: 10 },
  { label: 'center_centi_edge_centi_cent', edge: 0, edgeStep: 1, centerStep: 1 },
]

export function inferGrid(prices: ReadonlySet<number>): PriceGrid {
  const holds = ({ edge, edgeStep, centerStep }: Structure): boolean => {
    for (const price of prices) {
      const isEdge = price < edge || price > ONE_DOLLAR - edge
      if (price % (isEdge ? edgeStep : centerStep) !== 0) return false
    }
    return true
  }
  const structure = (STRUCTURES.find(holds) ?? STRUCTURES.at(-1)) as Structure
  return { price_level_structure: structure.label, price_ranges: rangesOf(structure) }
}

function rangesOf({ edge, edgeStep, centerStep }: Structure): PriceGrid['price_ranges'] {
  const range = (start: number, end: number, step: number) => ({
    start: formatDollars(start as CentiCents),
    end: formatDollars(end as CentiCents),
    step: formatDollars(step as CentiCents),
  })
  const last = complement(edge as CentiCents)
  if (edge === 0 || edgeStep === centerStep) return [range(0, ONE_DOLLAR, centerStep)]
  return [range(0, edge, edgeStep), range(edge, last, centerStep), range(last, ONE_DOLLAR, edgeStep)]
}
