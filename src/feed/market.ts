/**
 * One market as the feed knows it: its book, where the book comes from, and whether it may be believed.
 *
 * Changed only by the fold. A book is *proven* from its own snapshot on, for as long as nothing of its subscription was
 * missed; it is *valid* when it is proven and its connection's orientation is settled as asked.
 */
import { Book } from '#book'
import type { LostCause } from '#domain'
import type { MarketAudit } from './audit.ts'
import type { Orientation } from './orientation.ts'

/** What the end of a connection means for its books. */
export function doubtOf(cause: LostCause): DoubtCause {
  if (cause === 'stopped') return 'recording_stopped'
  return cause === 'paused' ? 'recording_paused' : 'connection_lost'
}

/** Why a book may not be believed. */
export type DoubtCause =
  | 'no_snapshot'
  | 'sequence_break'
  | 'negative_size'
  | 'crossed'
  | 'malformed'
  | 'connection_lost'
  | 'recording_stopped'
  | 'recording_paused'
  | 'process_down'
  | 'terminal_error'
  | 'unsubscribed'
  | 'unknown_market'
  | 'orientation'
  | 'admin'
  | 'audit_mismatch'
  | 'audit_pending'
  | 'wire_changed'
  | 'ping_silence'
  | 'snapshot_timeout'
  | 'dropped'
  | 'journal_damage'
  | 'disk_full'
  | 'behind'

/** The subscription that a book follows, as far as the book's own questions go. */
export interface MarketSource {
  readonly connectionId: number
  readonly sid: number
  readonly orientation: Orientation
  /** The last number seen on the subscription. */
  readonly last: number | undefined
  /** Receive time of the last in-sequence frame, Unix ms. */
  readonly lastMs: number
  /** Markets that the feed holds proven, and whose book a reader that began at a context has not seen. */
  readonly unread: Set<Market>
  /** Lets a market go that follows another subscription from now on, or none. */
  detach(market: Market): void
  /** The market's book is crossed no longer. */
  uncross(market: Market): void
}

export class Market {
  readonly ticker: string
  readonly book = new Book()
  /** `undefined` before its first snapshot. */
  source: MarketSource | undefined
  /** The book has followed its subscription without a hole since its snapshot. */
  proven = false
  /** A question about the proven book that is not settled. */
  audit: MarketAudit | undefined
  /** Where the feed holds it proven, while this reader has not seen its book. */
  unreadOn: MarketSource | undefined
  /** Why it is not proven. */
  cause: DoubtCause | undefined = 'no_snapshot'
  /** Frames of it are in no journal since its last snapshot: the next one is a reader's first, and is compared with nothing. */
  isUnrecorded = false
  /** The number of the last frame that changed or proved the book. */
  seq = 0
  /** Exchange time of the last delta applied, Unix ms; 0 before the first. Deltas of one time are one group. */
  exchangeMs = 0
  /** While crossed: the exchange time after which it is a fault, Infinity before one is told; 0 otherwise. */
  crossedUntilMs = 0
  /** Receive time of the last frame that changed or proved the book, Unix ms. */
  changedMs = 0
  /** Receive time of the last snapshot, Unix ms. */
  snapshotMs = 0
  /** Once in doubt: up to when the book is still believed, Unix ms. */
  provenUntilMs = 0
  deltas = 0
  snapshots = 0
  /** Deltas since the last whole book in the journal: a snapshot or a checkpoint. */
  deltasSinceCheckpoint = 0
  /** When that was, Unix ms. */
  basedMs = 0

  constructor(ticker: string) {
    this.ticker = ticker
  }

  /** Whether the book is the exchange's book as of the last frame taken of its subscription. */
  get valid(): boolean {
    return this.stands && this.audit?.isOpen !== true
  }

  /** The same, whether or not an audit under way keeps the book back for a moment. */
  get stands(): boolean {
    return this.proven && this.source?.orientation.verdict === 'as_asked'
  }

  /** Why the book is not valid; `undefined` when it is. */
  get doubt(): DoubtCause | undefined {
    if (!this.proven) return this.cause
    if (!this.stands) return 'orientation'
    return this.audit?.isOpen === true ? 'audit_pending' : undefined
  }

  /**
   * Unix ms up to which the book is known to be right, 0 when never: while it is proven the last in-sequence frame of its
   * subscription, then what its doubt left of that. A checkpoint, which may come long after that frame, proves nothing more.
   */
  get asOfMs(): number {
    if (!this.proven) return this.provenUntilMs
    return this.audit?.isOpen === true ? this.audit.asOfMs : this.source?.lastMs || this.changedMs
  }
}
