/**
 * The WebSocket service on an HTTP server: who is let in, who is looked after, how it ends. What is sent to whom is the
 * fan-out's business (fan-out.ts), what one client is owed the client's (client.ts).
 */
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { type WebSocket, WebSocketServer } from 'ws'
import { formatPosition } from '#domain'
import type { Replica } from '#live'
import { type ClientEnd, WsClient } from './client.ts'
import { FanOut } from './fan-out.ts'
import { WS_LIMITS, type WsLimits } from './limits.ts'
import { encodePlain, PROTOCOL_VERSION } from './messages.ts'
import { CHANNELS } from './parse-command.ts'

export type WsRefusal = { readonly status: number; readonly code: string; readonly message: string }

export type WsEvent =
  /** A client was closed for not reading (4008), for what it sent (1008) or for its silence. */
  | ({ readonly kind: 'client_ended'; readonly client: number } & ClientEnd)
  | { readonly kind: 'client_refused'; readonly code: string }

export type WebSocketOptions = {
  readonly server: Server
  readonly path: string
  readonly replica: Replica
  /** Asked before the upgrade; `undefined` lets the client in. */
  readonly admit: (request: IncomingMessage) => WsRefusal | undefined
  /** Origins of web pages that may connect, beside those of our own address. */
  readonly allowedOrigins?: readonly string[]
  readonly limits?: Partial<WsLimits>
  readonly onEvent?: (event: WsEvent) => void
}

export type WebSocketService = {
  readonly clients: number
  /** Counts since the start, for /rl/metrics. */
  metrics(): WsMetrics
  /** Says goodbye to everybody, and lets go of whoever does not answer. */
  close(): Promise<void>
}

export type WsMetrics = {
  readonly clients: number
  readonly clients_opened: number
  readonly clients_cut_slow: number
  readonly clients_refused: number
  readonly messages_sent: number
  readonly unread_bytes: number
}

const TICK_MS = 1_000
const GOODBYE_MS_MAX = 500
/** How long a refused client may take to read why. */
const REFUSAL_MS_MAX = 1_000

export const attachWebSocket = (options: WebSocketOptions): WebSocketService => new AttachedWebSocket(options)

class AttachedWebSocket implements WebSocketService {
  readonly #options: WebSocketOptions
  readonly #limits: WsLimits
  readonly #clients = new Set<WsClient>()
  /** Every one that asked for an upgrade and is open: the HTTP server looks after none of them. */
  readonly #sockets = new Set<Duplex>()
  readonly #upgrader: WebSocketServer
  readonly #fanOut: FanOut
  readonly #timers: NodeJS.Timeout[]
  readonly #stopListening: () => void
  #opened = 0
  #refused = 0
  #cutSlow = 0
  /** By clients that are gone. */
  #sentBefore = 0

