/** `/rl/docs` for people, `/rl/docs/openapi.json` for programs, `/rl` for whoever only has the address. */
import { Type } from 'typebox'
import { type OpenApiDocument, renderPage } from '../docs/page.ts'
import { ApiFault } from '../server/api-fault.ts'
import type { ApiServer } from '../server/build-server.ts'
import type { RouteContext } from './route-context.ts'
import { faults, strict } from './schemas.ts'

export function addDocuments(app: ApiServer, context: RouteContext): void {
  const made: { document?: string; page?: string } = {}
  app.addHook('onReady', async () => {
    const document = app.swagger() as unknown as OpenApiDocument
    made.document = JSON.stringify(document)
    made.page = renderPage(document)
  })
  const tags = ['documents']

  app.get(
    '/rl/docs/openapi.json',
    {
      schema: {
        tags,
        summary: 'This description, as OpenAPI 3.1',
        querystring: strict({}),
        response: { 200: Type.Object({}, { additionalProperties: true, description: 'OpenAPI 3.1.' }), ...faults() },
      },
    },
    async (_request, reply) => reply.type('application/json; charset=utf-8').send(made.document as never),
  )

  app.get(
    '/rl/docs',
    {
      schema: {
        tags,
        summary: 'This description, as a page',
        produces: ['text/html'],
        querystring: strict({}),
        response: { 200: Type.String({ description: 'HTML.' }), ...faults() },
      },
    },
    async (_request, reply) => reply.type('text/html; charset=utf-8').send(made.page as never),
  )

  const links = {
    health: '/rl/health',
    status: '/rl/status',
    markets: '/rl/markets',
    snapshot: '/rl/orderbook/snapshot',
    gaps: '/rl/gaps',
    sessions: '/rl/sessions',
    metrics: '/rl/metrics',
    websocket: '/rl/ws',
    docs: '/rl/docs',
  }
  for (const url of ['/', '/rl']) {
    app.get(
      url,
      {
        config: { access: 'open' },
        schema: {
          tags,
          summary: 'What there is',
          querystring: strict({}),
          response: {
            200: strict({
              service: Type.String(),
              version: Type.String(),
              links: Type.Record(Type.String(), Type.String()),
            }),
            ...faults(),
          },
        },
      },
      async () => ({ service: 'kalshiflow', version: context.options.version, links }),
    )
  }

  app.get(
    '/rl/ws',
    {
      schema: {
        tags: ['books'],
        summary: 'WebSocket: books, trades and figures as they happen',
        description:
          'Upgraded to a WebSocket, whose messages docs/api-websocket.md tells. Anything else is answered with 426.',
        querystring: strict({
          token: Type.Optional(
            Type.String({ maxLength: 512, description: 'The read token, since browsers cannot send a header here.' }),
          ),
        }),
        response: {
          101: Type.Object({}, { description: 'It is a WebSocket now.' }),
          ...faults(426, 503),
        },
      },
    },
    async (request) => {
      if (request.headers.upgrade?.toLowerCase() === 'websocket' && context.copy() === undefined) {
        throw new ApiFault('FLOW_API_UNAVAILABLE', 'the books are being read from the journal: try again in a moment', {
          headers: { 'retry-after': '1' },
        })
      }
      throw new ApiFault('FLOW_API_UPGRADE', 'this is a WebSocket: connect to it as one', {
        headers: { upgrade: 'websocket', connection: 'Upgrade' },
      })
    },
  )
}
