/** `/rl/markets`: every market of the copy in a line, filtered, sorted and in pages that changes do not tear apart. */
import { Type } from 'typebox'
import { formatPosition } from '#domain'
import type { LiveMarket, Replica } from '#live'
import { compareMarkets, type MarketKey, type MarketSort, SORTS } from '../books/market-order.ts'
import { type MarketView, seriesOf, stateOf, viewMarket } from '../books/market-view.ts'
import { shortMs } from '../books/snapshot-cache.ts'
import type { ApiServer } from '../server/build-server.ts'
import { readCursor, writeCursor } from './page-cursor.ts'
import { needCopy, type RouteContext } from './route-context.ts'
import {
  contracts,
  count,
  dollars,
  faults,
  milliseconds,
  nextCursor,
  nullable,
  pageQuery,
  position,
  strict,
  time,
} from './schemas.ts'

const STATES = ['valid', 'in_doubt', 'unknown'] as const

const text = (description: string) => nullable(Type.String({ description }))
const marketSchema = strict({
  market_ticker: Type.String(),
  state: Type.Enum(STATES, { description: 'unknown: the exchange does not know the ticker.' }),
  valid: Type.Boolean({ description: 'Whether its book may be believed.' }),
  doubt: text('Why not; null when valid.'),
  as_of: nullable(time('Up to here nothing of its book was missed.')),
  yes_bid_dollars: nullable(dollars('Best YES bid.')),
  yes_ask_dollars: nullable(dollars('Best YES ask.')),
  spread_dollars: nullable(dollars('Ask less bid.')),
  mid_dollars: text('Dollars; may have a fifth decimal.'),
  total_volume_fp: contracts('Resting on both sides.'),
  frames_per_second: Type.Number({ minimum: 0 }),
  last_trade: nullable(
    strict({
      yes_price_dollars: dollars('YES price.'),
      size_fp: contracts('Traded.'),
      taker_side: nullable(Type.Enum(['yes', 'no'])),
      time: time('By the exchange, else when it was received.'),
    }),
  ),
  title: text('As the exchange says, like all below; null where it was not heard.'),
  subtitle: text('Of the YES side.'),
  event_ticker: text(''),
  series_ticker: Type.String({ description: 'What stands before the first dash where nothing else is known.' }),
  status: text('In the words of the exchange.'),
  open_time: text(''),
  close_time: text(''),
  result: text(''),
  settlement_value_dollars: text(''),
})

const answerSchema = strict({
  markets: Type.Array(marketSchema),
  found: count('Markets that the filters let through.'),
  total: count('Markets of the copy.'),
  position: position('Of the copy.'),
  behind_ms: milliseconds('The copy is behind the recorder.'),
  next_cursor: nextCursor,
})

export function addMarkets(app: ApiServer, context: RouteContext): void {
  const { pageMax, pageDefault, listsPerSecondMax } = context.limits
  app.get(
    '/rl/markets',
    {
      config: { rateLimit: { max: listsPerSecondMax, timeWindow: 1_000 } },
      schema: {
        tags: ['books'],
        summary: 'Markets with their best prices, validity and what the exchange said of them',
        querystring: strict({
          state: Type.Optional(Type.Enum(STATES, { description: 'Only markets in this state.' })),
          series: Type.Optional(
            Type.String({
              pattern: '^[!#-+\\--[\\]-~]{1,64}$',
              description: 'Only markets of this series, such as KXBTC15M.',
            }),
          ),
          q: Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: 100,
              description: 'Part of the ticker or the title, whatever its case.',
            }),
          ),
          sort: Type.Optional(
            Type.Enum(Object.keys(SORTS) as MarketSort[], {
              default: 'ticker',
              description: 'Largest or latest first, but for the ticker.',
            }),
          ),
          ...pageQuery(pageMax, pageDefault),
        }),
        response: { 200: answerSchema, ...faults(503) },
      },
    },
    async (request, reply) => {
      const { sort = 'ticker', limit = pageDefault, cursor } = request.query
      const copy = needCopy(context)
      const all = [...copy.markets()]
      const found = all.filter((live) => isWanted(copy, live, request.query))
      const order = compareMarkets(sort)
      const keyed = found.map((live): Keyed => ({ live, key: [SORTS[sort](live), live.market.ticker] }))
      const after = cursor === undefined ? undefined : afterOf(cursor)
      const rest = after === undefined ? keyed : keyed.filter(({ key }) => order(key, after) > 0)
      rest.sort((a, b) => order(a.key, b.key))
      const page = rest.slice(0, limit)
      const last = page.at(-1)
      const markets: MarketView[] = page.map(({ live }) => viewMarket(copy, live))
      return reply.header('cache-control', 'no-store').send({
        markets,
        found: found.length,
        total: all.length,
        position: formatPosition(copy.position),
        behind_ms: shortMs(copy.behindMs),
        next_cursor: rest.length > limit && last !== undefined ? writeCursor(last.key) : null,
      })
    },
  )
}

type Keyed = { readonly live: LiveMarket; readonly key: MarketKey }
type Wanted = { readonly state?: string; readonly series?: string; readonly q?: string }

function isWanted(copy: Replica, live: LiveMarket, { state, series, q }: Wanted): boolean {
  if (state !== undefined && stateOf(copy, live) !== state) return false
  if (series !== undefined && seriesOf(live) !== series) return false
  if (q === undefined) return true
  const { market, info } = live
  const words = `${market.ticker}\n${info?.title ?? ''}\n${info?.yes_sub_title ?? ''}`
  return words.toLowerCase().includes(q.toLowerCase())
}

function afterOf(cursor: string): MarketKey {
  const [figure = null, ticker] = readCursor(cursor, 2)
  return [figure, String(ticker)]
}
