/**
 * One sid: a channel of one connection, its markets, and the one counter that all its frames share.
 *
 * Answers, errors and data take the next number alike (recorded frames, 2025-11 to 2026-08: `ok` takes one each; for
 * `unsubscribed` and `error` unconfirmed live). `ticker` frames carry none.
 */
import type { Listing, Subscriber, Venue } from '../venue.ts'
import { type Channel, type Envelope, isSequenced } from './protocol.ts'

export type SubscriptionOptions = { readonly useYesPrice: boolean; readonly skipTickerAck: boolean }

export class Subscription implements Subscriber {
  readonly sid: number
  readonly channel: Channel
  readonly useYesPrice: boolean
  readonly skipTickerAck: boolean
  /** Tickers held, listed or not; index ids on the index channel. */
  readonly tickers = new Set<string>()
  /** Last number used; stays 0 on a channel without numbers. */
  lastSeq = 0
  readonly #venue: Venue
  readonly #send: (envelope: Envelope) => void

  constructor(
    sid: number,
    channel: Channel,
    options: SubscriptionOptions,
    venue: Venue,
    send: (envelope: Envelope) => void,
  ) {
    this.#venue = venue
    this.#send = send
    this.sid = sid
    this.channel = channel
    this.useYesPrice = options.useYesPrice
    this.skipTickerAck = options.skipTickerAck
  }

  /** Takes a ticker; false when it was held already. */
  add(ticker: string): boolean {
    if (this.tickers.has(ticker)) return false
    this.tickers.add(ticker)
    this.#venue.join(this.channel, ticker, this)
    return true
  }

  delete(ticker: string): void {
    if (this.tickers.delete(ticker)) this.#venue.leave(this.channel, ticker, this)
  }

  /** Holds the whole channel: markets that are listed from now on as well. */
  follow(): void {
    this.#venue.follow(this.channel, this)
  }

  listed(ticker: string): void {
    this.add(ticker)
  }

  unlisted(ticker: string): void {
    this.delete(ticker)
  }

  /** Lets go of every market, so that nothing more is sent. */
  end(): void {
    this.#venue.unfollow(this.channel, this)
    for (const ticker of [...this.tickers]) this.delete(ticker)
  }

  listing(ticker: string): Listing | undefined {
    return this.#venue.listing(ticker)
  }

  /** Sends one frame of this sid, with the next number where the channel has numbers. */
  send(type: string, msg: string | undefined, id?: number): void {
    const seq = isSequenced(this.channel) ? ++this.lastSeq : undefined
    this.#send({ type, id, sid: this.sid, seq, msg })
  }
}
