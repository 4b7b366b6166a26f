/**
 * A capture as a venue: the floor's tickers and books, moved by the playback's clock.
 *
 * It has markets alone: no events, no series, no list of trades, since a capture does not know them.
 */
import type { Book } from '../ladder.ts'
import type { Catalog, MarketEntry } from '../rest/catalog.ts'
import type { Listing as AnyListing, Stage, Subscriber, Venue, VenueReport } from '../venue.ts'
import { type Channel, MARKET_CHANNELS } from '../wire/protocol.ts'
import { type ClockOptions, runClock } from './clock.ts'
import type { Floor, Listing } from './floor.ts'
import { describeMarket, eventOf, FAR_AWAY_MS, seriesOf, statusOf } from './market-object.ts'
import { fillMessage } from './message.ts'
import type { Playback } from './playback.ts'

export class CaptureVenue implements Venue {
  readonly channels = MARKET_CHANNELS
  readonly startsAtOnce: boolean
  readonly catalog: Catalog
  readonly #floor: Floor
  readonly #playback: Playback
  readonly #clock: ClockOptions

  constructor(floor: Floor, playback: Playback, options: ClockOptions & { readonly startAtOnce: boolean }) {
    this.#floor = floor
    this.#playback = playback
    this.#clock = options
    this.startsAtOnce = options.startAtOnce
    this.catalog = new CaptureCatalog(floor, (listing) => this.bookOf(listing), Date.now())
  }

  tickers(): readonly string[] {
    return this.#floor.listings.map(({ ticker }) => ticker)
  }

  indexIds(): readonly string[] {
    return []
  }

  listing(ticker: string): Listing | undefined {
    return this.#floor.listing(ticker)
  }

  listingById(marketId: string): Listing | undefined {
    return this.#floor.listingById(marketId)
  }

  bookOf(listing: AnyListing): Book {
    return this.#playback.bookOf(listing as Listing)
  }

  lastTicker(listing: AnyListing): string | undefined {
    const own = listing as Listing
    const message = own.market.lastTicker
    if (message === undefined) return undefined
    const { ticker, marketId } = own
    return fillMessage(message, {
      ticker,
      marketId,
      yesPrices: false,
      shiftMs: this.#playback.shiftMsOf(own),
      tradeSalt: '',
    })
  }

  join(channel: Channel, name: string, subscriber: Subscriber): void {
    this.#floor.listing(name)?.subscribers[channel].add(subscriber)
  }

  leave(channel: Channel, name: string, subscriber: Subscriber): void {
    this.#floor.listing(name)?.subscribers[channel].delete(subscriber)
  }

  /** All markets of a capture are listed from the start. */
  follow(): void {}

  unfollow(): void {}

  refineGrid(ticker: string | undefined): string | undefined {
    return this.#playback.refineGrid(ticker)
  }

  readonly report = (): VenueReport => ({ playback: this.#playback.report() })

  dueMs(slot: number): number {
    return this.#playback.dueMs(slot)
  }

  async run(stage: Stage): Promise<void> {
    this.#playback.start(stage.startedUnixMs)
    await runClock(this.#playback, stage, this.#clock)
  }
}

class CaptureCatalog implements Catalog {
  readonly #floor: Floor
  readonly #bookOf: (listing: Listing) => Book
  readonly #openedMs: number

  constructor(floor: Floor, bookOf: (listing: Listing) => Book, openedMs: number) {
    this.#floor = floor
    this.#bookOf = bookOf
    this.#openedMs = openedMs
  }

  markets(): readonly MarketEntry[] {
    return this.#floor.listings.map((listing, index) => this.#entry(listing, index))
  }

  market(ticker: string): MarketEntry | undefined {
    const listing = this.#floor.listing(ticker)
    return listing === undefined ? undefined : this.#entry(listing, 0)
  }

  describeMarket({ ticker }: MarketEntry) {
    const listing = this.#floor.listing(ticker) as Listing
    return describeMarket(listing, this.#bookOf(listing), this.#openedMs)
  }

  events(): [] {
    return []
  }

  event(): undefined {
    return undefined
  }

  describeEvent() {
    return {}
  }

  series(): [] {
    return []
  }

  seriesOf(): undefined {
    return undefined
  }

  describeSeries() {
    return {}
  }

  trades(): [] {
    return []
  }

  describeTrade() {
    return {}
  }

  #entry(listing: Listing, index: number): MarketEntry {
    return {
      ordinal: index,
      ticker: listing.ticker,
      eventTicker: eventOf(listing),
      seriesTicker: seriesOf(listing),
      status: statusOf(listing),
      createdMs: this.#openedMs,
      closeMs: FAR_AWAY_MS,
      settledMs: undefined,
    }
  }
}
