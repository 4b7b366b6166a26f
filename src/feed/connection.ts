/**
 * One connection as the fold sees it: its orientation, its subscriptions by `sid`, and the markets it asked for.
 */
import type { ConnectionOpenedBody } from '#domain'
import { Asked } from './asked.ts'
import { Orientation } from './orientation.ts'
import { Subscription } from './subscription.ts'

export class Connection {
  readonly id: number
  readonly opened: ConnectionOpenedBody
  readonly orientation = new Orientation()
  /** A snapshot with an id came: what comes without one is no answer. */
  sendsIds = false
  /** Sids are small numbers from 1, so an array finds them fastest. */
  readonly #bySid: (Subscription | undefined)[] = []
  readonly #bySparseSid = new Map<number, Subscription>()
  /** The markets asked for on the order-book channel. */
  readonly asked = new Asked()

  constructor(id: number, opened: ConnectionOpenedBody) {
    this.id = id
    this.opened = opened
  }

  /** Whether a market's snapshot may prove its book; an import takes whatever was recorded. */
  arrived(market: string): 'first' | 'later' | 'unasked' {
    return this.opened.firstSeq === 'any' ? 'later' : this.asked.arrived(market)
  }

  subscription(sid: number): Subscription | undefined {
    const found = sid < DENSE_SIDS ? this.#bySid[sid] : this.#bySparseSid.get(sid)
    return found ?? (this.opened.firstSeq === 'any' ? this.#imported(sid) : undefined)
  }

  add(subscription: Subscription): void {
    if (subscription.sid < DENSE_SIDS) this.#bySid[subscription.sid] = subscription
    else this.#bySparseSid.set(subscription.sid, subscription)
  }

  remove(sid: number): void {
    if (sid < DENSE_SIDS) this.#bySid[sid] = undefined
    else this.#bySparseSid.delete(sid)
  }

  subscriptions(): Subscription[] {
    return [...this.#bySid.filter((each) => each !== undefined), ...this.#bySparseSid.values()]
  }

  /** An imported recording may begin after its `subscribed`: a sid is then taken up where it is first seen. */
  #imported(sid: number): Subscription {
    const subscription = new Subscription(this, sid, 'orderbook_delta', 'any')
    this.add(subscription)
    return subscription
  }
}

const DENSE_SIDS = 64