  constructor(options: WebSocketOptions) {
    const { server, replica, limits = {} } = options
    this.#options = options
    this.#limits = { ...WS_LIMITS, ...limits }
    this.#upgrader = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: this.#limits.commandBytesMax,
    })
    this.#fanOut = new FanOut(replica, this.#clients)
    this.#stopListening = replica.subscribe(this.#fanOut)
    this.#timers = [
      setInterval(() => this.#tick(), TICK_MS),
      setInterval(() => this.#fanOut.sendStats(Date.now()), this.#limits.statsEveryMs),
      setInterval(() => this.#ping(), this.#limits.pingEveryMs),
    ]
    server.on('upgrade', this.#upgrade)
  }

  get clients(): number {
    return this.#clients.size
  }

  metrics(): WsMetrics {
    const clients = [...this.#clients]
    const sum = (of: (client: WsClient) => number) => clients.reduce((total, each) => total + of(each), 0)
    return {
      clients: clients.length,
      clients_opened: this.#opened,
      clients_cut_slow: this.#cutSlow,
      clients_refused: this.#refused,
      messages_sent: this.#sentBefore + sum(({ seq }) => seq),
      unread_bytes: sum(({ bufferedBytes }) => bufferedBytes),
    }
  }

  async close(): Promise<void> {
    this.#options.server.off('upgrade', this.#upgrade)
    this.#stopListening()
    this.#fanOut.close()
    for (const timer of this.#timers) clearInterval(timer)
    for (const client of this.#clients) client.goAway()
    const untilMs = performance.now() + GOODBYE_MS_MAX
    while (this.#clients.size > 0 && performance.now() < untilMs) await sleep(5)
    for (const client of this.#clients) client.terminate()
    for (const socket of this.#sockets) socket.destroy()
  }

  readonly #upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const { path, admit, allowedOrigins = [] } = this.#options
    const isOurs = request.url?.split('?')[0] === path
    // Somebody else on this server may know the path.
    if (!isOurs && this.#options.server.listenerCount('upgrade') > 1) return
    socket.on('error', () => socket.destroy())
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    const refusal = isOurs
      ? (admit(request) ?? refuseOrigin(request, allowedOrigins) ?? this.#refuseCrowd())
      : { status: 404, code: 'FLOW_API_NOT_FOUND', message: `WebSockets are served at ${path}` }
    if (refusal !== undefined) {
      this.#refused++
      this.#options.onEvent?.({ kind: 'client_refused', code: refusal.code })
      answer(socket, refusal)
      return
    }
    this.#upgrader.handleUpgrade(request, socket, head, (webSocket) => this.#open(webSocket, socket))
  }

  #open(webSocket: WebSocket, socket: Duplex): void {
    const { replica } = this.#options
    const client = new WsClient(++this.#opened, webSocket, socket, {
      limits: this.#limits,
      tickers: () => replica.fold.markets().map(({ ticker }) => ticker),
      isKnown: (ticker) => replica.fold.market(ticker) !== undefined,
      onSubscribed: () => this.#fanOut.sendOwed(),
      onEnd: (ended, end) => this.#ended(ended, end),
    })
    this.#clients.add(client)
    const hello = {
      protocol: PROTOCOL_VERSION,
      environment: replica.environment ?? null,
      journal: replica.journalId ?? null,
      position: formatPosition(replica.position),
      state: replica.toldState,
      channels: CHANNELS,
    }
    client.push(encodePlain('hello', hello))
    client.flush()
  }

  /** Called more than once for a client: when it is given up, and when its socket is closed. */
  #ended(client: WsClient, end: ClientEnd): void {
    if (end.why === 'left') {
      if (this.#clients.delete(client)) this.#sentBefore += client.seq
      return
    }
    if (end.why === 'slow') this.#cutSlow++
    this.#options.onEvent?.({ kind: 'client_ended', client: client.id, ...end })
  }

  #refuseCrowd(): WsRefusal | undefined {
    const { clientsMax } = this.#limits
    if (this.#clients.size < clientsMax) return undefined
    return { status: 503, code: 'FLOW_WS_CLIENTS', message: `${clientsMax} clients are connected: try again later` }
  }

  #tick(): void {
    const nowMs = performance.now()
    for (const client of this.#clients) client.tick(nowMs)
  }

  #ping(): void {
    for (const client of this.#clients) client.ping()
  }
}

/**
 * Browsers let any page open a WebSocket anywhere, and say whose page it is. Programs say nothing. A page of our own
 * address is ours; whether that address is really ours is judged by the Host header, before this (src/api/server).
 */
function refuseOrigin({ headers }: IncomingMessage, allowed: readonly string[]): WsRefusal | undefined {
  const { origin, host } = headers
  if (origin === undefined || allowed.includes(origin)) return undefined
  if (URL.canParse(origin) && new URL(origin).host === host?.toLowerCase()) return undefined
  return { status: 403, code: 'FLOW_API_FORBIDDEN', message: 'pages of this origin are not let in' }
}

/** Says why, and lets the socket go: after an upgrade the server's own time limits hold no longer, whatever the client does. */
function answer(socket: Duplex, { status, code, message }: WsRefusal): void {
  const body = JSON.stringify({ error: { code, message } })
  const overdue = setTimeout(() => socket.destroy(), REFUSAL_MS_MAX)
  socket.once('close', () => clearTimeout(overdue))
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  )
}
