/**
 * One subscription of one connection (Kalshi's `sid`) and its sequence.
 *
 * One counter runs through a subscription: all its markets, and control frames such as `ok` ([R] 2.79 M recorded frames,
 * docs/wire.md#sequence). So a break puts every book of it in doubt, and it is never counted per market.
 */
import type { ContextPassed, ContextSubscription } from '#domain'
import type { Market, MarketSource } from './market.ts'
import type { Orientation } from './orientation.ts'

/** A frame sent twice is harmless; so many in rising order are a count that began anew. */
const FALL_BACK_RUN = 3

export class Subscription implements MarketSource {
  readonly connectionId: number
  readonly orientation: Orientation
  readonly sid: number
  readonly channel: string
  /** The last number seen; `undefined` while any first number is accepted (imports that begin in the middle). */
  last: number | undefined
  /** Receive time of the last in-sequence frame, Unix ms. */
  lastMs = 0
  /** The latest exchange time seen, Unix ms. */
  exchangeMs = 0
  readonly markets = new Set<Market>()
  /** Markets that the feed holds proven, and whose book this reader has not seen: only a checkpoint tells it. */
  readonly unread = new Set<Market>()
  /** Markets whose book is crossed now: empty nearly always. */
  readonly crossed = new Set<Market>()
  repeats = 0
  breaks = 0

  /** `first`: after our own `subscribed` the first number must be 1. */
  constructor(
    of: { readonly id: number; readonly orientation: Orientation },
    sid: number,
    channel: string,
    first: 'one' | 'any',
  ) {
    this.connectionId = of.id
    this.orientation = of.orientation
    this.sid = sid
    this.channel = channel
    this.last = first === 'one' ? 0 : undefined
  }

  /** Numbers already passed that came one after the other: the last of them, how many, and the count's end at the time. */
  #passed: ContextPassed = { seq: 0, run: 0, last: 0 }

  /** The run of numbers already passed that a next one would continue; `undefined` when there is none. */
  get passed(): ContextPassed | undefined {
    return this.#passed.run > 0 && this.#passed.last === this.last ? this.#passed : undefined
  }

  /** Takes over what a segment's context says. */
  resume({ lastSeq, exchangeMs, lastMs, passed }: ContextSubscription): void {
    this.last = lastSeq
    this.exchangeMs = exchangeMs
    this.lastMs = lastMs
    if (passed !== undefined) this.#passed = passed
  }

  /**
   * What a number means. `repeat`: already passed, the frame must not be applied. `break`: the numbers between were
   * missed; the number becomes the baseline all the same. `fell_back`: numbers already passed come one after the other,
   * so the count itself began anew, and what was folded since is not what the exchange holds.
   */
  take(seq: number): 'next' | 'repeat' | 'break' | 'fell_back' {
    const expected = this.last === undefined ? seq : this.last + 1
    if (seq < expected) {
      this.repeats++
      // A number of the count's own ends the run, and may have been taken past this function: the fold's shortest way.
      const before = this.passed
      const run = before !== undefined && seq === before.seq + 1 ? before.run + 1 : 1
      this.#passed = { seq, run, last: expected - 1 }
      return run >= FALL_BACK_RUN ? 'fell_back' : 'repeat'
    }
    this.last = seq
    if (seq === expected) return 'next'
    this.breaks++
    return 'break'
  }

  detach(market: Market): void {
    this.markets.delete(market)
    this.crossed.delete(market)
  }

  uncross(market: Market): void {
    market.crossedUntilMs = 0
    this.crossed.delete(market)
  }
}
