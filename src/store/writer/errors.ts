/** How the store says that it must not go on. A database that is away is no error of these: it is waited for. */
import type { Position } from '#domain'

export type StoreErrorCode =
  | 'FLOW_STORE_PLACE'
  /** The schema holds the rows of another journal. */
  | 'FLOW_STORE_OTHER_JOURNAL'
  /** The watermark stands in a segment that the journal does not have, or that has another id here. */
  | 'FLOW_STORE_SEGMENT_MISSING'
  /** The watermark stands past the journal's end: this is an older copy of it. */
  | 'FLOW_STORE_JOURNAL_OLDER'
  /** The folder holds no journal that could be read. */
  | 'FLOW_STORE_NO_JOURNAL'
  /** The journal cannot be read where the store must go on. */
  | 'FLOW_STORE_JOURNAL_DAMAGED'
  /** An option is out of its range. */
  | 'FLOW_STORE_OPTION'

export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: StoreErrorCode
  /** What a caller needs to act: folder, schema, positions, ids. */
  readonly fields: Readonly<Record<string, string | number>>

  constructor(
    code: StoreErrorCode,
    message: string,
    fields: Readonly<Record<string, string | number>> = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.fields = fields
  }
}

/**
 * The watermark is not where this writer left it: another store works on the same journal, or a backup was restored. What
 * is in memory is let go, and the writer begins again from the watermark.
 */
export class WatermarkMoved extends Error {
  override readonly name = 'WatermarkMoved'
  /** Where it stands, when that is known. */
  readonly position: Position | undefined

  constructor(message: string, { position, cause }: { readonly position?: Position; readonly cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.position = position
  }
}
