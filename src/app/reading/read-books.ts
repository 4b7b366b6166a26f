/**
 * Books from a journal alone: folds its records with the fold of the live feed. Takes any cursor, so the same code reads a
 * living journal, a finished one and a sealed one.
 */
import type { Position } from '#domain'
import { Fold, type FoldListener } from '#feed'
import { FileDisk, listSegments, losesRecords, openCursor, type ReadFault } from '#journal'
import { foldRecord } from '#live'

export type BooksRead = {
  readonly fold: Fold
  readonly faults: readonly ReadFault[]
  /** The position after the last record read. */
  readonly end: Position
  readonly records: number
}

export type ReadBooksOptions = {
  /** The journal's folder. */
  readonly folder: string
  /** Stop reading further back once all of these are known; without it the whole journal is read. */
  readonly markets?: readonly string[]
  readonly listener?: FoldListener
  readonly onProgress?: (records: number) => void
}

/**
 * The books at the end of a journal. With `markets`, begins at the last segment and goes back in growing steps until each
 * of them has a book: a segment begins with its context, and checkpoints carry the books.
 */
export async function readBooks({ folder, markets, listener = {}, onProgress }: ReadBooksOptions): Promise<BooksRead> {
  const disk = new FileDisk()
  const segments = (await listSegments(disk, folder)).map(({ number }) => number)
  if (segments.length === 0) return { fold: new Fold(listener), faults: [], end: { segment: 0, offset: 0 }, records: 0 }
  for (let back = markets === undefined ? segments.length : 1; ; back *= 2) {
    const start = segments[Math.max(0, segments.length - back)]!
    const read = await readFrom(folder, start, listener, onProgress)
    const isKnown = (markets ?? []).every((each) => (read.fold.market(each)?.seq ?? 0) > 0)
    if (isKnown || back >= segments.length) return read
  }
}

async function readFrom(
  folder: string,
  segment: number,
  listener: FoldListener,
  onProgress?: (records: number) => void,
): Promise<BooksRead> {
  const fold = new Fold(listener)
  const faults: ReadFault[] = []
  const cursor = openCursor({
    disk: new FileDisk(),
    folder,
    from: { segment, offset: 0 },
    onFault: (each) => {
      faults.push(each)
      if (losesRecords(each)) fold.damaged()
    },
  })
  let end: Position = { segment, offset: 0 }
  let records = 0
  try {
    for await (const block of cursor) {
      while (block.next()) {
        foldRecord(fold, block)
        records++
      }
      end = { segment: block.segment, offset: block.end }
      onProgress?.(records)
    }
  } finally {
    await cursor.close()
  }
  return { fold, faults, end, records }
}
