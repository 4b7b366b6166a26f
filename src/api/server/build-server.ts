/**
 * The HTTP server before it has routes: limits, security headers, who is let in, and one shape for whatever goes wrong.
 *
 * In the order in which a request passes: the length of its address, its Host header, the count of requests of its client,
 * its token (so that tries of tokens are counted too), then its body and its route.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import fastify, { type FastifyInstance, type RawServerDefault } from 'fastify'
import type { Limits } from '../api-limits.ts'
import type { ApiOptions } from '../api-options.ts'
import { Admission } from './admission.ts'
import { ApiFault } from './api-fault.ts'
import { clientName } from './client-name.ts'
import { answerBrokenClient, handleFaults, sendFault } from './handle-faults.ts'
import { compileValidator } from './validate.ts'

export type ApiServer = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  import('fastify').FastifyBaseLogger,
  TypeBoxTypeProvider
>

/** Who may ask for a route: everybody, whoever has the read token, or whoever has the admin token. */
export type Access = 'open' | 'read' | 'admin'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `read` where nothing is said. */
    access?: Access
  }
}

/** Styles stand in the page itself; nothing else is loaded from anywhere. */
const PAGE_POLICY = {
  defaultSrc: ["'none'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  frameAncestors: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
}

export async function buildServer(
  options: ApiOptions,
  limits: Limits,
): Promise<{ app: ApiServer; admission: Admission }> {
  const admission = new Admission(options)
  const app: ApiServer = fastify({
    logger: false,
    bodyLimit: limits.bodyBytesMax,
    connectionTimeout: limits.idleMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    clientErrorHandler: answerBrokenClient,
    routerOptions: { maxParamLength: 256, ignoreTrailingSlash: true },
    http: {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: 1_000,
      // Some clients offer HTTP/2 with every request: what is no WebSocket of ours is an ordinary request.
      shouldUpgradeCallback: (request) =>
        app.server.listenerCount('upgrade') > 0 && isWebSocket(request) && pathOf(request.url) === '/rl/ws',
    },
    frameworkErrors: (_error, _request, reply) => {
      sendFault(reply as never, new ApiFault('FLOW_API_BAD_REQUEST', 'the path is not percent-encoded as it must be'))
    },
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.server.maxConnections = limits.connectionsMax
  app.removeContentTypeParser('text/plain')
  app.setValidatorCompiler(compileValidator)
  // Answers are checked against their schemas by the tests, not cut to them at every request.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value))
  handleFaults(app as unknown as FastifyInstance, options.onEvent ?? (() => {}))
  checkAddresses(app, admission, limits)
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: PAGE_POLICY },
    frameguard: { action: 'deny' },
    hsts: false,
  })
  if (options.corsOrigins.length > 0) {
    await app.register(cors, { origin: [...options.corsOrigins], methods: ['GET', 'HEAD'], maxAge: 600 })
  }
  await app.register(rateLimit, {
    max: limits.requestsPerSecondMax,
    timeWindow: 1_000,
    cache: limits.countedClientsMax,
    keyGenerator: (request) => clientName(request.ip),
    errorResponseBuilder: (_request, { max }) => {
      const words = `more than ${max} requests of this kind in a second: wait as Retry-After says, or open /rl/ws`
      return new ApiFault('FLOW_API_TOO_MANY_REQUESTS', words)
    },
  })
  checkTokens(app, admission)
  answerUnknownRoutes(app)
  return { app, admission }
}

function checkAddresses(app: ApiServer, admission: Admission, limits: Limits): void {
  app.addHook('onRequest', async (request) => {
    if (request.raw.url !== undefined && Buffer.byteLength(request.raw.url) > limits.urlBytesMax) {
      throw new ApiFault('FLOW_API_URL_TOO_LONG', `an address may have ${limits.urlBytesMax} bytes`)
    }
    const fault = admission.checkHost(request.headers.host)
    if (fault !== undefined) throw fault
  })
}

function checkTokens(app: ApiServer, admission: Admission): void {
  app.addHook('preParsing', async (request) => {
    const { access = 'read' } = request.routeOptions.config
    const { authorization } = request.headers
    const fault =
      access === 'open'
        ? undefined
        : access === 'admin'
          ? admission.checkAdmin({ authorization })
          : admission.checkRead({ authorization })
    if (fault !== undefined) throw fault
  })
}

/** A path that is there, asked for in another way, is told from one that is not. */
function answerUnknownRoutes(app: ApiServer): void {
  const methodsOf = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const methods = methodsOf.get(url) ?? new Set()
    for (const each of [method].flat()) methods.add(each)
    methodsOf.set(url, methods)
  })
  app.setNotFoundHandler({ preHandler: app.rateLimit() as never }, async (request) => {
    const path = pathOf(request.raw.url)
    const methods = methodsOf.get(path)
    if (methods !== undefined) {
      const allowed = [...methods].join(', ')
      throw new ApiFault('FLOW_API_METHOD', `${path} takes ${allowed}`, { headers: { allow: allowed } })
    }
    const known = [...methodsOf.keys()].filter((each) => each !== '')
    throw new ApiFault('FLOW_API_NOT_FOUND', 'there is nothing at this path; /rl/docs lists what there is', {
      near: known.filter((each) => each.startsWith(path) || path.startsWith(`${each}/`)).slice(0, 5),
    })
  })
}

const isWebSocket = ({ headers }: IncomingMessage): boolean => headers.upgrade?.toLowerCase() === 'websocket'

function pathOf(url = ''): string {
  const [path = ''] = url.split('?')
  return path.length > 1 ? path.replace(/\/+$/, '') : path
}
