/**
 * What a capture becomes: the frames that will be played, in order, with nothing left to parse.
 *
 * A frame of the exchange's own making (`subscribed`, `ok`, `unsubscribed`, `error`) and one that proves nothing (after
 * a hole, before a first snapshot, a number already passed) is not on the tape; each kind left out is counted.
 */
import type { BookLevels, Change } from '../ladder.ts'
import type { Channel } from '../wire/protocol.ts'
import type { Message } from './message.ts'

export type TapeMarket = {
  /** Place in {@link Tape.markets}. */
  readonly index: number
  readonly ticker: string
  readonly marketId: string
  /** Every price of the capture, in the prices of its own side, in 1/10,000 dollar. */
  readonly prices: ReadonlySet<number>
  /** Contracts in 1/100, as the last `ticker` of the capture says or as its trades add up. */
  readonly volume: number
  readonly openInterest: number
  /** Place on the tape from which the market is closed: its last event, when that is an unasked empty snapshot. */
  readonly closedAt: number | undefined
}

export type TapeEvent = {
  /** Nanoseconds since the first frame of the capture, never going backward. */
  readonly atNs: number
  readonly type: string
  readonly channel: Channel
  /** `undefined` for a frame that names no market. */
  readonly market: TapeMarket | undefined
} & (
  | { readonly kind: 'snapshot'; readonly levels: BookLevels }
  | { readonly kind: 'delta'; readonly change: Change; readonly message: Message }
  | { readonly kind: 'other'; readonly message: Message }
)

export type Tape = {
  readonly markets: readonly TapeMarket[]
  readonly events: readonly TapeEvent[]
  /** How many events at the head have happened when the clock starts: the snapshots stamped with the first time. */
  readonly opening: number
  /** Frames read and not played, by reason. */
  readonly leftOut: Readonly<Record<string, number>>
}
