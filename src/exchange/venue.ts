/**
 * What stands between the wire and whatever happens: tickers, books, who is sent what. A capture that is played and a
 * world that trades both are one; the wire and REST know nothing else of either.
 *
 * A venue sends by calling its subscribers, all frames of one happening in one go. It never waits for a socket itself.
 */
import type { Book } from './ladder.ts'
import type { Catalog } from './rest/catalog.ts'
import type { Channel } from './wire/protocol.ts'

/** Whoever is sent the frames of a market, an index or a whole channel. */
export type Subscriber = {
  readonly useYesPrice: boolean
  send(type: string, msg: string): void
  /** Only for followers: a market came into being, and this subscription has it from now on. */
  listed(ticker: string): void
  /** Only for followers: a market is forgotten. */
  unlisted(ticker: string): void
}

/** One ticker on the exchange. */
export type Listing = { readonly ticker: string; readonly marketId: string }

export type Venue = {
  readonly catalog: Catalog
  /** Channels that may be subscribed; every other one is unknown (error 8). */
  readonly channels: ReadonlySet<Channel>
  /** Every ticker that is listed now, in the order of listing. */
  tickers(): readonly string[]
  /** What the index channel has; empty where there is none. */
  indexIds(): readonly string[]
  /** `undefined` for a ticker that is not listed. */
  listing(ticker: string): Listing | undefined
  listingById(marketId: string): Listing | undefined
  /** The book as the clock stands; not to be changed. */
  bookOf(listing: Listing): Book
  /** The `msg` of the last `ticker`, for `send_initial_snapshot`; `undefined` before the first. */
  lastTicker(listing: Listing): string | undefined
  /** Sends the frames of one market (or index) on this channel from now on, also when it is listed later. */
  join(channel: Channel, name: string, subscriber: Subscriber): void
  leave(channel: Channel, name: string, subscriber: Subscriber): void
  /** Tells of markets that are listed from now on, and sends what names no market. */
  follow(channel: Channel, subscriber: Subscriber): void
  unfollow(channel: Channel, subscriber: Subscriber): void

  /** Gives one market a finer price grid, tells so, and lets prices on it follow; its ticker, `undefined` when none could. */
  refineGrid(ticker: string | undefined): string | undefined

  readonly report: () => VenueReport
  /** Whether its clock runs from the start, or waits until somebody has subscribed. */
  readonly startsAtOnce: boolean
  /** When a slot is due, in ms since the clock's start; `undefined` where frames carry their own due time. */
  dueMs(slot: number): number | undefined
  /** Runs in real time; resolves when nothing more will come or the signal fires. */
  run(stage: Stage): Promise<void>
}

/** What a venue needs while it runs. */
export type Stage = {
  /** `performance.now()` and the exchange's wall clock at the start. */
  readonly startedMs: number
  readonly startedUnixMs: number
  readonly signal: AbortSignal
  readonly sockets: () => Iterable<StageSocket>
  readonly cut: (socket: StageSocket) => void
}

/** As much of a connection as a clock has to know. */
export type StageSocket = {
  readonly id: number
  readonly isOpen: boolean
  readonly bufferedBytes: number
  flush(): void
}

/** How far it has come; part of `/exchange/sent`. */
export type VenueReport = {
  readonly playback: {
    readonly started: boolean
    /** Events that have happened in this turn, and how many there are. A world has no end: the two are equal. */
    readonly position: number
    readonly events: number
    /** Turns that have ended. */
    readonly loops: number
    /** Frames due so far, whether or not anybody subscribed. */
    readonly slots: number
    readonly done: boolean
    readonly left_out: Readonly<Record<string, number>>
  }
  readonly world?: {
    readonly seed: number
    /** Markets ever listed, and those that trade now. */
    readonly markets: number
    readonly active: number
    /** How late the last happening was sent, in ms. */
    readonly late_ms: number
  }
}
