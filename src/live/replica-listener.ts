/**
 * Who hears what happens to a copy of the books: synchronously, in the order of the journal, from inside the fold. A
 * listener takes what it needs and returns; while it is called, the copy's `position` is the one behind the record at hand.
 */
import type { TradeFrame } from '#codec'
import type { CentiCents, CentiContracts, Side } from '#domain'
import type { Market } from '#feed'

export interface ReplicaListener {
  /** A delta was applied: `size` rests at `price` (in its own side's prices) now. */
  delta?(market: Market, side: Side, price: CentiCents, change: CentiContracts, size: CentiContracts): void
  /** The book is another one: a snapshot, or a checkpoint that was taken over. */
  snapshot?(market: Market): void
  trade?(trade: TradeFrame, receivedMs: number): void
  /** `market.valid` changed, by the fold's word, if only while an audit is under way. Whether the copy itself is behind is told by `state`. */
  validity?(market: Market): void
  /** The market is recorded no longer; `validity` has said before that its book is not valid. */
  forgotten?(ticker: string): void
  /** Several records were folded: what was gathered may be sent. */
  batchEnded?(): void
  /** All books may be others than before: the copy has caught up for the first time. */
  restarted?(): void
  /** The copy's state changed. */
  state?(): void
}
