/**
 * What a journal holds: the records that everything else is made from.
 *
 * Each record has a `type`, the `connection` it belongs to (0 when none), a receive stamp and a body. Frames, commands
 * and checkpoints are bytes; the rest is JSON with the shapes below. A reader passes over a type that it does not know.
 * docs/journal.md gives the bytes. What is written here is for ever: types are added, never changed or renumbered.
 */
import type { Environment } from './environment.ts'
import type { SideName } from './side.ts'

export const RECORD = {
  /** One WebSocket text message as received, untouched. */
  FRAME: 1,
  /** One WebSocket text message as sent. */
  COMMAND: 2,
  /** One REST exchange: {@link RestBody}. */
  REST: 3,
  /** {@link ConnectionOpenedBody}. Its `connection` is new. */
  CONNECTION_OPENED: 4,
  /** {@link ConnectionLostBody}. */
  CONNECTION_LOST: 5,
  /** {@link GapBody}: a hole that does not follow from the frames. */
  GAP: 6,
  /** {@link ValidityBody}: a change of validity whose cause is outside the frames. */
  VALIDITY: 7,
  /** A whole book, in the bytes of docs/journal.md. */
  CHECKPOINT: 8,
  /** {@link ClockStepBody}. The records after it are stamped in a new clock epoch. */
  CLOCK_STEP: 9,
  /** {@link NoteBody}. */
  NOTE: 10,
  /** {@link SessionBody}: a run of the recorder begins or ends. */
  SESSION: 11,
  /** {@link ContextBody}: what a reader that starts at this segment must know. First record of each segment but the first. */
  CONTEXT: 12,
  /** {@link AuditBody}: what the exchange's snapshot of a proven book told of it. */
  AUDIT: 13,
  /** {@link ClockBody}: how far the wall clock is off, as far as that can be known. */
  CLOCK: 14,
} as const

export type RecordType = (typeof RECORD)[keyof typeof RECORD]

export type RestBody = {
  readonly method: string
  /** Path and query from the root, without host; nothing secret is in it. */
  readonly path: string
  /** 0 when there was no answer. */
  readonly status: number
  /** The answer as text. Absent when there was none. */
  readonly body?: string
  readonly error?: string
  readonly tookMs: number
}

export type ConnectionOpenedBody = {
  readonly host: string
  readonly environment: Environment
  /** The value sent with the subscription: `true` means that NO levels arrive in YES prices. */
  readonly useYesPrice: boolean
  /** `import`: the first number seen of a sid is taken as its start, since the recording may begin in the middle. */
  readonly firstSeq: 'one' | 'any'
}

/** Why a connection ended, from our side of it. */
export const LOST_CAUSES = [
  'disconnect',
  'ping_silence',
  'sequence_break',
  'terminal_error',
  'resync_timeout',
  'subscribe_timeout',
  'refused',
  'own_backpressure',
  'disk_full',
  /** Its messages grew old: replaced by a new connection. */
  'message_age',
  'paused',
  'stopped',
  'process_down',
] as const
export type LostCause = (typeof LOST_CAUSES)[number]

export type ConnectionLostBody = {
  readonly cause: LostCause
  readonly detail?: string
  /** WebSocket close code, when there was one. */
  readonly code?: number
  /** The last sign of life: from here on nothing is known. Unix ns as a decimal string. */
  readonly lastProofNs: string
  readonly lastProofKind: 'frame' | 'ping' | 'open' | 'durable'
}

export type GapBody = {
  readonly cause: 'process_down' | 'own_backpressure' | 'disk_full' | 'unsubscribed' | 'maintenance'
  /** Unix ns as decimal strings. */
  readonly fromNs: string
  readonly toNs?: string
  readonly markets?: readonly string[]
  readonly detail?: string
}

export type ValidityBody = {
  /**
   * `doubt`: these markets' books. `settle_orientation`: judge the connection by the sample at hand. `release`: these
   * markets are recorded no longer, without a `delete_markets` that says so. `settle_audits`: what these markets' audits
   * left open is a mismatch, and an answer that did not come is awaited no longer. `wire_sound`: trials found the wire
   * readable again; changes no book.
   */
  readonly action: 'doubt' | 'settle_orientation' | 'release' | 'settle_audits' | 'wire_sound'
  readonly markets?: readonly string[]
  readonly cause: 'admin' | 'audit_mismatch' | 'ping_silence' | 'snapshot_timeout' | 'dropped' | 'wire_changed'
  /** Of `wire_changed`: which fault it was. */
  readonly detail?: string
}

/**
 * One audit as the recorder's own fold settled it. Any reader that folds the frames finds the same, so that a proof of the
 * journal can compare the two. Written up to a tick after the record that settled it.
 */
