/** What a recorder says of itself: one object for the control socket, the service over it, the status line and `--json`. */
import type { Environment } from '#domain'
import type { SessionState } from '#feed'

export type RecorderStatus = {
  readonly environment: Environment
  readonly version: string
  readonly pid: number
  /** Absolute path. */
  readonly data_folder: string
  readonly session: string
  /** RFC 3339. */
  readonly started: string
  readonly up_ms: number
  readonly frames: number
  readonly frames_per_second: number
  readonly peak_frames_per_second: number
  readonly markets: {
    readonly asked: number
    readonly valid: number
    readonly in_doubt: number
    readonly unknown: number
  }
  readonly connections: readonly {
    readonly connection: number | null
    readonly state: SessionState
    readonly markets: number
    readonly unproven: number
    readonly attempts: number
    readonly orientation: string | null
  }[]
  readonly counts: Readonly<Record<string, number>>
  readonly unknown_fields: Readonly<Record<string, number>>
  readonly connections_lost: number
  readonly audit: AuditStatus
  /** The same fault in too many fresh books of a connection: what it is, and since when it has lasted longest. */
  readonly wire: {
    readonly changed: boolean
    /** RFC 3339. */
    readonly since: string | null
    readonly what: string | null
    /** Prices and sizes of each connection's books were held against its tickers. */
    readonly units_checked: boolean
  }
  /**
   * From the exchange's own time in a delta to the book, over the last ten seconds; `null` where frames carry no time. Two
   * clocks are compared: `ahead` messages came before their time.
   */
  readonly message_age_ms: {
    readonly p50: number
    readonly p99: number
    readonly max: number
    readonly count: number
    readonly ahead: number
  } | null
  readonly backpressure: string
  /** An operator paused the recording; `null` while it records. */
  readonly paused: Paused | null
  /** It was asked to end: no more frames come in, and what was received is made durable and stored. */
  readonly stopping: boolean
  readonly journal: {
    readonly id: string
    readonly head: string
    readonly durable: string
    readonly records: number
    readonly bytes: number
    readonly buffered_bytes: number
    readonly commit_p50_ms: number
    readonly commit_p99_ms: number
    readonly commit_max_ms: number
    readonly write_failures: number
    /** A write failed, and none has succeeded since. */
    readonly failing: boolean
    /** Why nothing more can be recorded; `null` while it can. */
    readonly failed: string | null
  }
  readonly quarantine: readonly {
    readonly at: string
    readonly was: string
    readonly market: string | null
    readonly time: string
  }[]
}

/** Books that were held for right, compared with fresh snapshots of the exchange; figures of this run. */
export type AuditStatus = {
  /** Markets asked for. An answer of a book that went in doubt meanwhile is no audit. */
  readonly asked: number
  readonly matched: number
  /** Beside our book by a part of one group of changes, which the snapshot lacked or held already. */
  readonly offset: number
  readonly mismatched: number
  /** More offsets among the latest audits than a busy moment explains. */
  readonly many_offsets: boolean
  /** RFC 3339. */
  readonly last_mismatch: string | null
  /** The longest that a book shown as proven stands without a snapshot of the exchange. */
  readonly oldest_market_ms: number
  /** By connection and book subscription: since its last audit; `null` before the first. */
  readonly sids: readonly { readonly connection: number; readonly sid: number; readonly last_ms: number | null }[]
}

export type Paused = {
  /** RFC 3339. */
  readonly since: string
  /** Who asked, in the asker's own words. */
  readonly by: string
}

/** The recorder with its process, its disk and its store: what the control socket answers. */
export type ServiceStatus = RecorderStatus & {
  /** How late the recorder's event loop came since at most a minute ago: what delays a frame at most. */
  readonly event_loop_delay_ms: { readonly p50: number; readonly p99: number; readonly max: number }
  readonly memory: { readonly rss_bytes: number; readonly heap_bytes: number }
  /** Of the data folder; `null` where the system does not say. */
  readonly disk: { readonly free_bytes: number; readonly total_bytes: number } | null
  /** `null` when nothing is to be stored. */
  readonly store: StoreSummary | null
  /** Those beside the recorder that are kept running: `api`, and `exchange` where it is the built-in one. */
  readonly threads: Readonly<Record<string, ThreadSummary>>
}

export type ThreadSummary = {
  readonly state: 'starting' | 'ready' | 'waiting' | 'ended'
  /** Times that it crashed or hung and was started anew. */
  readonly restarts: number
  readonly last_error: string | null
}

export type StoreSummary = {
  readonly state: 'opening' | 'writing' | 'waiting' | 'standby' | 'stopped' | 'unavailable' | 'refused'
  /** Everything before it is in the database. */
  readonly position: string
  readonly behind_bytes: number
  readonly behind_ms: number
  readonly rows: number
  readonly rows_per_second: number
  readonly transactions: number
  readonly quarantined: number
  readonly failures: number
  readonly restarts: number
  readonly last_error: string | null
  /** Why the store must not go on; `null` while it may. */
  readonly refused: string | null
}
