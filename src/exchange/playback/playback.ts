/**
 * The one clock of the exchange: which frame of the tape comes next, when it is due, and what it does to the floor.
 *
 * Time is cut into slots, one for each event and each ticker it is sent under. A slot's due time follows from its
 * number alone, so that the schedule never drifts and never depends on a client. This file decides and sends; the
 * waiting is done in clock.ts.
 */

import { applyChange, type Book, copyBook, encodeSnapshot, replaceLevels } from '../ladder.ts'
import { restFineOrder } from './fine-order.ts'
import type { Floor, Listing, Market } from './floor.ts'
import { fillMessage } from './message.ts'
import type { Tape, TapeEvent } from './tape.ts'

/** `speed`: recorded time divided by `factor`. `rate`: evenly, stamps ignored. `max`: as fast as sockets take it. */
export type Pace =
  | { readonly kind: 'speed'; readonly factor: number }
  | { readonly kind: 'rate'; readonly framesPerSecond: number }
  | { readonly kind: 'max' }

export type PlaybackOptions = {
  readonly pace: Pace
  readonly loop: boolean
  readonly keepTimes: boolean
  /** The exchange's wall clock, Unix ms. */
  readonly nowMs: () => number
  readonly isOrientationFlipped: () => boolean
}

export type PlaybackReport = {
  readonly started: boolean
  /** Events of the tape that have been played in this turn, and how many there are. */
  readonly position: number
  readonly events: number
  /** Turns that have ended. */
  readonly loops: number
  /** Frames due so far, one for each event and ticker, whether or not anybody subscribed. */
  readonly slots: number
  readonly done: boolean
  readonly left_out: Readonly<Record<string, number>>
}

/** Exchange times of one market: the ends, and how far they can be moved without a stamp later than its sending. */
type Times = { first: number; last: number; slack: number; shift: number; lastSent: number }

export class Playback {
  readonly #tape: Tape
  readonly #floor: Floor
  readonly #options: PlaybackOptions
  readonly #slotsPerTurn: number
  readonly #openingSlots: number
  readonly #turnMs: number
  readonly #times: readonly Times[]
  readonly #toRefine: Market[] = []
  #slot = 0
  #startedUnixMs: number | undefined

  constructor(tape: Tape, floor: Floor, options: PlaybackOptions) {
    this.#tape = tape
    this.#floor = floor
    this.#options = options
    this.#slotsPerTurn = tape.events.length * floor.copies
    this.#openingSlots = tape.opening * floor.copies
    this.#turnMs = turnLengthMs(tape, options.pace)
    this.#times = this.#readTimes()
    for (let index = 0; index < tape.opening; index++) this.#apply(index)
    this.#moveTimes(0, options.nowMs())
  }

  get isStarted(): boolean {
    return this.#startedUnixMs !== undefined
  }

  get isDone(): boolean {
    return !this.#options.loop && this.#slot + this.#openingSlots >= this.#slotsPerTurn
  }

  get slot(): number {
    return this.#slot
  }

  start(unixMs: number): void {
    this.#startedUnixMs = unixMs
    this.#moveTimes(0, unixMs)
  }

  /** When a slot is due, in ms since the clock's start. At `max` everything is due at once. */
  dueMs(slot: number): number {
    const { pace } = this.#options
    if (pace.kind === 'max') return 0
    if (pace.kind === 'rate') return (slot * 1000) / pace.framesPerSecond
    const { turn, eventIndex } = this.#locate(slot)
    return turn * this.#turnMs + this.#event(eventIndex).atNs / 1e6 / pace.factor
  }

