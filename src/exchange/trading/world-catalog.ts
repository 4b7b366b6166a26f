/** What REST shows of the world: the entries that it pages through. How each looks stands in world-objects.ts. */
import type { Catalog, Described, EventEntry, MarketEntry, SeriesEntry, TradeEntry } from '../rest/catalog.ts'
import type { World } from '../world/index.ts'
import type { WorldEvent, WorldMarket } from '../world/world-market.ts'
import type { TapeTrade, TradeTape } from './trade-tape.ts'
import { describeEvent, describeMarket, describeSeries, describeTrade } from './world-objects.ts'

type Places = ReadonlyMap<string, { readonly ordinal: number; readonly market: WorldMarket }>

export class WorldCatalog implements Catalog {
  readonly #world: Pick<World, 'series' | 'events'>
  readonly #places: Places
  readonly #tape: TradeTape

  constructor(world: Pick<World, 'series' | 'events'>, places: Places, tape: TradeTape) {
    this.#world = world
    this.#places = places
    this.#tape = tape
  }

  *markets(): Iterable<MarketEntry> {
    for (const place of this.#places.values()) yield entryOf(place)
  }

  market(ticker: string): MarketEntry | undefined {
    const place = this.#places.get(ticker)
    return place === undefined ? undefined : entryOf(place)
  }

  describeMarket({ ticker }: MarketEntry): Described {
    const place = this.#places.get(ticker)
    return place === undefined ? {} : describeMarket(place.market)
  }

  /** An event stands where its first market does. */
  *events(): Iterable<EventEntry> {
    const found: EventEntry[] = []
    for (const event of this.#world.events.values()) {
      const entry = this.#eventEntry(event)
      if (entry !== undefined) found.push(entry)
    }
    yield* found.sort((a, b) => a.ordinal - b.ordinal)
  }

  event(ticker: string): EventEntry | undefined {
    const event = this.#world.events.get(ticker)
    return event === undefined ? undefined : this.#eventEntry(event)
  }

  describeEvent({ ticker }: EventEntry): Described {
    const event = this.#world.events.get(ticker)
    return event === undefined ? {} : describeEvent(event)
  }

  *series(): Iterable<SeriesEntry> {
    yield* this.#world.series.values()
  }

  seriesOf(ticker: string): SeriesEntry | undefined {
    return this.#world.series.get(ticker)
  }

  describeSeries({ ticker }: SeriesEntry): Described {
    const series = this.#world.series.get(ticker)
    if (series === undefined) return {}
    return describeSeries(series)
  }

  trades(ticker: string | undefined): Iterable<TradeEntry> {
    return this.#tape.newestFirst(ticker)
  }

  describeTrade(entry: TradeEntry): Described {
    return describeTrade(entry as TapeTrade)
  }

  #eventEntry(event: WorldEvent): EventEntry | undefined {
    const markets = event.markets.flatMap(({ ticker }) => this.market(ticker) ?? [])
    const [first] = markets
    if (first === undefined) return undefined
    return { ordinal: first.ordinal, ticker: event.ticker, seriesTicker: event.series.ticker, markets }
  }
}

const entryOf = ({ ordinal, market }: { readonly ordinal: number; readonly market: WorldMarket }): MarketEntry => ({
  ordinal,
  ticker: market.ticker,
  eventTicker: market.event.ticker,
  seriesTicker: market.series.ticker,
  status: market.status,
  createdMs: market.createdMs,
  closeMs: market.closeMs,
  settledMs: market.settledMs,
})
