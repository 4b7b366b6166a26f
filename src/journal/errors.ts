/** How the journal says that the world failed. Facts about data (damage, a torn tail, a full buffer) are returned instead. */

export type JournalErrorCode =
  /** The folder holds a journal of another environment. */
  | 'FLOW_JOURNAL_ENVIRONMENT'
  /** A segment was written by a later version of the format. */
  | 'FLOW_JOURNAL_VERSION'
  /** Segments are there, and none of them has a header that can be read. */
  | 'FLOW_JOURNAL_UNREADABLE'
  /** The numbers of segments are used up: a stray file has one of the last. */
  | 'FLOW_JOURNAL_NUMBER'
  /** Somebody else writes to the same folder. */
  | 'FLOW_JOURNAL_TWO_WRITERS'
  /** Writing failed for longer than the limit; what was not durable by then is lost. */
  | 'FLOW_JOURNAL_FAILED'
  /** The journal was closed, or closing could not finish in time. */
  | 'FLOW_JOURNAL_CLOSED'
  /** A segment could not be sealed: it is damaged, gone or still being written. */
  | 'FLOW_JOURNAL_SEAL'
  /** An option is out of its range. */
  | 'FLOW_JOURNAL_OPTION'

export class JournalError extends Error {
  override readonly name = 'JournalError'
  readonly code: JournalErrorCode
  /** What a caller needs to act: folder, segment, found and needed values. */
  readonly fields: Readonly<Record<string, string | number>>

  constructor(
    code: JournalErrorCode,
    message: string,
    fields: Readonly<Record<string, string | number>> = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.fields = fields
  }
}

/** The Node code of a failed file operation, `UNKNOWN` when it has none. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : 'UNKNOWN'
}
