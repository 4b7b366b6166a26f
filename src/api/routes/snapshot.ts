/** `/rl/orderbook/snapshot`: books now, one or many, each with what says how far it may be believed. */
import { Type } from 'typebox'
import type { Market } from '#feed'
import type { Replica } from '#live'
import { ApiFault } from '../server/api-fault.ts'
import type { ApiServer } from '../server/build-server.ts'
import { nearNames } from '../server/near-names.ts'
import { needCopy, type RouteContext } from './route-context.ts'
import { contracts, count, dollars, faults, milliseconds, nullable, position, strict, ticker, time } from './schemas.ts'

const level = Type.Array(Type.String(), {
  minItems: 2,
  maxItems: 2,
  description: 'Price in dollars, size in contracts.',
})
const behind = milliseconds('How far this copy is behind the recorder.')

export const bookSchema = strict({
  market_ticker: Type.String(),
  valid: Type.Boolean({ description: "Whether this is the exchange's book as of `as_of`." }),
  doubt: Type.Optional(Type.String({ description: 'Why not; absent when valid.' })),
  as_of: nullable(
    time('Up to here nothing of the subscription of the book was missed; null before its first snapshot.'),
  ),
  last_proof_age_ms: nullable(milliseconds('Since `as_of`.')),
  position: position('This is the book there.'),
  behind_ms: behind,
  seq: count('Number of the last frame that changed or proved the book, on its subscription.'),
  yes_bid_dollars: nullable(dollars('Best YES bid; null without one.')),
  yes_ask_dollars: nullable(dollars('One dollar less the best NO bid; null without one.')),
  spread_dollars: nullable(dollars('Ask less bid; null unless two-sided.')),
  mid_dollars: nullable(Type.String({ description: 'Dollars; may have a fifth decimal.' })),
  microprice_dollars: nullable(
    Type.Number({ description: 'Mid weighted by the sizes at the best prices: a figure to look at.' }),
  ),
  imbalance: nullable(Type.Number({ description: 'Over the best five levels of each side, -1 to 1.' })),
  yes_depth_fp: contracts('Within 5 cents of the best YES bid.'),
  no_depth_fp: contracts('Within 5 cents of the best NO bid.'),
  total_volume_fp: contracts('All levels of both sides.'),
  yes_dollars: Type.Array(level, { description: 'YES bids, ascending price.' }),
  no_dollars: Type.Array(level, { description: 'NO bids in NO prices, ascending.' }),
})

const answerSchema = strict({
  market_tickers: Type.Array(Type.String()),
  timestamp: time('When the answer was made.'),
  state: Type.Enum(['catching_up', 'live', 'finished'], {
    description:
      'Of the copy: catching up with the journal, following the recorder, or at the end of a journal without one.',
  }),
  position: position('All books of the answer are of this place.'),
  behind_ms: behind,
  snapshots: Type.Record(Type.String(), bookSchema, { description: 'By ticker.' }),
})

export function addSnapshot(app: ApiServer, context: RouteContext): void {
  const { snapshotMarketsMax } = context.limits
  app.get(
    '/rl/orderbook/snapshot',
    {
      schema: {
        tags: ['books'],
        summary: 'Order books now',
        description:
          `One or many markets, at most ${snapshotMarketsMax}: repeat the parameter or put commas between them. Without any: all, where there are no more than that. ` +
          'A book that cannot be believed is given too, with `valid: false` and the reason.',
        querystring: strict({
          market_ticker: Type.Optional(
            Type.Array(ticker('A market.'), { minItems: 1, maxItems: snapshotMarketsMax, description: 'Markets.' }),
          ),
          depth: Type.Optional(
            Type.Integer({ minimum: 1, maximum: 10_000, description: 'Best levels on each side; all without it.' }),
          ),
        }),
        response: { 200: answerSchema, ...faults(404, 503) },
      },
    },
    async (request, reply) => {
      const { market_ticker, depth } = request.query
      const copy = needCopy(context)
      const markets =
        market_ticker === undefined ? allMarkets(copy, snapshotMarketsMax) : findMarkets(context, copy, market_ticker)
      const bytes = context.snapshots.answer(copy, { markets, depth })
      return reply
        .type('application/json; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(bytes as never)
    },
  )
}

function allMarkets(copy: Replica, most: number): Market[] {
  const markets = [...copy.markets()].map(({ market }) => market)
  if (markets.length <= most) return markets
  throw new ApiFault(
    'FLOW_API_BAD_REQUEST',
    `there are ${markets.length} markets, and one answer has ${most} at most: name them; /rl/markets lists them`,
    { field: 'market_ticker' },
  )
}

/** In the order asked for. Throws the fault of the first that is not known. */
function findMarkets(context: RouteContext, copy: Replica, tickers: readonly string[]): Market[] {
  return tickers.map((wanted) => {
    const found = copy.market(wanted)
    if (found !== undefined) return found.market
    throw unknownMarket(context, copy, wanted)
  })
}

/** Names like it are looked for a few times a second: a client that asks for wrong ones all the time slows nobody down. */
export function unknownMarket({ nearNamesLeft }: RouteContext, copy: Replica, wanted: string): ApiFault {
  const markets = copy.fold.markets()
  const near = nearNamesLeft.take()
    ? nearNames(
        wanted,
        markets.map(({ ticker }) => ticker),
      )
    : []
  const words = `${wanted} is not among the ${markets.length} markets recorded here`
  return new ApiFault('FLOW_API_UNKNOWN_MARKET', words, { field: 'market_ticker', near })
}
