/**
 * Books from a journal alone: folds its records with the fold of the live feed. Takes any cursor, so the same code reads a
 * living journal, a finished one and a sealed one.
 */
import {
  type ConnectionLostBody,
  type ConnectionOpenedBody,
  type ContextBody,
  type Position,
  RECORD,
  type SessionBody,
  type ValidityBody,
} from '#domain'
import { doubtOf, Fold, type FoldListener } from '#feed'
import {
  decodeCheckpoint,
  decodeJson,
  FileDisk,
  type JournalBlock,
  listSegments,
  losesRecords,
  openCursor,
  type ReadFault,
} from '#journal'

/** Applies the current record of a block. Records that change no book are passed over. */
export function foldRecord(fold: Fold, block: JournalBlock): void {
  switch (block.type) {
    case RECORD.FRAME:
      fold.frame(block.connection, block.body(), unixMs(block))
      return
    case RECORD.COMMAND:
      fold.command(block.connection, block.body())
      return
    case RECORD.CONNECTION_OPENED: {
      const body = decodeJson<ConnectionOpenedBody>(block.body())
      if (body !== undefined) fold.opened(block.connection, body)
      return
    }
    case RECORD.CONNECTION_LOST: {
      const body = decodeJson<ConnectionLostBody>(block.body())
      fold.lost(block.connection, doubtOf(body?.cause ?? 'disconnect'))
      return
    }
    case RECORD.VALIDITY: {
      const body = decodeJson<ValidityBody>(block.body())
      if (body !== undefined) fold.validity(body, block.connection === 0 ? undefined : block.connection)
      return
    }
    case RECORD.CHECKPOINT: {
      const book = decodeCheckpoint(block.body())
      if (book !== undefined) fold.checkpoint(book, unixMs(block))
      return
    }
    case RECORD.SESSION:
      if (decodeJson<SessionBody>(block.body())?.event === 'started') fold.sessionStarted()
      return
    case RECORD.CONTEXT: {
      const body = decodeJson<ContextBody>(block.body())
      if (body !== undefined) fold.context(body)
      return
    }
  }
}

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

/** The stamp as Unix ms with fraction, without a bigint for each record. */
function unixMs(block: JournalBlock): number {
  return Number(block.baseNs / 1000n) / 1000 + block.deltaNs / 1e6
}
