/** What a writer says of itself: how far it is, how far behind, and what went wrong last. Plain data; crosses threads. */
import type { Position } from '#domain'

export type StoreState =
  /** Reads its place in journal and database. */
  | 'opening'
  | 'writing'
  /** PostgreSQL is away or refuses: tried again with backoff. */
  | 'waiting'
  /** Another store moves the watermark of this journal: this one watches, and takes over when it stops. */
  | 'standby'
  | 'stopped'

export type StoreStatus = {
  readonly state: StoreState
  /** Everything before it is in the database. */
  readonly position: Position
  /** Everything before it is on the disk, so it may be read. */
  readonly durable: Position
  /** Bytes of the journal between the two. */
  readonly behindBytes: number
  /** Age of the oldest thing that is not in the database, as far as it was read; 0 when caught up. */
  readonly behindMs: number
  /** Rows a second over the last seconds in which there were any. */
  readonly rowsPerSecond: number
  readonly rows: number
  readonly transactions: number
  readonly quarantined: number
  /** Places of the journal that could not be read, which are told and passed over. */
  readonly unreadable: number
  /** Failures since the last transaction that was committed. */
  readonly failures: number
  readonly lastError: string | undefined
}

export type DrainResult = {
  /** Everything durable is in the database. */
  readonly isComplete: boolean
  readonly position: Position
  readonly durable: Position
}
