/**
 * One WebSocket to the exchange for looking at it: opened once, every message and ping handed on as it came. For `doctor`
 * and `probe`; recording is {@link ExchangeLink}'s. No session, no second try, and nothing is sent that was not given.
 */
import type { IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import type { SigningKey } from './key.ts'
import { signRequest } from './sign.ts'

export type PlainSocketOptions = {
  readonly url: string
  /** Absent: the handshake is not signed. */
  readonly key?: SigningKey | undefined
  readonly keyId?: string | undefined
  /** Unix ms that the handshake is signed with; the wall clock's unless told. */
  readonly signedMs?: number
  /** Whether compression is offered in the handshake. */
  readonly offerCompression?: boolean
  readonly signal?: AbortSignal
  readonly onMessage?: (text: string) => void
  readonly onPing?: (body: string) => void
  readonly onClose?: (code: number, reason: string) => void
}

export type PlainSocket = {
  /** What the other side took of the extensions offered; empty for none. */
  readonly extensions: string
  send(text: string): void
  close(): void
}

export type Knocked =
  | { readonly kind: 'open'; readonly socket: PlainSocket; readonly tookMs: number }
  /** The handshake was answered with something else than a WebSocket. */
  | { readonly kind: 'refused'; readonly status: number; readonly body: string }
  | { readonly kind: 'failed'; readonly reason: string }

const HANDSHAKE_MS_MAX = 15_000
const MESSAGE_BYTES_MAX = 16 * 1024 * 1024
const REFUSAL_BYTES_MAX = 4096
const REFUSAL_MS_MAX = 2_000
const CLOSE_MS_MAX = 500

/** Never throws: whatever keeps the socket from opening is an answer. */
export function openPlainSocket(options: PlainSocketOptions): Promise<Knocked> {
  const { url, key, keyId, signedMs = Date.now(), offerCompression = false, signal } = options
  const startedMs = performance.now()
  return new Promise((done) => {
    const headers =
      key === undefined || keyId === undefined ? {} : signRequest(key, keyId, 'GET', new URL(url).pathname, signedMs)
    const socket = new WebSocket(url, {
      perMessageDeflate: offerCompression,
      maxPayload: MESSAGE_BYTES_MAX,
      handshakeTimeout: HANDSHAKE_MS_MAX,
      followRedirects: false,
      headers: { ...headers },
    })
    const end = () => socket.terminate()
    signal?.addEventListener('abort', end, { once: true })
    if (signal?.aborted === true) end()
    socket.on('message', (data: Buffer) => options.onMessage?.(data.toString('utf8')))
    socket.on('ping', (data: Buffer) => options.onPing?.(data.toString('utf8')))
    socket.on('error', (error) => done({ kind: 'failed', reason: error.message }))
    socket.on('close', (code, reason) => {
      signal?.removeEventListener('abort', end)
      done({ kind: 'failed', reason: `closed with code ${code}` })
      options.onClose?.(code, reason.toString('utf8').slice(0, 200))
    })
    socket.on('unexpected-response', (request, response) => {
      void readRefusal(response).then((body) => {
        request.destroy()
        done({ kind: 'refused', status: response.statusCode ?? 0, body })
      })
    })
    socket.on('open', () => {
      const plain: PlainSocket = {
        extensions: socket.extensions,
        send: (text) => socket.send(text),
        close() {
          socket.close(1000)
          setTimeout(() => socket.terminate(), CLOSE_MS_MAX).unref()
        },
      }
      done({ kind: 'open', socket: plain, tookMs: performance.now() - startedMs })
    })
  })
}

function readRefusal(response: IncomingMessage): Promise<string> {
  return new Promise((done) => {
    let body = ''
    const finish = () => done(body.slice(0, REFUSAL_BYTES_MAX).trim())
    const overdue = setTimeout(finish, REFUSAL_MS_MAX).unref()
    response.setEncoding('utf8')
    response.on('data', (text: string) => {
      if (body.length < REFUSAL_BYTES_MAX) body += text
    })
    for (const event of ['end', 'error', 'close'])
      response.on(event, () => {
        clearTimeout(overdue)
        finish()
      })
  })
}
