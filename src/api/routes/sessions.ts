/** `/rl/sessions`: the runs of the recorder; from the database where there is one, else the run that the copy knows. */
import { type Static, Type } from 'typebox'
import type { ApiServer } from '../server/build-server.ts'
import { readSessions, type StoredSession } from '../store/read-sessions.ts'
import { inRange } from './gaps.ts'
import { readCursor, writeCursor } from './page-cursor.ts'
import { needCopy, type RouteContext } from './route-context.ts'
import { faults, nextCursor, nullable, pageQuery, strict, time } from './schemas.ts'

const sessionSchema = strict({
  session: Type.String({ description: 'UUID of the run.' }),
  version: nullable(Type.String()),
  started: nullable(time('When it began; null while the copy does not know.')),
  ended: nullable(time('When it stopped; null while it runs, and when its process died.')),
  state: Type.Enum(['running', 'stopped', 'died', 'ended'], {
    description: 'ended: it runs no longer, and the source does not know how it stopped.',
  }),
  reason: nullable(Type.String()),
  counts: nullable(Type.Record(Type.String(), Type.Number(), { description: 'At its end.' })),
})
type Session = Static<typeof sessionSchema>

const answerSchema = strict({
  source: Type.Enum(['database', 'journal'], { description: 'journal: only the last run.' }),
  sessions: Type.Array(sessionSchema, { description: 'Newest first.' }),
  next_cursor: nextCursor,
})

export function addSessions(app: ApiServer, context: RouteContext): void {
  const { pageMax, pageDefault, listsPerSecondMax } = context.limits
  app.get(
    '/rl/sessions',
    {
      config: { rateLimit: { max: listsPerSecondMax, timeWindow: 1_000 } },
      schema: {
        tags: ['recording'],
        summary: 'Runs of the recorder',
        querystring: strict(pageQuery(pageMax, pageDefault)),
        response: { 200: answerSchema, ...faults(503) },
      },
    },
    async (request, reply) => {
      const { limit = pageDefault, cursor } = request.query
      const before = cursor === undefined ? undefined : beforeOf(cursor)
      const journal = context.copy()?.journalId
      const { status } = await context.recorder.fresh(context.limits.recorderAskEveryMs)
      const stored =
        context.store === undefined || journal === undefined
          ? undefined
          : await readSessions(context.store, { journal, before, limit: limit + 1 })
      const source = stored === undefined ? ('journal' as const) : ('database' as const)
      const page = stored?.slice(0, limit)
      const last = page?.at(-1)
      const hasMore = stored !== undefined && stored.length > limit && last !== undefined
      const next = hasMore ? writeCursor([last.started_segment, Number(last.started_offset)]) : null
      const sessions = page?.map((row) => ofRow(row, status?.session)) ?? ofCopy(context, status?.session)
      return reply.header('cache-control', 'no-store').send({ source, sessions, next_cursor: next })
    },
  )
}

function beforeOf(cursor: string): readonly [number, number] {
  const [segment, offset] = readCursor(cursor, 2)
  return [inRange(segment, 2 ** 31 - 1), inRange(offset, Number.MAX_SAFE_INTEGER)]
}

const isoOfNs = (ns: string): string => new Date(Number(BigInt(ns) / 1_000_000n)).toISOString()

const ofRow = (row: StoredSession, running: string | undefined): Session => ({
  session: row.session,
  version: row.version,
  started: isoOfNs(row.started_ns),
  ended: row.stopped_ns === null ? null : isoOfNs(row.stopped_ns),
  state: row.stopped_ns !== null ? 'stopped' : row.session === running ? 'running' : 'died',
  reason: row.reason,
  counts: row.counts,
})

function ofCopy(context: RouteContext, running: string | undefined): Session[] {
  const { session } = needCopy(context)
  if (session === undefined) return []
  const { id, startedMs, version } = session
  const state = id === running ? 'running' : 'ended'
  return [
    {
      session: id,
      version: version ?? null,
      started: startedMs === undefined ? null : new Date(startedMs).toISOString(),
      ended: null,
      state,
      reason: null,
      counts: null,
    },
  ]
}
