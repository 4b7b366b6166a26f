/**
 * The simulated world: events with a latent number each, markets on them, and traders in the markets.
 *
 * Pure: time is handed in by {@link World.advance}, chance comes from the seed, and the same seed with the same options
 * tells the same happenings to the byte, however the time is cut into pieces. It has no sockets and no frames; the wire
 * makes those of what it is told.
 */
import type { CentiContracts } from '#domain'
import { type AccountId, Ledger } from '../engine/index.ts'
import { type Book, emptyBook } from '../ladder.ts'
import { Batch } from './batch.ts'
import { Chance } from './chance.ts'
import { Crowd } from './crowd.ts'
import type { Tell } from './happening.ts'
import { framesPerMarket, type Inner } from './inner.ts'
import { Life } from './life.ts'
import { newsShareOf, Openings } from './openings.ts'
import { Pace } from './pace.ts'
import { Path, TICK_MS } from './path.ts'
import { INDICES, type IndexPlan, SERIES } from './series-catalog.ts'
import { Timetable } from './timetable.ts'
import { TradeIds } from './trade-ids.ts'
import { SIGNAL_AHEAD_TICKS, Trading } from './trading.ts'
import type { WorldEvent, WorldMarket, WorldSeries, WorldTrade } from './world-market.ts'
import { checkOptions, type WorldOptions } from './world-options.ts'

/** Indices do not all move in the same millisecond. */
const INDEX_APART_MS = 137

export class World {
  readonly series: ReadonlyMap<string, WorldSeries> = new Map(SERIES.map(({ series }) => [series.ticker, series]))
  readonly #inner: Inner
  readonly #trading: Trading
  readonly #life: Life
  readonly #openings: Openings

