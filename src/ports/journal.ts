/**
 * A journal as the recorder writes it and as everything else reads it. Files are one adapter (src/journal).
 *
 * Contract (test/contracts/journal.ts):
 * 1. `append` is synchronous, never waits, never throws for lack of room: it answers `full` and takes nothing.
 * 2. Records are read in the order appended, byte for byte.
 * 3. Nothing past the durable position is shown to a reader that asked for durable records.
 * 4. After a crash the records up to the last durable position published are there; a torn tail is cut and told.
 * 5. Stamps never go backward within a clock epoch.
 */
import type { Position, RecordType } from '#domain'

export interface JournalWriter {
  /**
   * Takes one record with the receive stamp of now, or of `stampNs` (from {@link stamp}). The bytes are copied before
   * the call returns.
   */
  append(type: RecordType, connection: number, body: Uint8Array, stampNs?: number): AppendResult
  /** A receive stamp for now: nanoseconds since the current clock epoch's anchor. Not comparable between epochs. */
  stamp(): number
  /** A stamp as Unix nanoseconds. */
  toUnixNs(stampNs: number): bigint
  /** The position that the next record will have. Only estimated while a block is open across a segment turn. */
  readonly head: Position
  /** Everything before this position is on disk. */
  readonly durable: Position
  /** Bytes appended and not yet durable. */
  readonly bufferedBytes: number
  /** Resolves once everything appended before the call is durable; rejects when the journal has failed for good. */
  flush(): Promise<void>
  close(): Promise<void>
}

/** `too_large`: a body of more than 32 MiB, or more than the writer's whole buffer; it never fits. */
export type AppendResult = 'taken' | 'full' | 'too_large' | 'closed'

/** One record as read. `body` is valid until the next record is asked for; copy it to keep it. */
export type JournalRecord = {
  readonly position: Position
  /** The position right after this record. */
  readonly next: Position
  readonly type: RecordType | number
  readonly connection: number
  readonly stampNs: bigint
  readonly epoch: number
  readonly body: Uint8Array
}
