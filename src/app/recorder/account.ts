/** What a run amounts to: told at its end, written into the journal, and the ground of the exit code. */
import type { Position } from '#domain'

/** What a recorder leaves behind: printed at the end. */
export type Account = {
  readonly session: string
  readonly reason: string
  readonly seconds: number
  readonly frames: number
  readonly records: number
  readonly durableRecords: number
  readonly bytes: number
  /** Sequence breaks, connections lost, frames that could not be read. */
  readonly breaks: number
  /** Connections that were open at all. */
  readonly connections: number
  readonly connectionsLost: number
  readonly malformed: number
  /** Frames that reached books while the disk was full, and are in no journal. */
  readonly framesUnrecorded: number
  readonly markets: number
  readonly validAtEnd: number
  readonly durable: Position
  /** Whether everything received is on disk. */
  readonly isComplete: boolean
}
