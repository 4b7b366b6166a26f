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
    /** Median of the last ten seconds, and where it is going; `null` while nothing with a time comes. */
    readonly message_age_ms: { readonly p50: number; readonly trend_ms_per_minute: number } | null
    /** Times that it was made anew because its messages grew old. */
    readonly replaced: number
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
  /** How far the wall clock is ahead of the true time, and by how much that may be wrong; `null` while nobody knows. */
  readonly clock: { readonly source: string; readonly offset_ms: number; readonly error_ms: number } | null
  readonly backpressure: string
  /** Why the last attempt to connect failed; `null` once one succeeded. */
  readonly refusal: string | null
  /** Since when the disk is full and frames reach books alone, and how many did since then; `null` while there is room. */
  readonly cut_off: { readonly since: string; readonly frames: number } | null
  /** Frames that reached books and are in no journal, since the start. */
  readonly frames_unrecorded: number
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
    /** Damaged places that were found at start; they are kept. */
    readonly damaged: number
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
  readonly disk: {
    readonly free_bytes: number
    readonly total_bytes: number
    /** At the rate measured, or expected before anything was; `null` where nothing is added. */
    readonly days_left: number | null
    /** No frame is recorded for want of room; books live on. */
    readonly full: boolean
  } | null
  /** `null` when nothing is archived. */
  readonly archive: ArchiveStatus | null
  /** `null` when nothing is to be stored. */
  readonly store: StoreSummary | null
  /** Those beside the recorder that are kept running: `api`, and `exchange` where it is the built-in one. */
  readonly threads: Readonly<Record<string, ThreadSummary>>
  /** `null` where nobody looks for alarms. */
  readonly alerts: AlertSummary | null
}

export type AlertSummary = {
  /** Names of the alarms that fire now. */
  readonly firing: readonly string[]
  /** Messages to each target; its address is not told. */
  readonly targets: readonly {
    readonly kind: string
    readonly target: string
    readonly sent: number
    readonly failed: number
    readonly dropped: number
  }[]
  /** `withheld`: why the next ping would be; empty while all is well. `null` without an address. */
  readonly dead_man: { readonly pings: number; readonly failed: number; readonly withheld: readonly string[] } | null
}

export type ThreadSummary = {
  readonly state: 'starting' | 'ready' | 'waiting' | 'ended'
  /** Times that it crashed or hung and was started anew. */
  readonly restarts: number
  readonly last_error: string | null
}

export type ArchiveStatus = {
  /** A folder, or s3://bucket/prefix. */
  readonly target: string
  /** Sealed segments that are not proved to be there. */
  readonly behind_segments: number
  /** Segments of this folder that are. */
  readonly proved_segments: number
  /** RFC 3339: when nothing was left to be archived; `null` before. */
  readonly last_success: string | null
  /** Of the last look; `null` when it went well. */
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
