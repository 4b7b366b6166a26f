/**
 * The world as a venue: which markets there are, who subscribed to what, and when the world moves on.
 *
 * What is said follows from the seed and the world's clock (world-frames.ts says it); only the places of answers to
 * clients among it are real time's.
 */
import type { Book } from '../ladder.ts'
import type { Listing, Stage, Subscriber, Venue, VenueReport } from '../venue.ts'
import { CHANNELS, type Channel } from '../wire/protocol.ts'
import { type Happening, World, type WorldMarket } from '../world/index.ts'
import { Audiences } from './audiences.ts'
import { encodeTicker, quotesOf } from './market-messages.ts'
import { TradeTape } from './trade-tape.ts'
import { WorldCatalog } from './world-catalog.ts'
import { runWorld } from './world-clock.ts'
import { WorldFrames } from './world-frames.ts'

export type WorldVenueOptions = {
  readonly seed: number
  readonly markets: number
  readonly framesPerSecond: number
  readonly signal: boolean
  readonly lifeMs: readonly [min: number, max: number]
  /** How long it has been running when it is first seen. */
  readonly ageMs: number
  /** The exchange's wall clock when it is first seen. */
  readonly nowMs: number
  readonly isOrientationFlipped: () => boolean
}

/** A market that has been told of. */
type Place = Listing & { readonly ordinal: number; readonly market: WorldMarket }

export class WorldVenue implements Venue {
  readonly channels: ReadonlySet<Channel> = new Set(CHANNELS)
  readonly startsAtOnce = true
  readonly catalog: WorldCatalog
  readonly #options: WorldVenueOptions
  readonly #madeMs: number
  readonly #audiences = new Audiences()
  readonly #indexIds = new Set<string>()
  readonly #tape = new TradeTape()
  readonly #places = new Map<string, Place>()
  readonly #byMarketId = new Map<string, Place>()
  readonly #frames: WorldFrames
  readonly #world: World
  #listed = 0
  #happened = 0
  #lateMs = 0
  /** What has happened up to then is told. */
  #atMs: number

  constructor(options: WorldVenueOptions) {
    this.#options = options
    this.#frames = new WorldFrames(this.#audiences, options.isOrientationFlipped)
    this.#madeMs = performance.now()
    this.#atMs = options.nowMs - options.ageMs
    const { seed, markets, framesPerSecond, signal, lifeMs, ageMs, nowMs } = options
    const startUnixMs = nowMs - ageMs
    const early: (readonly Happening[])[] = []
    let tell = (batch: readonly Happening[]): void => void early.push(batch)
    this.#world = new World({ seed, markets, framesPerSecond, signal, lifeMs, startUnixMs }, (batch) => tell(batch))
    tell = (batch) => this.#take(batch)
    this.catalog = new WorldCatalog(this.#world, this.#places, this.#tape)
    for (const series of this.#world.series.values())
      if (series.indexId !== undefined) this.#indexIds.add(series.indexId)
    for (const batch of early) this.#take(batch)
    for (const market of this.#world.markets.values()) this.#place(market)
    this.advanceTo(nowMs)
  }

  /** Those that trade, or will. */
  tickers(): readonly string[] {
    const tickers: string[] = []
    for (const { ticker, market } of this.#places.values()) if (TRADABLE.has(market.status)) tickers.push(ticker)
    return tickers
  }

  indexIds(): readonly string[] {
    return [...this.#indexIds]
  }

  listing(ticker: string): Listing | undefined {
    return this.#places.get(ticker)
  }

  listingById(marketId: string): Listing | undefined {
    return this.#byMarketId.get(marketId)
  }

  bookOf(listing: Listing): Book {
    return (listing as Place).market.book
  }

  /** A market that nothing has happened to yet has one all the same: as it stands. */
  lastTicker(listing: Listing): string {
    const { ticker, market } = listing as Place
    return this.#frames.lastTicker(ticker) ?? encodeTicker(market, quotesOf(market), this.#atMs)
  }

  /** Lifecycle knows no markets: whoever subscribes is sent all of it. */
  join(channel: Channel, name: string, subscriber: Subscriber): void {
    if (channel !== 'market_lifecycle_v2') this.#audiences.join(channel, name, subscriber)
  }

  leave(channel: Channel, name: string, subscriber: Subscriber): void {
    this.#audiences.leave(channel, name, subscriber)
  }

  follow(channel: Channel, subscriber: Subscriber): void {
    this.#audiences.followers(channel).add(subscriber)
  }

  unfollow(channel: Channel, subscriber: Subscriber): void {
    this.#audiences.followers(channel).delete(subscriber)
  }

  refineGrid(ticker: string | undefined): string | undefined {
    return this.#world.refineGrid(ticker, this.#atMs)
  }

  readonly report = (): VenueReport => ({
    playback: {
      started: true,
      position: this.#happened,
      events: this.#happened,
      loops: 0,
      slots: this.#happened,
      done: false,
      left_out: {},
    },
    world: {
      seed: this.#options.seed,
      markets: this.#listed,
      active: [...this.#places.values()].filter(({ market }) => market.status === 'active').length,
      late_ms: Math.round(this.#lateMs),
    },
  })

  /** Every frame carries its own due time, as `ts_ms`. */
  dueMs(): undefined {
    return undefined
  }

  /** The world's clock has run since this venue was made: what it missed is caught up. */
  run(stage: Stage): Promise<void> {
    const nowMs = () => this.#options.nowMs + performance.now() - this.#madeMs
    return runWorld(stage, nowMs, {
      nextMs: () => this.#nextMs(),
      advance: (toMs) => {
        this.#lateMs = Math.max(0, nowMs() - toMs)
        this.#advance(toMs)
      },
    })
  }

  /** Carries out everything that is due up to then, moment by moment, so that it does not matter who calls when. */
  advanceTo(toMs: number): void {
    for (let dueMs = this.#nextMs(); dueMs <= toMs; dueMs = this.#nextMs()) this.#advance(dueMs)
  }

  #nextMs(): number {
    return Math.min(this.#world.nextMs, this.#frames.nextTickerMs)
  }

  #advance(toMs: number): void {
    this.#atMs = toMs
    if (this.#world.nextMs <= toMs) this.#world.advance(toMs)
    this.#frames.sendTickers(toMs)
  }

  #take(batch: readonly Happening[]): void {
    this.#happened += batch.length
    for (const happening of batch) {
      if (happening.kind === 'event') this.#forget()
      if (happening.kind === 'lifecycle') this.#place(happening.market)
      if (happening.kind === 'index') this.#indexIds.add(happening.indexId)
      if (happening.kind === 'trade') this.#tape.add(happening)
      this.#frames.tell(happening)
    }
  }

  /** Lists a market that is new. */
  #place(market: WorldMarket): void {
    const { ticker, marketId } = market
    if (this.#places.has(ticker)) return
    const place = { ticker, marketId, market, ordinal: this.#listed++ }
    this.#places.set(ticker, place)
    this.#byMarketId.set(marketId, place)
    for (const follower of this.#audiences.allFollowers()) follower.listed(ticker)
  }

  /** Forgets what the world has forgotten; looked at whenever an event comes into being. */
  #forget(): void {
    for (const [ticker, { market }] of this.#places) {
      if (this.#world.markets.has(ticker)) continue
      this.#places.delete(ticker)
      this.#byMarketId.delete(market.marketId)
      this.#frames.forget(market)
      for (const follower of this.#audiences.allFollowers()) follower.unlisted(ticker)
    }
  }
}

const TRADABLE: ReadonlySet<string> = new Set(['initialized', 'active', 'inactive'])
