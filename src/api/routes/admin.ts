/** `POST /rl/admin/…`: commands to the recorder, for whoever has the admin token. Each call is told to the log. */
import { Type } from 'typebox'
import { ControlError } from '#live'
import { ApiFault } from '../server/api-fault.ts'
import type { ApiServer } from '../server/build-server.ts'
import type { RouteContext } from './route-context.ts'
import { faults, nullable, position, strict, ticker, time } from './schemas.ts'
import { unknownMarket } from './snapshot.ts'

const message = Type.String({ description: 'What was done.' })
const pausedSchema = nullable(
  strict({ since: time('When.'), by: Type.String({ description: 'Who asked.' }) }, 'null while it records.'),
)
const noBody = strict({}, 'Nothing, or an empty object.')

export function addAdmin(app: ApiServer, context: RouteContext): void {
  const { adminPerSecondMax, adminMarketsMax } = context.limits
  const config = { access: 'admin' as const, rateLimit: { max: adminPerSecondMax, timeWindow: 1_000 } }
  const shared = { tags: ['admin'], security: [{ admin: [] }] }
  const refusals = faults(403, 404, 409, 413, 415, 503)
  const marketsBody = strict({
    market_tickers: Type.Array(ticker('A market.'), {
      minItems: 1,
      maxItems: adminMarketsMax,
      description: 'Markets.',
    }),
  })
  tellCalls(app, context)

  app.post(
    '/rl/admin/flush',
    {
      config,
      schema: {
        ...shared,
        summary: 'Make everything received so far durable',
        body: noBody,
        response: { 200: strict({ message, durable: position('Everything before it is on disk.') }), ...refusals },
      },
    },
    async () => {
      const { durable } = (await command(context, { ask: 'flush' })) as { durable: string }
      return { message: 'everything received before the call is on disk', durable }
    },
  )

  for (const ask of ['pause', 'resume'] as const) {
    app.post(
      `/rl/admin/${ask}`,
      {
        config,
        schema: {
          ...shared,
          summary: ask === 'pause' ? 'Let the connections go until resumed' : 'Connect again after a pause',
          body: noBody,
          response: { 200: strict({ message, paused: pausedSchema }), ...refusals },
        },
      },
      async (request) => {
        const by = `api ${request.ip}`
        const asked = ask === 'pause' ? { ask, by } : { ask }
        const { paused } = (await command(context, asked)) as { paused: { since: string; by: string } | null }
        return { message: paused === null ? 'recording' : 'paused: nothing is recorded until it is resumed', paused }
      },
    )
  }

  for (const ask of ['resync', 'subscribe', 'unsubscribe'] as const) {
    app.post(
      `/rl/admin/${ask}`,
      {
        config,
        schema: {
          ...shared,
          summary: SUMMARIES[ask],
          body: marketsBody,
          response: {
            200: strict({
              message,
              market_tickers: Type.Array(Type.String(), { description: 'Asked for.' }),
              left: Type.Array(Type.String(), { description: 'Markets that no connection has room for.' }),
            }),
            ...refusals,
          },
        },
      },
      async (request) => {
        const markets = [...new Set(request.body.market_tickers)]
        const copy = context.copy()
        const unknown = ask === 'subscribe' ? undefined : markets.find((each) => copy?.market(each) === undefined)
        if (copy !== undefined && unknown !== undefined) throw unknownMarket(context, copy, unknown)
        const { left = [] } = (await command(context, { ask, markets })) as { left?: string[] }
        return { message: DONE[ask], market_tickers: markets, left }
      },
    )
  }
}

const SUMMARIES = {
  resync: 'Ask the exchange for the books of these markets again',
  subscribe: 'Record these markets too',
  unsubscribe: 'Record these markets no longer',
}
const DONE = {
  resync: 'asked for: the books are valid again with their snapshots',
  subscribe: 'asked for: the books are valid with their snapshots',
  unsubscribe: 'let go: what was recorded stays',
}

type Asked = Parameters<RouteContext['recorder']['command']>[0]

async function command(context: RouteContext, asked: Asked): Promise<unknown> {
  try {
    return await context.recorder.command(asked)
  } catch (error) {
    const code = error instanceof ControlError ? error.code : 'UNKNOWN'
    if (code === 'FLOW_NO_RECORDER') {
      throw new ApiFault(
        'FLOW_API_UNAVAILABLE',
        'no recorder runs on the data folder: start one with `kalshiflow start`',
      )
    }
    if (code === 'FLOW_CONTROL_TIMEOUT' || code === 'FLOW_CONTROL_CLOSED') {
      throw new ApiFault('FLOW_API_UNAVAILABLE', 'the recorder did not answer in time: look at its log and /rl/health')
    }
    throw new ApiFault('FLOW_API_REFUSED', `the recorder refused (${code}): its log says why`)
  }
}

/** Whoever called and however it ended; a token is never told. */
function tellCalls(app: ApiServer, { tell }: RouteContext): void {
  app.addHook('onResponse', async (request, reply) => {
    const { url = '', config } = request.routeOptions
    if (config.access !== 'admin') return
    const markets = (request.body as { market_tickers?: unknown[] } | null | undefined)?.market_tickers
    tell({
      kind: 'admin_call',
      action: url.slice(url.lastIndexOf('/') + 1),
      client: request.ip ?? 'gone',
      status: reply.statusCode,
      ...(Array.isArray(markets) ? { markets: markets.length } : {}),
    })
  })
}
