/** `/events` and `/series` (docs.kalshi.com/api-reference, read 2026-08; bodies recorded 2026-08). */
import type { Venue } from '../venue.ts'
import { notFound, ok, type RestAnswer } from './body.ts'
import type { Catalog, EventEntry } from './catalog.ts'
import { statusFilter } from './markets.ts'
import { countOf, cutPage, flagOf, listOf, secondsOf, textOf } from './query.ts'

const EVENTS_MAX = 200

/** An event has a status when one of its markets has. */
export function listEvents({ catalog }: Venue, query: URLSearchParams): RestAnswer {
  const limit = countOf(query, 'limit', EVENTS_MAX, 1, EVENTS_MAX)
  const hasStatus = statusFilter(textOf(query, 'status'))
  const series = textOf(query, 'series_ticker')
  const tickers = listOf(query, 'tickers')
  const minCloseMs = secondsOf(query, 'min_close_ts') ?? Number.NEGATIVE_INFINITY
  const nested = flagOf(query, 'with_nested_markets')
  const fits = (event: EventEntry): boolean =>
    event.markets.some(hasStatus) &&
    event.markets.some(({ closeMs }) => closeMs >= minCloseMs) &&
    (series === '' || event.seriesTicker === series) &&
    (tickers.size === 0 || tickers.has(event.ticker))
  const page = cutPage(catalog.events(), fits, { limit, cursor: textOf(query, 'cursor') })
  return ok({ cursor: page.cursor, events: page.entries.map((event) => describe(catalog, event, nested)) })
}

/** `markets` stands beside the event, or inside it with `with_nested_markets`. */
export function oneEvent({ catalog }: Venue, ticker: string, query: URLSearchParams): RestAnswer {
  const event = catalog.event(ticker)
  if (event === undefined) return notFound(`event ${ticker} not found`)
  if (flagOf(query, 'with_nested_markets')) return ok({ event: describe(catalog, event, true) })
  return ok({ event: describe(catalog, event, false), markets: describeMarkets(catalog, event) })
}

export function listSeries({ catalog }: Venue, query: URLSearchParams): RestAnswer {
  const category = textOf(query, 'category')
  const tags = listOf(query, 'tags')
  const found = [...catalog.series()].filter(
    (series) =>
      (category === '' || series.category === category) &&
      (tags.size === 0 || series.tags.some((tag) => tags.has(tag))),
  )
  return ok({ series: found.map((series) => catalog.describeSeries(series)) })
}

export function oneSeries({ catalog }: Venue, ticker: string): RestAnswer {
  const series = catalog.seriesOf(ticker)
  return series === undefined ? notFound(`series ${ticker} not found`) : ok({ series: catalog.describeSeries(series) })
}

const describe = (catalog: Catalog, event: EventEntry, nested: boolean) => ({
  ...catalog.describeEvent(event),
  ...(nested ? { markets: describeMarkets(catalog, event) } : {}),
})

const describeMarkets = (catalog: Catalog, { markets }: EventEntry) =>
  markets.map((market) => catalog.describeMarket(market))
