/** `/rl/gaps`: what was missed, with cause, beginning and end; from the database where there is one, else from the copy. */
import { type Static, Type } from 'typebox'
import type { LiveGap } from '#live'
import type { ApiServer } from '../server/build-server.ts'
import { GAP_TICKERS_MAX, readGaps, type StoredGap } from '../store/read-gaps.ts'
import { readCursor, writeCursor } from './page-cursor.ts'
import { needCopy, type RouteContext } from './route-context.ts'
import { count, faults, nextCursor, nullable, pageQuery, position, strict, ticker, time } from './schemas.ts'

const gapSchema = strict({
  cause: Type.String(),
  detail: nullable(Type.String()),
  from: time('The last proof before the gap.'),
  to: nullable(time('When the last of its markets was proven again or let go; null while one is not.')),
  closed_by: nullable(
    Type.Enum(['snapshot', 'checkpoint', 'let_go', 'declared'], {
      description: 'How the last of its markets got out of it; null while one has not.',
    }),
  ),
  found: position('The record that revealed it, or the place right behind it where the source is the journal.'),
  connection: nullable(Type.Integer()),
  sid: nullable(Type.Integer()),
  markets: count('Markets in the gap.'),
  open: count('Of them, those that are neither proven again nor let go.'),
  market_tickers: Type.Array(Type.String(), { description: `The first ${GAP_TICKERS_MAX}.` }),
})

type Gap = Static<typeof gapSchema>

const answerSchema = strict({
  source: Type.Enum(['database', 'journal'], {
    description: 'journal: only what was seen since the copy of the books was opened.',
  }),
  gaps: Type.Array(gapSchema, { description: 'Newest first.' }),
  next_cursor: nextCursor,
})

export function addGaps(app: ApiServer, context: RouteContext): void {
  const { pageMax, pageDefault, listsPerSecondMax } = context.limits
  app.get(
    '/rl/gaps',
    {
      config: { rateLimit: { max: listsPerSecondMax, timeWindow: 1_000 } },
      schema: {
        tags: ['recording'],
        summary: 'Holes in the recording',
        querystring: strict({
          market_ticker: Type.Optional(ticker('Only gaps of this market.')),
          cause: Type.Optional(Type.String({ pattern: '^[a-z_]{1,40}$', description: 'Only gaps of this cause.' })),
          open: Type.Optional(Type.Boolean({ description: 'Only gaps that have not ended, or only those that have.' })),
          ...pageQuery(pageMax, pageDefault),
        }),
        response: { 200: answerSchema, ...faults(503) },
      },
    },
    async (request, reply) => {
      const { market_ticker: market, cause, open, limit = pageDefault, cursor } = request.query
      const before = cursor === undefined ? undefined : beforeOf(cursor)
      const journal = context.copy()?.journalId
      const stored =
        context.store === undefined || journal === undefined
          ? undefined
          : await readGaps(context.store, { journal, market, cause, open, before, limit: limit + 1 })
      const wanted = (gap: Gap, tickers: readonly string[]) =>
        (market === undefined || tickers.includes(market)) &&
        (cause === undefined || gap.cause === cause) &&
        (open === undefined || gap.open > 0 === open)
      const gaps =
        stored?.map(ofRow) ??
        [...needCopy(context).gaps()]
          .reverse()
          .map((gap) => ({ gap: ofLive(gap), tickers: gap.market_tickers }))
          .filter(({ gap, tickers }) => isBefore(gap, before) && wanted(gap, tickers))
          .slice(0, limit + 1)
          .map(({ gap }) => gap)
      const page = gaps.slice(0, limit)
      const last = page.at(-1)
      const next = gaps.length > limit && last !== undefined ? writeCursor([...placeOf(last.found), last.cause]) : null
      const source = stored === undefined ? ('journal' as const) : ('database' as const)
      return reply.header('cache-control', 'no-store').send({ source, gaps: page, next_cursor: next })
    },
  )
}

type Place = readonly [segment: number, offset: number, cause: string]

function beforeOf(cursor: string): Place {
  const [segment, offset, cause] = readCursor(cursor, 3)
  return [inRange(segment, 2 ** 31 - 1), inRange(offset, Number.MAX_SAFE_INTEGER), String(cause).replaceAll('\0', '')]
}

/** A cursor is text of the client's: a number in it may be anything. */
export const inRange = (part: unknown, most: number): number =>
  typeof part === 'number' && Number.isInteger(part) ? Math.min(most, Math.max(0, part)) : 0

function isBefore(gap: Gap, before: Place | undefined): boolean {
  if (before === undefined) return true
  const [segment, offset] = placeOf(gap.found)
  return (
    segment - before[0] < 0 ||
    (segment === before[0] && (offset < before[1] || (offset === before[1] && gap.cause < before[2])))
  )
}

const placeOf = (found: string): [number, number] => {
  const [segment = 0, offset = 0] = found.split(':').map(Number)
  return [segment, offset]
}

const isoOfNs = (ns: string): string => new Date(Number(BigInt(ns) / 1_000_000n)).toISOString()

const ofRow = (row: StoredGap): Gap => ({
  cause: row.cause,
  detail: row.detail,
  from: isoOfNs(row.from_ns),
  to: row.to_ns === null ? null : isoOfNs(row.to_ns),
  closed_by: row.closed_by,
  found: `${row.found_segment}:${row.found_offset}`,
  connection: row.connection,
  sid: row.sid,
  markets: row.markets,
  open: row.open,
  market_tickers: [...(row.tickers ?? [])],
})

const ofLive = (gap: LiveGap): Gap => ({
  cause: gap.cause,
  detail: gap.detail ?? null,
  from: new Date(gap.from_ms).toISOString(),
  to: gap.to_ms === null ? null : new Date(gap.to_ms).toISOString(),
  closed_by: gap.closed_by,
  found: gap.found,
  connection: gap.connection ?? null,
  sid: gap.sid ?? null,
  markets: gap.market_tickers.length,
  open: gap.open,
  market_tickers: gap.market_tickers.slice(0, GAP_TICKERS_MAX),
})
