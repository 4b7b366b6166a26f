/** `/rl/metrics`: for Prometheus. */
import { Type } from 'typebox'
import type { MetricFacts } from '../metrics/metric.ts'
import { LoopDelay, MetricPage } from '../metrics/metric-page.ts'
import type { ApiServer } from '../server/build-server.ts'
import type { RouteContext } from './route-context.ts'
import { faults, strict } from './schemas.ts'

/** Several scrapers share one question to the recorder. */
const STATUS_AGE_MS_MAX = 500

export function addMetrics(app: ApiServer, context: RouteContext): void {
  const page = new MetricPage()
  const loop = new LoopDelay()
  const requests = { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 }
  app.addHook('onClose', async () => loop.close())
  app.addHook('onResponse', async (_request, { statusCode }) => {
    const status = `${Math.floor(statusCode / 100)}xx` as keyof typeof requests
    if (status in requests) requests[status]++
  })
  app.get(
    '/rl/metrics',
    {
      schema: {
        tags: ['health'],
        summary: 'Metrics for Prometheus',
        description: 'docs/api.md lists them. A figure that is not known has no sample.',
        produces: ['text/plain'],
        querystring: strict({}),
        response: { 200: Type.String({ description: 'Prometheus text, version 0.0.4.' }), ...faults() },
      },
    },
    async (_request, reply) => {
      await context.recorder.fresh(STATUS_AGE_MS_MAX)
      const text = await page.write(factsOf(context, loop, requests))
      return reply
        .type(page.contentType)
        .header('cache-control', 'no-store')
        .send(text as never)
    },
  )
}

function factsOf(context: RouteContext, loop: LoopDelay, requests: Readonly<Record<string, number>>): MetricFacts {
  const { options, recorder, snapshots } = context
  const { rss, heapUsed } = process.memoryUsage()
  return {
    version: options.version,
    environment: options.environment,
    health: context.health(),
    recorder: recorder.facts.status,
    copy: copyOf(context),
    gaps: context.copy()?.gaps(),
    api: {
      websocket: context.websocket(),
      requests,
      encoded: snapshots.counts.encoded,
      reused: snapshots.counts.reused + snapshots.counts.answersReused,
      loopMs: loop.read(),
      rssBytes: rss,
      heapBytes: heapUsed,
    },
  }
}

function copyOf(context: RouteContext): MetricFacts['copy'] {
  const copy = context.copy()
  if (copy === undefined) return undefined
  const markets = [...copy.markets()]
  const valid = markets.filter(({ market }) => copy.doubtOf(market) === undefined).length
  return { isLive: copy.state === 'live', behindMs: copy.behindMs, markets: markets.length, valid }
}
