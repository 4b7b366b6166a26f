/**
 * Who is sent what: for each market (or index) the subscribers of each channel, and for each channel those who follow all
 * of it. A name that nothing is known under yet may have an audience already; it is theirs when it comes into being.
 */
import type { Subscriber } from '../venue.ts'
import { CHANNELS, type Channel } from '../wire/protocol.ts'

export type Seats = Readonly<Record<Channel, Set<Subscriber>>>

export class Audiences {
  readonly #byName = new Map<string, Seats>()
  readonly #followers = emptySeats()

  join(channel: Channel, name: string, subscriber: Subscriber): void {
    this.seatsOf(name)[channel].add(subscriber)
  }

  leave(channel: Channel, name: string, subscriber: Subscriber): void {
    const seats = this.#byName.get(name)
    if (seats === undefined) return
    seats[channel].delete(subscriber)
    if (CHANNELS.every((each) => seats[each].size === 0)) this.#byName.delete(name)
  }

  /** Subscribers of one name; the caller must not keep them, since an empty row of seats is cleared away. */
  seatsOf(name: string): Seats {
    const known = this.#byName.get(name)
    if (known !== undefined) return known
    const seats = emptySeats()
    this.#byName.set(name, seats)
    return seats
  }

  /** Like {@link Audiences.seatsOf}, but makes none. */
  find(name: string): Seats | undefined {
    return this.#byName.get(name)
  }

  followers(channel: Channel): Set<Subscriber> {
    return this.#followers[channel]
  }

  /** Everybody who follows a whole channel, once for each. */
  *allFollowers(): Iterable<Subscriber> {
    for (const channel of CHANNELS) yield* this.#followers[channel]
  }
}

const emptySeats = (): Seats =>
  Object.fromEntries(CHANNELS.map((channel) => [channel, new Set<Subscriber>()])) as unknown as Seats
