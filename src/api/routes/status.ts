/** `/rl/status`: what recorder, copy and service say of themselves, for people and panels. */
import { Type } from 'typebox'
import { formatPosition } from '#domain'
import { shortMs } from '../books/snapshot-cache.ts'
import type { ApiServer } from '../server/build-server.ts'
import type { RouteContext } from './route-context.ts'
import { count, faults, milliseconds, nullable, position, strict, time } from './schemas.ts'

const copySchema = strict({
  state: Type.Enum(['catching_up', 'live', 'finished']),
  position: position('Everything before it is in the copy.'),
  behind_ms: milliseconds('Behind the recorder.'),
  journal: nullable(Type.String({ description: 'UUID.' })),
  markets: count('Known from the journal since it was opened.'),
  valid: count('With a book that may be believed, in this copy.'),
  gaps: count('Known from the journal since it was opened.'),
})

const statusSchema = strict({
  service: Type.String(),
  version: Type.String(),
  environment: Type.String(),
  timestamp: time('When this was said.'),
  stats: strict({
    recorder: nullable(
      Type.Object(
        {},
        { additionalProperties: true, description: 'As `kalshiflow` shows it; null without a recorder.' },
      ),
    ),
    recorder_age_ms: nullable(milliseconds('Of what the recorder said.')),
    copy: nullable(copySchema),
    store: strict({
      used: Type.Boolean({ description: 'Whether gaps and sessions are read from PostgreSQL.' }),
      open: Type.Boolean(),
    }),
    api: strict({
      up_ms: count(''),
      websocket_clients: count(''),
      snapshots_encoded: count('Books made into text.'),
      snapshots_reused: count('Books whose text was there.'),
    }),
  }),
})

export function addStatus(app: ApiServer, context: RouteContext): void {
  const { options, recorder, snapshots } = context
  app.get(
    '/rl/status',
    {
      schema: {
        tags: ['health'],
        summary: 'Figures of recorder, store, copy and service',
        querystring: strict({}),
        response: { 200: statusSchema, ...faults() },
      },
    },
    async (_request, reply) => {
      const { status, ageMs } = await recorder.fresh(STATUS_AGE_MS_MAX)
      const body = {
        service: 'kalshiflow',
        version: options.version,
        environment: options.environment,
        timestamp: new Date().toISOString(),
        stats: {
          recorder: status ?? null,
          recorder_age_ms: status === undefined ? null : shortMs(ageMs),
          copy: copyOf(context),
          store: { used: context.store !== undefined, open: context.store?.isOpen ?? false },
          api: {
            up_ms: Math.round(performance.now() - context.startedMs),
            websocket_clients: context.clients(),
            snapshots_encoded: snapshots.counts.encoded,
            snapshots_reused: snapshots.counts.reused + snapshots.counts.answersReused,
          },
        },
      }
      return reply.header('cache-control', 'no-store').send(body)
    },
  )
}

/** Many clients share one question. */
const STATUS_AGE_MS_MAX = 250

function copyOf(context: RouteContext) {
  const copy = context.copy()
  if (copy === undefined) return null
  const markets = [...copy.markets()]
  return {
    state: copy.state,
    position: formatPosition(copy.position),
    behind_ms: shortMs(copy.behindMs),
    journal: copy.journalId ?? null,
    markets: markets.length,
    valid: markets.filter(({ market }) => copy.doubtOf(market) === undefined).length,
    gaps: copy.gaps().length,
  }
}
