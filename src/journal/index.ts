/** The journal: append-only segments on disk. A writer, readers with a place of their own, sealing, and verification. */
export { type ArchivedSegment, changeArchived, readArchived } from './archived.ts'
export { BLOCK_HEADER_BYTES } from './block.ts'
export { decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts'
export { ManualClock } from './clock-manual.ts'
export { SystemClock } from './clock-system.ts'
export { type CursorOptions, JournalCursor, losesRecords, openCursor, type ReadFault } from './cursor.ts'
export { FileDisk } from './disk-files.ts'
export { MemoryDisk, type MemoryDiskOptions, type Operation } from './disk-memory.ts'
export { codeOf, JournalError, type JournalErrorCode } from './errors.ts'
export {
  listSegmentFiles,
  manifestName,
  manifestPath,
  rawPath,
  type SegmentFiles,
  sealedName,
  sealedPath,
} from './folder.ts'
export {
  findMissing,
  type JournalFault,
  type JournalReport,
  listSegments,
  type SegmentFault,
  type SegmentSummary,
  type VerifyOptions,
  verifyJournal,
} from './inspect.ts'
export { type Journal, openJournal } from './journal.ts'
export type { JournalBlock } from './journal-block.ts'
export type { JournalEvent, JournalMetrics, JournalOptions } from './journal-options.ts'
export { decodeJson, encodeJson } from './json-body.ts'
export { decodeManifest, type Manifest } from './manifest.ts'
export { SeededRandom, SYSTEM_RANDOM } from './random-sources.ts'
export type { Recovery } from './recovery.ts'
export { type Sealer, type SealerOptions, startSealer } from './sealer.ts'
export { type SealOptions, sealableSegments, sealSegment } from './sealing.ts'
export { readManifest } from './segment.ts'
export { SEGMENT_HEADER_BYTES } from './segment-header.ts'
export { readSmallFile, removeIfThere, replaceSmallFile } from './small-file.ts'
export { SYSTEM_TIME } from './time-system.ts'
