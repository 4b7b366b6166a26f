/**
 * Every way in which a request can fail, as the one shape of {@link ApiFault}. What is no client's fault is told to the
 * log under an id, and the client gets the id: nothing of our inside leaves the process.
 */
import type { Socket } from 'node:net'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ApiOptions } from '../api-options.ts'
import { ApiFault, FAULTS, type FaultCode } from './api-fault.ts'

/** Fastify's own faults that a client can cause. */
const OF_FASTIFY: Readonly<Record<string, readonly [FaultCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['FLOW_API_TOO_LARGE', 'the body is too large'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['FLOW_API_MEDIA_TYPE', 'a body must be application/json'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['FLOW_API_BAD_REQUEST', 'the body has not the length that was told'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['FLOW_API_BAD_REQUEST', 'the body is empty; send a JSON object, or no content-type'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['FLOW_API_BAD_REQUEST', 'the body is not JSON'],
  FST_ERR_BAD_URL: ['FLOW_API_BAD_REQUEST', 'the path is not percent-encoded as it must be'],
  FST_ERR_ASYNC_CONSTRAINT: ['FLOW_API_BAD_REQUEST', 'the request cannot be read'],
  FST_ERR_MAX_PARAM_LENGTH: ['FLOW_API_URL_TOO_LONG', 'the path is too long'],
}

export function handleFaults(app: FastifyInstance, onEvent: NonNullable<ApiOptions['onEvent']>): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const fault = error instanceof ApiFault ? error : faultOf(error)
    if (fault !== undefined) return sendFault(reply, fault)
    const route = `${request.method} ${request.routeOptions.url ?? 'without a route'}`
    onEvent({ kind: 'request_failed', route, id: request.id, error })
    return sendFault(reply, internal(request))
  })
}

export function sendFault(reply: FastifyReply, fault: ApiFault): FastifyReply {
  if (fault.details.headers !== undefined) reply.headers(fault.details.headers)
  return reply.code(fault.statusCode).type('application/json; charset=utf-8').send(JSON.stringify(fault.body))
}

function faultOf(error: FastifyError): ApiFault | undefined {
  const known = OF_FASTIFY[error.code]
  if (known !== undefined) return new ApiFault(...known)
  // A body with "__proto__" in it, and the like: the parser refuses with a plain 400.
  if (error.statusCode === 400) return new ApiFault('FLOW_API_BAD_REQUEST', 'the request cannot be read')
  return undefined
}

const internal = ({ id }: FastifyRequest): ApiFault =>
  new ApiFault(
    'FLOW_API_INTERNAL',
    `something went wrong here, and not with the request: the log says what, under ${id}`,
  )

/** How long a client that was sent away may take to read why and to close its side: the server looks after it no longer. */
const PARTING_MS_MAX = 1_000

/** What is no HTTP never becomes a request: answered on the socket, which is let go. */
export function answerBrokenClient(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  const code: FaultCode =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? 'FLOW_API_SLOW_REQUEST'
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? 'FLOW_API_HEADERS_TOO_LARGE'
        : 'FLOW_API_BAD_REQUEST'
  const words: Readonly<Partial<Record<FaultCode, string>>> = {
    FLOW_API_SLOW_REQUEST: 'the request took too long to arrive',
    FLOW_API_HEADERS_TOO_LARGE: 'the headers are too large',
  }
  const body = JSON.stringify(new ApiFault(code, words[code] ?? 'this is not an HTTP request').body)
  const head = [
    `HTTP/1.1 ${FAULTS[code]} ${REASON_PHRASES[FAULTS[code]] ?? 'Error'}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'x-content-type-options: nosniff',
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  const overdue = setTimeout(() => socket.destroy(), PARTING_MS_MAX)
  socket.once('close', () => clearTimeout(overdue))
}

const REASON_PHRASES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
}
