/**
 * Which books may be believed: the changes between proven and in doubt, and who is told of them.
 *
 * The fold decides what a frame means; here its consequences for the books are carried out, in one place, so that proven,
 * cause, crossed groups and the listener's calls cannot drift apart. Nothing here changes a level.
 */
import type { Connection } from './connection.ts'
import type { FoldCounts } from './counts.ts'
import type { FoldListener } from './listener.ts'
import type { DoubtCause, Market } from './market.ts'
import type { Subscription } from './subscription.ts'

/** A crossed book is a fault at the latest when its subscription has moved on by this much exchange time. */
export const CROSSED_MS_MAX = 1000

/** A fault of the book itself: it went wrong somewhere since its last snapshot, nobody knows where. */
const OWN_FAULTS: ReadonlySet<DoubtCause> = new Set([
  'negative_size',
  'crossed',
  'audit_mismatch',
  'wire_changed',
  'orientation',
])

export class Belief {
  readonly #listener: FoldListener
  readonly #counts: FoldCounts

  constructor(listener: FoldListener, counts: FoldCounts) {
    this.#listener = listener
    this.#counts = counts
  }

  /** The market's book is its snapshot of number `seq`, and follows this subscription from here. */
  prove(subscription: Subscription, market: Market, seq: number, receivedMs: number): void {
    const wasValid = market.stands
    if (market.source !== subscription) market.source?.detach(market)
    subscription.markets.add(market)
    this.#read(market)
    subscription.uncross(market)
    market.source = subscription
    market.proven = true
    market.cause = undefined
    market.seq = seq
    market.changedMs = receivedMs
    if (market.book.isCrossed) this.crossed(subscription, market)
    this.#listener.proven?.(market)
    if (market.stands !== wasValid) this.#listener.validity?.(market)
  }

  doubt(market: Market, cause: DoubtCause): void {
    if (!market.proven) {
      this.#read(market)
      market.cause = cause
      return
    }
    const wasValid = market.stands
    market.provenUntilMs = OWN_FAULTS.has(cause) ? market.snapshotMs : market.asOfMs
    market.proven = false
    market.cause = cause
    if (market.audit?.isOpen === true) this.#counts.auditsUnsettled++
    market.audit = undefined
    market.source?.uncross(market)
    this.#listener.doubted?.(market, cause)
    if (wasValid) this.#listener.validity?.(market)
  }

  doubtAll(subscription: Subscription, cause: DoubtCause): void {
    for (const market of subscription.markets) this.doubt(market, cause)
    for (const market of subscription.unread) this.doubt(market, cause)
  }

  /** The market's book is crossed: from now on its group's end is watched for. */
  crossed(subscription: Subscription, market: Market): void {
    if (market.crossedUntilMs !== 0) return
    // A snapshot has no exchange time of its own, and the last one told may be old: the next one stands in for it.
    market.crossedUntilMs = market.exchangeMs === 0 ? Number.POSITIVE_INFINITY : market.exchangeMs + CROSSED_MS_MAX
    subscription.crossed.add(market)
  }

  /** Called while some book is crossed, before a delta of `next` is applied: ends the groups that it closes. */
  endCrossedGroups(subscription: Subscription, next: Market | undefined, exchangeMs: number): void {
    for (const market of subscription.crossed) {
      if (!market.book.isCrossed) {
        subscription.uncross(market)
        continue
      }
      if (market.crossedUntilMs === Number.POSITIVE_INFINITY) {
        if (exchangeMs > 0) market.crossedUntilMs = exchangeMs + CROSSED_MS_MAX
        continue
      }
      const groupEnded = market === next && market.exchangeMs !== 0 && exchangeMs !== market.exchangeMs
      if (groupEnded || exchangeMs > market.crossedUntilMs) {
        this.#counts.crossed++
        this.doubt(market, 'crossed')
      }
    }
  }

  /** The feed holds the market proven here, and this reader has not seen its book. */
  unread(subscription: Subscription, market: Market): void {
    if (market.proven) return
    subscription.unread.add(market)
    market.unreadOn = subscription
  }

  #read(market: Market): void {
    market.unreadOn?.unread.delete(market)
    market.unreadOn = undefined
  }

  /** The connection's orientation was judged: proven books become valid, or valid ones doubtful. */
  orientationChanged(connection: Connection): void {
    this.#listener.oriented?.(connection)
    const { verdict, before } = connection.orientation
    if (verdict !== 'as_asked' && before !== 'as_asked') return
    for (const subscription of connection.subscriptions()) {
      for (const market of subscription.markets) if (market.proven) this.#listener.validity?.(market)
    }
  }
}
