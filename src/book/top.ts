/**
 * The best of a book, read from YES: bids as they stand, the ask as one dollar less the best NO bid.
 *
 * Prices are in 1/10,000 dollar. `mid` may be a half and `microprice` any fraction: both are figures to look at, never
 * money to add up.
 */
import { type CentiCents, type CentiContracts, complement } from '#domain'
import type { Ladder } from './ladder.ts'

export type Top = {
  /** `undefined` on an empty side. */
  readonly yesBid: CentiCents | undefined
  readonly yesBidSize: CentiContracts | undefined
  readonly yesAsk: CentiCents | undefined
  readonly yesAskSize: CentiContracts | undefined
  /** Ask less bid; negative while crossed. The three below are `undefined` unless the book is two-sided. */
  readonly spread: CentiCents | undefined
  readonly mid: number | undefined
  /** The mid, pulled towards the side with less size: (bid × askSize + ask × bidSize) / (bidSize + askSize). */
  readonly microprice: number | undefined
}

export function topOf(yes: Ladder, no: Ladder): Top {
  const yesBest = yes.best
  const noBest = no.best
  const yesBid = yesBest === 0 ? undefined : yesBest
  const yesAsk = noBest === 0 ? undefined : complement(noBest)
  const yesBidSize = yesBid === undefined ? undefined : yes.sizeAt(yesBest)
  const yesAskSize = yesAsk === undefined ? undefined : no.sizeAt(noBest)
  if (yesBid === undefined || yesAsk === undefined || yesBidSize === undefined || yesAskSize === undefined) {
    return { yesBid, yesBidSize, yesAsk, yesAskSize, spread: undefined, mid: undefined, microprice: undefined }
  }
  const microprice = (yesBid * yesAskSize + yesAsk * yesBidSize) / (yesBidSize + yesAskSize)
  const spread = (yesAsk - yesBid) as CentiCents
  return { yesBid, yesBidSize, yesAsk, yesAskSize, spread, mid: (yesBid + yesAsk) / 2, microprice }
}
