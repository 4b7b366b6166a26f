/** Folds frames without sockets or files, and takes the digests that the oracle takes. */
import { createHash } from 'node:crypto'
import { canonicalText } from '#book'
import type { Levels } from '#domain'
import { Fold, type FoldListener } from '#feed'

export const digestOf = (market: string, levels: Levels): string =>
  createHash('sha256').update(canonicalText(market, levels)).digest('hex')

export const anImport = {
  host: 'capture',
  environment: 'import',
  useYesPrice: false,
  firstSeq: 'any',
} as const

/** A fold with connection 1 open; imports take up a sid where they first see it. */
export function importFold(listener: FoldListener = {}): Fold {
  const fold = new Fold(listener)
  fold.opened(1, anImport)
  return fold
}

export type Digest = { readonly valid: boolean; readonly seq: number; readonly sha256: string }

export const digestsOf = (fold: Fold): Record<string, Digest> =>
  Object.fromEntries(
    fold
      .markets()
      .map(({ ticker, book, proven, seq }) => [
        ticker,
        { valid: proven, seq, sha256: digestOf(ticker, book.levels()) },
      ]),
  )
