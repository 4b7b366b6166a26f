/** How much rests near the best prices of a book, and which way it leans. */
import { type CentiCents, type CentiContracts, type Level, NO, type Side, YES } from '#domain'
import type { Book } from './book.ts'

/** Contracts resting on a side within `distance` of its best price, that price included; 0 on an empty side. */
export function depthWithin(book: Book, side: Side, distance: CentiCents): CentiContracts {
  const best = book.best(side)
  let sum = 0
  for (const [price, size] of book.bids(side, Number.POSITIVE_INFINITY)) {
    if (price < best - distance) break
    sum += size
  }
  return sum as CentiContracts
}

/**
 * (YES − NO) / (YES + NO) over the best `depth` levels of each side: −1 … 1, positive when more wants to buy YES.
 * `undefined` for an empty book.
 */
export function imbalance(book: Book, depth: number): number | undefined {
  const yes = sum(book.bids(YES, depth))
  const no = sum(book.bids(NO, depth))
  return yes + no === 0 ? undefined : (yes - no) / (yes + no)
}

const sum = (levels: readonly Level[]): number => levels.reduce((total, [, size]) => total + size, 0)
