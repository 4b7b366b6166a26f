/** The OpenAPI 3.1 document, made from the schemas that requests are checked against, so that the two cannot differ. */
import swagger from '@fastify/swagger'
import type { ApiOptions } from '../api-options.ts'
import type { ApiServer } from '../server/build-server.ts'

export const TAGS = [
  { name: 'health', description: 'Is it well, and how does it do.' },
  { name: 'books', description: 'Order books and markets now.' },
  { name: 'recording', description: 'What was recorded, and what was missed.' },
  { name: 'admin', description: 'Commands to the recorder.' },
  { name: 'documents', description: 'This description.' },
] as const

const DESCRIPTION = `Order books of Kalshi as the recorder has them: made from its journal, each answer with its place and its age.

Prices are dollars as text with four decimals, sizes contracts as text with two. Times are RFC 3339, UTC. Every fault has the shape \`{"error":{"code","message","field","near"}}\`; the codes are stable.`

export async function describeApi(app: ApiServer, { version, readToken }: ApiOptions): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'kalshiflow', version, description: DESCRIPTION },
      servers: [{ url: '/' }],
      tags: [...TAGS],
      components: {
        securitySchemes: {
          read: { type: 'http', scheme: 'bearer', description: 'KALSHIFLOW_READ_TOKEN, or the admin token.' },
          admin: { type: 'http', scheme: 'bearer', description: 'KALSHIFLOW_ADMIN_TOKEN.' },
        },
      },
      ...(readToken === undefined ? {} : { security: [{ read: [] }] }),
    },
    transform: ({ schema, url, route }) =>
      route.config?.access === 'open' ? { schema: { ...schema, security: [] }, url } : { schema, url },
  })
}
