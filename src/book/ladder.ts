/**
 * One side of a book: sizes by price, and the best price. Two shapes keep the same promises: {@link DenseLadder} for
 * grids of a tenth of a cent and coarser, {@link SortedLadder} for anything finer.
 */
import type { CentiCents, CentiContracts, Level } from '#domain'

export interface Ladder {
  /** Highest price with a size; 0 when the side is empty. */
  readonly best: CentiCents
  /** Number of levels. */
  readonly count: number
  /** Sum of all sizes. */
  readonly total: CentiContracts
  /** 0 where no level stands. */
  sizeAt(price: CentiCents): CentiContracts
  /**
   * Adds a signed change at a price of this ladder's grid and returns the size after it. A negative answer says that it
   * would have left less than nothing: then nothing was changed.
   */
  add(price: CentiCents, change: CentiContracts): number
  /** Replaces everything. Levels in ascending price, on the grid, sizes positive. */
  reset(levels: readonly Level[]): void
  /** Best price first; at most `depth` levels. */
  top(depth: number): Level[]
  /** Ascending price. */
  levels(): Level[]
}