  /** Plays the next slot; returns to how many subscriptions it was sent. */
  play(): number {
    const { turn, eventIndex, copy } = this.#locate(this.#slot)
    // Copies share a book, so that it may change only before the first of them.
    if (copy === 0) for (const market of this.#toRefine.splice(0)) restFineOrder(market, this.#options.nowMs())
    const event = this.#event(eventIndex)
    if (turn > 0 && eventIndex === 0 && copy === 0) this.#moveTimes(turn, this.#turnStartUnixMs(turn))
    const market = event.market === undefined ? undefined : (this.#floor.markets[event.market.index] as Market)
    const listing = market === undefined ? this.#floor.listings[0] : market.listings[copy]
    const isSent = listing !== undefined && (market !== undefined || copy === 0)
    const receivers = isSent ? this.#send(event, listing, turn) : 0
    if (copy === this.#floor.copies - 1) this.#apply(eventIndex)
    this.#slot++
    return receivers
  }

  /**
   * An order on the finest grid there is rests in one open market, the one named or the first, from the next event on: the
   * least price, where it crosses nothing. A snapshot of the capture takes it away again, for everybody.
   */
  refineGrid(ticker: string | undefined): string | undefined {
    const market = this.#floor.markets.find(
      ({ listings, isClosed }) =>
        !isClosed && (ticker === undefined || listings.some((each) => each.ticker === ticker)),
    )
    if (market !== undefined) this.#toRefine.push(market)
    return market === undefined ? undefined : (ticker ?? market.tape.ticker)
  }

  /** The book of a listing now: copies that the running event has reached are one event ahead of the others. */
  bookOf(listing: Listing): Book {
    const { eventIndex, copy } = this.#locate(this.#slot)
    const event = this.#tape.events[eventIndex]
    const isAhead = event !== undefined && listing.copy < copy && event.market === listing.market.tape
    if (!isAhead || event.kind === 'other') return listing.market.book
    const book = copyBook(listing.market.book)
    if (event.kind === 'delta') applyChange(book, event.change)
    else replaceLevels(book, event.levels)
    return book
  }

  shiftMsOf(listing: Listing): number {
    return this.#times[listing.market.tape.index]?.shift ?? 0
  }

  report(): PlaybackReport {
    const { turn, eventIndex } = this.#locate(this.#slot)
    const events = this.#tape.events.length
    const isDone = this.isDone
    return {
      started: this.isStarted,
      position: isDone ? events : eventIndex,
      events,
      loops: turn,
      slots: this.#slot,
      done: isDone,
      left_out: this.#tape.leftOut,
    }
  }

  #send(event: TapeEvent, listing: Listing, turn: number): number {
    const subscribers = listing.subscribers[event.channel]
    if (subscribers.size === 0) return 0
    let plain: string | undefined
    let inYesPrices: string | undefined
    const isFlipped = this.#options.isOrientationFlipped()
    for (const subscription of subscribers) {
      const yesPrices = subscription.useYesPrice !== isFlipped
      const text = (yesPrices ? inYesPrices : plain) ?? this.#encode(event, listing, turn, yesPrices)
      if (yesPrices) inYesPrices = text
      else plain = text
      subscription.send(event.type, text)
    }
    return subscribers.size
  }

  #encode(event: TapeEvent, listing: Listing, turn: number, yesPrices: boolean): string {
    if (event.kind === 'snapshot') {
      const book = { yes: new Map(event.levels.yes), no: new Map(event.levels.no) }
      return encodeSnapshot(listing.ticker, listing.marketId, book, yesPrices)
    }
    const times = event.market === undefined ? undefined : this.#times[event.market.index]
    const shiftMs = times?.shift ?? 0
    if (times !== undefined && event.message.exchangeMs !== undefined) {
      times.lastSent = Math.max(times.lastSent, event.message.exchangeMs + shiftMs)
    }
    const tradeSalt = listing.copy === 0 && turn === 0 ? '' : `${listing.copy}.${turn}`
    return fillMessage(event.message, {
      ticker: listing.ticker,
      marketId: listing.marketId,
      yesPrices,
      shiftMs,
      tradeSalt,
    })
  }

  #apply(eventIndex: number): void {
    const event = this.#event(eventIndex)
    if (event.market === undefined) return
    const market = this.#floor.markets[event.market.index] as Market
    if (event.kind === 'delta') applyChange(market.book, event.change)
    else if (event.kind === 'snapshot') replaceLevels(market.book, event.levels)
    else if (event.channel === 'ticker') market.lastTicker = event.message
    if (event.kind !== 'other') market.isClosed = event.market.closedAt === eventIndex
  }

  #event(index: number): TapeEvent {
    return this.#tape.events[index] as TapeEvent
  }

  /** The first turn begins after the opening, which has happened when the clock starts. */
  #locate(slot: number): { turn: number; eventIndex: number; copy: number } {
    const counted = slot + this.#openingSlots
    const within = counted % this.#slotsPerTurn
    const copy = within % this.#floor.copies
    return {
      turn: Math.floor(counted / this.#slotsPerTurn),
      eventIndex: (within - copy) / this.#floor.copies,
      copy,
    }
  }

  #turnStartUnixMs(turn: number): number {
    const { pace } = this.#options
    if (pace.kind === 'max') return this.#options.nowMs()
    return (this.#startedUnixMs as number) + this.dueMs(turn * this.#slotsPerTurn - this.#openingSlots)
  }

  #readTimes(): Times[] {
    const times = this.#tape.markets.map(() => ({
      first: Number.POSITIVE_INFINITY,
      last: Number.NEGATIVE_INFINITY,
      slack: Number.POSITIVE_INFINITY,
      shift: 0,
      lastSent: Number.NEGATIVE_INFINITY,
    }))
    this.#tape.events.forEach((event, index) => {
      if (event.kind === 'snapshot' || event.market === undefined || event.message.exchangeMs === undefined) return
      const { exchangeMs } = event.message
      const own = times[event.market.index] as Times
      own.first = Math.min(own.first, exchangeMs)
      own.last = Math.max(own.last, exchangeMs)
      own.slack = Math.min(own.slack, this.#dueWithinTurnMs(event, index) - exchangeMs)
    })
    return times
  }

  #dueWithinTurnMs(event: TapeEvent, index: number): number {
    const { pace } = this.#options
    if (pace.kind === 'max') return 0
    if (pace.kind === 'rate') return (index * this.#floor.copies * 1000) / pace.framesPerSecond
    return event.atNs / 1e6 / pace.factor
  }

  /**
   * One offset for each market and turn: the largest that puts no stamp after its frame's due time, or, in later turns,
   * the smallest that keeps a market's time from going backward.
   */
  #moveTimes(turn: number, turnStartUnixMs: number): void {
    if (this.#options.keepTimes) return
    for (const times of this.#times) {
      if (times.first === Number.POSITIVE_INFINITY) continue
      const wanted = Math.floor(turnStartUnixMs + times.slack)
      const least = turn === 0 ? Number.NEGATIVE_INFINITY : times.lastSent + 1 - times.first
      times.shift = Math.max(wanted, least)
    }
  }
}

/** At recorded speed the next turn follows after the mean time between two events. */
function turnLengthMs(tape: Tape, pace: Pace): number {
  if (pace.kind !== 'speed') return 0
  const lengthMs = (tape.events.at(-1)?.atNs ?? 0) / 1e6 / pace.factor
  return Math.max(1, lengthMs + lengthMs / Math.max(1, tape.events.length - 1))
}
