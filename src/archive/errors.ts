/** How the archive says that something failed, or that it will not go on. */

export type ArchiveErrorCode =
  /** The target's name is none: a folder or s3://bucket/prefix is needed. */
  | 'FLOW_ARCHIVE_TARGET'
  /** The target cannot be reached, or refuses. It is tried again. */
  | 'FLOW_ARCHIVE_UNREACHABLE'
  /** An object of that name is there and holds something else. It is never overwritten. */
  | 'FLOW_ARCHIVE_DIFFERENT'
  /** What the target gives back is not what was put there. */
  | 'FLOW_ARCHIVE_CORRUPT'
  /** What was asked for is not in the target. */
  | 'FLOW_ARCHIVE_MISSING'
  /** The folder holds another journal, or the target several. */
  | 'FLOW_ARCHIVE_JOURNAL'
  /** The local segment is not what its manifest says: nothing is archived of it. */
  | 'FLOW_ARCHIVE_LOCAL'

export class ArchiveError extends Error {
  override readonly name = 'ArchiveError'
  readonly code: ArchiveErrorCode

  constructor(code: ArchiveErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}
