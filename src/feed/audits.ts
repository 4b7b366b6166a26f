/**
 * What follows from the exchange's own word on a book that we hold for right. The fold says when; {@link MarketAudit}
 * compares; here the consequences are carried out. A book that is only offset stays ours, since it followed every delta; a
 * mismatch puts it in doubt from its last snapshot on, and the snapshot that revealed it proves nothing by itself: where
 * the exchange's count and its books do not agree, one of them has to say so twice.
 */
import type { SnapshotFrame } from '#codec'
import { type Audited, MarketAudit } from './audit.ts'
import type { Belief } from './belief.ts'
import type { FoldCounts } from './counts.ts'
import type { FoldListener } from './listener.ts'
import type { Market } from './market.ts'
import type { Subscription } from './subscription.ts'

export class Audits {
  readonly #listener: FoldListener
  readonly #counts: FoldCounts
  readonly #belief: Belief

  constructor(listener: FoldListener, counts: FoldCounts, belief: Belief) {
    this.#listener = listener
    this.#counts = counts
    this.#belief = belief
  }

  /**
   * A `get_snapshot` was sent: from here on the deltas of a proven book are remembered. Of one whose frames are in no journal
   * the answer is a reader's first snapshot, and is compared with nothing.
   */
  asked(subscription: Subscription, market: Market | undefined): void {
    if (market?.proven !== true || market.isUnrecorded || market.source !== subscription) return
    market.audit ??= new MarketAudit()
  }

  /**
   * The answer came of a proven book, which was right at `beforeMs` as far as we knew. Answers whether it is equal: then it
   * proves the book anew.
   */
  compare(market: Market, frame: SnapshotFrame, beforeMs: number): boolean {
    const { seq, sid } = frame
    const connection = market.source?.connectionId ?? 0
    // The exchange has said it twice, in other words than ours.
    const before = market.audit?.isOpen === true ? market.audit : undefined
    const asOfMs = beforeMs || market.changedMs
    const audit = before === undefined ? (market.audit ?? new MarketAudit()) : new MarketAudit()
    const found = audit.compare(market.book, asOfMs, { connection, sid, seq, theirs: frame })
    if (found?.result === 'matched') return true
    if (before !== undefined) {
      this.ended(market)
      return false
    }
    if (found === undefined) {
      market.audit = audit
      this.#listener.keptBack?.(market)
      return false
    }
    market.audit = undefined
    this.#tell(market, found)
    return false
  }

  /** The equal snapshot has proven the book anew. */
  matched(market: Market, { sid, seq }: SnapshotFrame): void {
    this.#close(market)
    this.#tell(market, { result: 'matched', connection: market.source?.connectionId ?? 0, sid, seq, levelsWrong: 0 })
  }

  /** The deltas after the snapshot, all of one `ts_ms`, make up the difference: the snapshot held them already. */
  explained(market: Market): void {
    const found = market.audit?.settle('offset')
    market.audit = undefined
    this.#listener.keptBack?.(market)
    if (found !== undefined) this.#tell(market, found)
  }

  /** Nothing explains the difference any more; of a question without an answer nothing is known. */
  ended(market: Market): void {
    const found = market.audit?.settle('mismatched')
    market.audit = undefined
    if (found === undefined) return
    this.#tell(market, found)
    this.#belief.doubt(market, 'audit_mismatch')
  }

  /** Another snapshot takes the book's place. An answer that is still to come finds that book. */
  replaced(market: Market): void {
    if (market.audit?.isOpen === true) this.#close(market)
    else market.audit?.replaced()
  }

  #close(market: Market): void {
    const wasOpen = market.audit?.isOpen === true
    market.audit = undefined
    if (!wasOpen) return
    this.#counts.auditsUnsettled++
    this.#listener.keptBack?.(market)
  }

  #tell(market: Market, found: Audited): void {
    if (found.result === 'matched') this.#counts.auditsMatched++
    if (found.result === 'offset') this.#counts.auditsOffset++
    if (found.result === 'mismatched') this.#counts.auditsMismatched++
    this.#listener.audited?.(market, found)
  }
}
