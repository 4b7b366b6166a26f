/**
 * A journal's record into a fold: what each record type does to the books. Every reader that wants books alone goes
 * through here; the store makes rows of the same records beside it (src/store/rows/row-fold.ts).
 */
import {
  type ConnectionLostBody,
  type ConnectionOpenedBody,
  type ContextBody,
  type GapBody,
  RECORD,
  type SessionBody,
  type ValidityBody,
} from '#domain'
import { doubtOf, type Fold } from '#feed'
import { decodeCheckpoint, decodeJson, type JournalBlock } from '#journal'

/** Applies the current record of a block. Records that change no book are passed over. */
export function foldRecord(fold: Fold, block: JournalBlock): void {
  switch (block.type) {
    case RECORD.FRAME:
      fold.frame(block.connection, block.body(), receivedMs(block))
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
      if (book !== undefined) fold.checkpoint(book, receivedMs(block))
      return
    }
    case RECORD.SESSION:
      if (decodeJson<SessionBody>(block.body())?.event === 'started') fold.sessionStarted()
      return
    case RECORD.GAP: {
      const body = decodeJson<GapBody>(block.body())
      if (body !== undefined) fold.gap(body)
      return
    }
    case RECORD.CONTEXT: {
      const body = decodeJson<ContextBody>(block.body())
      if (body !== undefined) fold.context(body)
      return
    }
  }
}

/** The stamp of the current record as Unix ms with fraction, without a bigint for each. */
export const receivedMs = (block: JournalBlock): number => Number(block.baseNs / 1000n) / 1000 + block.deltaNs / 1e6
