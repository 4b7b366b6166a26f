/** What can be asked of a journal's writer, what it tells, and what holds when nothing is asked. */
import type { Environment, Position } from '#domain'
import type { Clock, Disk, Random } from '#ports'
import type { JournalError } from './errors.ts'

export type JournalOptions = {
  readonly disk: Disk
  readonly folder: string
  readonly environment: Environment
  readonly clock?: Clock
  readonly random?: Random
  /** Program and version for segment headers, at most 16 ASCII characters. */
  readonly writer?: string
  /** How long records gather before they are written. Longer means fewer syncs and a later durable position. Default 5. */
  readonly commitIntervalMs?: number
  /** Appends answer `full` beyond this. Default 64 MiB; less than twice as much memory is used. */
  readonly bufferLimitBytes?: number
  /** A segment turns before it grows past this. Default 256 MiB. */
  readonly segmentBytes?: number
  /** A segment turns when its first record is older than this. Default 1 h. */
  readonly segmentAgeMs?: number
  /** How long a disk may refuse before the journal fails for good; one without room may for ever. Default 24 h. */
  readonly retryForMs?: number
  /** How long `close` may take to make the rest durable. Default 10 s. */
  readonly closeWithinMs?: number
  /** The first segment's number is above this: the highest that any reader's cursor names. */
  readonly aboveSegment?: number
  /** The body of the CONTEXT record that a segment begins with; called when it turns, synchronously. It must not append. */
  readonly context?: () => Uint8Array | undefined
  /** Called after each commit. */
  readonly onDurable?: (position: Position) => void
  readonly onEvent?: (event: JournalEvent) => void
}

export type JournalEvent =
  | { readonly kind: 'segment_opened'; readonly segment: number }
  /** The disk refused; the records are kept and it is tried again after `retryInMs`. */
  | {
      readonly kind: 'write_failed'
      readonly stage: 'create' | 'write' | 'sync'
      readonly code: string
      readonly failures: number
      readonly retryInMs: number
      readonly bufferedBytes: number
      readonly cause: Error
    }
  /** Nothing more is written to this segment: readers stop at `length`, and what followed it stands in the next. */
  | { readonly kind: 'segment_abandoned'; readonly segment: number; readonly length: number }
  | { readonly kind: 'write_recovered'; readonly failures: number; readonly afterMs: number }
  | { readonly kind: 'failed'; readonly error: JournalError }

export type JournalMetrics = {
  /** Records and body bytes taken. */
  readonly records: number
  readonly bytes: number
  /** Records that are durable. */
  readonly durableRecords: number
  readonly bufferedBytes: number
  /** Appends that were answered `full`. */
  readonly refused: number
  readonly commits: number
  /** From the start of a write to the end of its sync, without failed ones; 0 before the first. */
  readonly commitMs: { readonly p50: number; readonly p99: number; readonly max: number }
  readonly writeFailures: number
}

export const DEFAULTS = {
  writer: 'kalshiflow/1',
  commitIntervalMs: 5,
  bufferLimitBytes: 64 * 1024 * 1024,
  segmentBytes: 256 * 1024 * 1024,
  segmentAgeMs: 3_600_000,
  retryForMs: 24 * 3_600_000,
  closeWithinMs: 10_000,
  aboveSegment: 0,
} as const

/** The options with every default filled in. */
export type Settings = JournalOptions & { readonly [Name in keyof typeof DEFAULTS]: NonNullable<JournalOptions[Name]> }