  /** Throws RangeError for options that make no world. The markets open at the start are there, and nobody was told of them. */
  constructor(options: WorldOptions, tell: Tell) {
    checkOptions(options)
    const chance = new Chance(options.seed, 1)
    const batch = new Batch(tell, new Chance(options.seed, 2), new TradeIds(options.seed, options.startUnixMs))
    const ledger = new Ledger()
    this.#inner = {
      options,
      chance,
      timetable: new Timetable(),
      batch,
      ledger,
      crowd: new Crowd(ledger, chance),
      pace: new Pace(options.framesPerSecond, options.startUnixMs),
      events: new Map(),
      markets: new Map(),
      indexPaths: new Map(INDICES.map((plan, index) => [plan.indexId, indexPath(plan, index, options)])),
      eventsOf: new Map(),
      activeWeight: 0,
    }
    this.#trading = new Trading(this.#inner)
    this.#openings = new Openings(this.#inner)
    this.#life = new Life(this.#inner, this.#trading, (atMs) => this.#refill(atMs, false))
    batch.isSilent = true
    this.#refill(options.startUnixMs, true)
    batch.isSilent = false
    for (const plan of INDICES) this.#followIndex(plan)
    this.#adjustPace(options.startUnixMs)
  }

  get events(): ReadonlyMap<string, WorldEvent> {
    return this.#inner.events
  }

  /** All that are known: to come, open, ended and not yet forgotten. */
  get markets(): ReadonlyMap<string, WorldMarket> {
    return this.#inner.markets
  }

  /** The last trades of a market, newest last, at least the last 200 of it; empty for a market that is not known. */
  trades(ticker: string): readonly WorldTrade[] {
    return this.#inner.markets.get(ticker)?.trades ?? []
  }

  /** Unix ms at which something is due. */
  get nextMs(): number {
    return this.#inner.timetable.nextMs
  }

  /** Deltas, trades and an estimate of tickers told since the start. */
  get framesTold(): number {
    return this.#inner.batch.framesTold
  }

  /** Carries out everything due up to then. */
  advance(toMs: number): void {
    const { timetable } = this.#inner
    for (let next = timetable.takeNext(toMs); next !== undefined; next = timetable.takeNext(toMs)) next.due(next.atMs)
  }

  /** Gives one open market, the one named or the first that can, a finer grid; `undefined` when none could. */
  refineGrid(ticker: string | undefined, atMs: number): string | undefined {
    for (const market of this.#inner.markets.values()) {
      if ((ticker ?? market.ticker) === market.ticker && this.#life.refineMarket(market, 'deci_cent', atMs))
        return market.ticker
    }
    return undefined
  }

  /** The money of everybody, for checks. */
  get ledger(): Ledger {
    return this.#inner.ledger
  }

  /** YES contracts less NO contracts of each account in a market that is known, in hundredths. */
  positions(ticker: string): ReadonlyMap<AccountId, number> {
    return this.#inner.markets.get(ticker)?.engine.positions() ?? new Map()
  }

  /** The book of a market that is known, summed from the orders in its engine, for checks. */
  sumOrders(ticker: string): Book {
    const book = emptyBook()
    const engine = this.#inner.markets.get(ticker)?.engine
    for (const side of ['yes', 'no'] as const) {
      for (const price of engine?.prices(side) ?? []) {
        let size = 0
        for (const order of engine?.ordersAt(side, price) ?? []) size += order.remaining
        book[side].set(price, size as CentiContracts)
      }
    }
    return book
  }

  /** What a YES contract is worth to those who know the latent number, 0 … 1; `undefined` for an unknown market. */
  fairValue(ticker: string, atMs: number): number | undefined {
    const market = this.#inner.markets.get(ticker)
    return market?.event.fairValue(market, market.event.path.tickAt(atMs))
  }

  #refill(atMs: number, isInitial: boolean): void {
    const { markets, options } = this.#inner
    let open = 0
    for (const { status } of markets.values()) {
      if (status === 'initialized' || status === 'active' || status === 'inactive') open++
    }
    while (open < options.markets) {
      const event = this.#openings.next(options.markets - open, atMs, isInitial)
      open += event.markets.length
      if (isInitial) this.#life.beginOpen(event, atMs)
      else this.#life.create(event, atMs)
      if (event.series.indexId === undefined) this.#followOwn(event.path)
    }
  }

  /** An index tells its number every second; its news reach the events on it. */
  #followIndex(plan: IndexPlan): void {
    const { timetable, batch, indexPaths } = this.#inner
    const path = indexPaths.get(plan.indexId) as Path
    const tick = (number: number): void => {
      timetable.at(path.msOf(number), (atMs) => {
        batch.begin(atMs)
        batch.add({ kind: 'index', indexId: plan.indexId, value: path.value(number).toFixed(plan.decimals), atMs })
        batch.finish()
        if (path.isNews(number)) this.#news(path, number, atMs)
        tick(number + 1)
      })
    }
    tick(1)
  }

  /** A process of one event is followed from news to news, as long as the event is open. */
  #followOwn(path: Path): void {
    const { timetable, eventsOf } = this.#inner
    const follow = (after: number): void => {
      const [event] = eventsOf.get(path) ?? []
      if (event === undefined) return
      let tick = after + 1
      while (tick < event.endTick && !path.isNews(tick)) tick++
      if (tick >= event.endTick) return
      timetable.at(path.msOf(tick), (atMs) => {
        this.#news(path, tick, atMs)
        follow(tick)
      })
    }
    follow(0)
  }

  #news(path: Path, tick: number, atMs: number): void {
    for (const event of this.#inner.eventsOf.get(path) ?? []) {
      if (tick < event.endTick) this.#trading.news(event, tick, atMs)
    }
  }

  #adjustPace(atMs: number): void {
    const { timetable, pace, batch } = this.#inner
    timetable.at(atMs + 1000, (now) => {
      pace.adjust(now, batch.framesTold)
      this.#adjustPace(now)
    })
  }
}

function indexPath(plan: IndexPlan, index: number, options: WorldOptions): Path {
  return new Path(new Chance(options.seed, 100 + index), {
    startMs: options.startUnixMs + index * INDEX_APART_MS,
    startValue: plan.startValue * (1 + 0.05 * (new Chance(options.seed, 200 + index).unit() - 0.5)),
    tickMs: TICK_MS,
    deviationPerTick: plan.deviation,
    newsShare: newsShareOf(framesPerMarket(options)),
    aheadTicks: Math.ceil(options.lifeMs[1] / TICK_MS) + SIGNAL_AHEAD_TICKS + 2,
  })
}