export type AuditBody = {
  readonly market: string
  readonly sid: number
  /** The number of the snapshot frame. */
  readonly seq: number
  readonly result: 'matched' | 'offset' | 'mismatched'
  /** Levels of either side that differed when the snapshot came. */
  readonly levelsWrong: number
  /** Of a mismatch: both books when the snapshot came; price in 1/10,000 dollar, size in 1/100 contract. */
  readonly ours?: AuditBook
  readonly theirs?: AuditBook
}

export type AuditBook = BySide<readonly (readonly [price: number, size: number])[]>

export type ClockStepBody = {
  /** Unix ns as decimal strings: what the old epoch would have said, and what the wall clock says. */
  readonly oldNs: string
  readonly newNs: string
  /** The number of the epoch that begins. */
  readonly epoch: number
  readonly cause: 'start' | 'step'
}

/** One estimate. At start, when it changes, and hourly: message ages are only as good as it. */
export type ClockBody = {
  /** The program that keeps the clock, or `exchange`: the dates of its answers, right to half a second at best. */
  readonly source: 'chrony' | 'ntp' | 'timesyncd' | 'exchange'
  /** How far our clock is ahead of the true time (or of the exchange's), in ms; below 0 when it is behind. */
  readonly offsetMs: number
  /** By how much that may be wrong, either way. */
  readonly errorMs: number
}

export type NoteBody = { readonly text: string; readonly [field: string]: unknown }

export type SessionBody = {
  readonly event: 'started' | 'stopped'
  /** UUID of the run. */
  readonly session: string
  readonly version: string
  readonly markets?: readonly string[]
  readonly reason?: string
  /** Counts at the end: frames, records, bytes. */
  readonly counts?: Readonly<Record<string, number>>
}

/** State of the open connections at the start of a segment. The checkpoints that follow carry the books. */
export type ContextBody = {
  readonly session: string
  readonly connections: readonly ContextConnection[]
}

export type ContextConnection = ConnectionOpenedBody & {
  readonly connection: number
  /** Its answers carry the id of their command: what carries none is no answer. Absent until one came. */
  readonly sendsIds?: boolean
  readonly orientation: ContextOrientation
  /** The markets asked for on the order-book channel. */
  readonly asked: ContextAsked
  readonly sids: readonly ContextSubscription[]
  /** Markets that have answered and whose books are in doubt: a reader that begins here need not look for them further back. */
  readonly doubts?: readonly { readonly market: string; readonly cause: string }[]
}

export type ContextOrientation = {
  readonly verdict: 'pending' | 'as_asked' | 'wrong'
  /** The two-sided books that it rests on, and which of them were crossed. */
  readonly sample: readonly { readonly market: string; readonly crossed: boolean }[]
  /** Tickers whose YES ask lay nearer to the books as read, and to the books read the other way. */
  readonly fits: { readonly asRead: number; readonly flipped: number }
}

/** Markets by how far they have come; see src/feed/asked.ts. */
export type ContextAsked = {
  /** Asked for, and the first snapshot has not come. */
  readonly awaiting: readonly string[]
  readonly held: readonly string[]
  /** Let go, and the delete is not answered. */
  readonly leaving: readonly string[]
  /** The same, and asked for again. */
  readonly again: readonly string[]
  /** `delete_markets` without an answer, by the id of the command. */
  readonly deletes: readonly { readonly id: number; readonly markets: readonly string[] }[]
}

export type ContextSubscription = {
  readonly sid: number
  readonly channel: string
  /** The last number seen; absent while any first number is accepted. */
  readonly lastSeq?: number
  /** The latest exchange time seen, Unix ms. */
  readonly exchangeMs: number
  /** Receive time of the last in-sequence frame, Unix ms with fraction. */
  readonly lastMs: number
  /** Absent unless the last frames had numbers already passed. */
  readonly passed?: ContextPassed
}

/** Numbers already passed that came one after the other: the last of them, how many, and the last of the count itself. */
export type ContextPassed = { readonly seq: number; readonly run: number; readonly last: number }

/** A whole book as the checkpoint record carries it. */
export type CheckpointBook = {
  readonly market: string
  readonly connection: number
  readonly sid: number
  /** The last number seen on the sid when the checkpoint was made. */
  readonly sidSeq: number
  /** The number of the last frame that changed or proved this book. */
  readonly seq: number
  /** Exchange time of the last delta, Unix ms; 0 when none was seen. */
  readonly exchangeMs: number
  readonly yes: readonly (readonly [price: number, size: number])[]
  readonly no: readonly (readonly [price: number, size: number])[]
}

/** Names the sides of a book where they are keys. */
export type BySide<T> = Readonly<Record<SideName, T>>
