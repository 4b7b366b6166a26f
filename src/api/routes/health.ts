/** `/rl/health`: is recording, storing and serving impaired? `/rl/health/live`: does the process answer? For everybody. */
import { Type } from 'typebox'
import { HEALTH_REASONS, type HealthCode } from '../health/judge-health.ts'
import type { ApiServer } from '../server/build-server.ts'
import type { RouteContext } from './route-context.ts'
import { faults, strict, time } from './schemas.ts'

const healthSchema = strict({
  status: Type.Enum(['healthy', 'degraded']),
  live: Type.Boolean({ description: 'The process answers.' }),
  ready: Type.Boolean({ description: 'Nothing is impaired.' }),
  reasons: Type.Array(
    strict({
      code: Type.Enum(Object.keys(HEALTH_REASONS) as HealthCode[], { description: 'Stable.' }),
      message: Type.String(),
      for_ms: Type.Optional(Type.Integer({ minimum: 0, description: 'For how long, or how far behind.' })),
    }),
  ),
  service: Type.String(),
  version: Type.String(),
  timestamp: time('When this was said.'),
})

export function addHealth(app: ApiServer, context: RouteContext): void {
  const { recorder, options, limits } = context
  const said = () => ({ service: 'kalshiflow', version: options.version, timestamp: new Date().toISOString() })

  app.get(
    '/rl/health',
    {
      config: { access: 'open', rateLimit: false },
      schema: {
        tags: ['health'],
        summary: 'Whether recording, storing and serving are impaired, and why',
        description:
          '503 when they are: never because markets are quiet or a connection is being made again. Needs no token and names no market.',
        querystring: strict({}),
        response: { 200: healthSchema, 503: healthSchema, ...withoutTokens(faults()) },
      },
    },
    async (_request, reply) => {
      await recorder.fresh(limits.recorderAskEveryMs * 2)
      const { live, ready, reasons } = context.health()
      const body = { status: ready ? ('healthy' as const) : ('degraded' as const), live, ready, ...said() }
      return reply
        .code(ready ? 200 : 503)
        .header('cache-control', 'no-store')
        .send({ ...body, reasons: [...reasons] })
    },
  )

  app.get(
    '/rl/health/live',
    {
      config: { access: 'open', rateLimit: false },
      schema: {
        tags: ['health'],
        summary: 'Whether the process answers',
        querystring: strict({}),
        response: {
          200: strict({
            live: Type.Boolean(),
            service: Type.String(),
            version: Type.String(),
            timestamp: time('Now.'),
          }),
          ...withoutTokens(faults()),
        },
      },
    },
    async (_request, reply) => reply.header('cache-control', 'no-store').send({ live: true, ...said() }),
  )
}

const withoutTokens = (all: ReturnType<typeof faults>): ReturnType<typeof faults> => {
  const { 401: _token, 429: _rate, ...rest } = all
  return rest
}
