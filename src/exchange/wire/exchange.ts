/**
 * The server: one port that speaks Kalshi's WebSocket and REST, and shows a venue to whoever asks.
 *
 * This is the shell: sockets, timers, counts. What is said on the wire is decided in connection.ts and command.ts, what
 * happens in the venue, which is a capture or a world.
 */
import type { KeyObject } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { ExchangeError } from '../error.ts'
import { FaultAccount } from '../faults/fault-account.ts'
import { FaultPlan } from '../faults/fault-plan.ts'
import { FaultPlayer } from '../faults/fault-player.ts'
import { failed, type RestAnswer, TOO_MANY, UNAVAILABLE } from '../rest/body.ts'
import { RestService } from '../rest/rest-service.ts'
import { seededUnit } from '../seeded-random.ts'
import type { Settings } from '../settings.ts'
import type { Venue } from '../venue.ts'
import { Connection, type Surroundings } from './connection.ts'
import { type ExchangeFaults, type FaultSwitches, openFaults } from './faults-by-hand.ts'
import { FrameFaults } from './frame-faults.ts'
import { admit, publicKeyOf } from './handshake.ts'
import { Outbox } from './outbox.ts'
import type { ErrorCode } from './protocol.ts'
import { SentAccount, type SentReport } from './sent-account.ts'
import { moveTimes } from './stamps.ts'

export type RunningExchange = {
  readonly port: number
  /** `ws://HOST:PORT/trade-api/ws/v2`. */
  readonly url: string
  /** `http://HOST:PORT/trade-api/v2`. */
  readonly restUrl: string
  /** The private key whose signatures are taken, with any key id. PKCS#8 PEM. */
  readonly keyPem: string
  /** Every ticker that can be traded now; of a capture, all. */
  readonly tickers: readonly string[]
  /** Resolves when the last frame has been handed to the sockets, or the exchange is closed. With `loop` only then. */
  readonly done: Promise<void>
  readonly faults: ExchangeFaults
  /** The counts that `/exchange/sent` shows. */
  sent(): SentReport
  /**
   * When the slot of this number (from 0, one for each event and ticker) is or was due, in Unix ms. `undefined` before the
   * start, and for a world, whose frames say it themselves in `ts_ms`.
   */
  scheduledUnixMs(slot: number): number | undefined
  /** Starts the clock now if it has not started; a world's runs from the start. */
  startClock(): void
  close(): Promise<void>
}

const WS_PATH = '/trade-api/ws/v2'
const COMMAND_BYTES_MAX = 16 * 1024 * 1024
const CLOSE_WAIT_MS = 250
/** Chance for replies comes from the same seed as that for faults, and is not the same. */
const REPLIES_SALT = 0x5e91

export class Exchange implements RunningExchange {
  readonly keyPem: string
  readonly done: Promise<void>
  readonly faults: ExchangeFaults
  readonly #settings: Settings
  readonly #key: KeyObject
  readonly #venue: Venue
  readonly #around: Surroundings
  readonly #switches: FaultSwitches
  readonly #server: Server
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    autoPong: false,
    maxPayload: COMMAND_BYTES_MAX,
  })
  readonly #open = new Map<number, { readonly connection: Connection; readonly socket: WebSocket }>()
  readonly #account = new SentAccount()
  readonly #injected = new FaultAccount()
  readonly #player: FaultPlayer
  readonly #stopping = new AbortController()
  #finish: () => void = () => undefined
  #nextConnection = 1
  #started: { readonly ms: number; readonly unixMs: number } | undefined

  /** `switches` are shared with the venue, which asks whether prices are to be turned round. */
  constructor(settings: Settings, venue: Venue, keyPem: string, switches: FaultSwitches) {
    this.#settings = settings
    this.#venue = venue
    this.#switches = switches
    this.keyPem = keyPem
    this.#key = publicKeyOf(keyPem)
    const plan = new FaultPlan(settings.faults, settings.seed)
    const frameFaults = new FrameFaults(settings, seededUnit(settings.seed), plan, this.#injected)
    const skewAtStartMs = switches.skewMs
    this.#around = {
      venue,
      limits: settings,
      faults: frameFaults,
      replies: { swapRate: settings.replySwapRate, unit: seededUnit(settings.seed ^ REPLIES_SALT) },
      isOrientationFlipped: () => switches.isFlipped,
      nowMs: () => Date.now() + settings.clockOffsetMs + switches.skewMs,
      stamped: (envelope) => moveTimes(envelope, switches.skewMs - skewAtStartMs),
      refusalOf: (connection, channels) => {
        const refusal = plan.refusalOf(connection, channels, this.#injected.elapsedMs)
        if (refusal === undefined) return undefined
        this.#injected.add('error', { connection, detail: refusal.fault.text })
        return refusal.code as ErrorCode
      },
      booksSubscribed: (connection) => this.#booksSubscribed(connection),
    }
    this.faults = openFaults(this.#open, frameFaults, switches)
    const { faults } = this
    this.#player = new FaultPlayer({ plan, account: this.#injected, faults, switches, open: this.#open, venue })
    this.done = new Promise((resolve) => {
      this.#finish = resolve
    })
    const rest = new RestService({
      venue,
      key: this.#key,
      nowMs: this.#around.nowMs,
      sent: () => this.sent(),
      readTokensPerSecond: settings.readTokensPerSecond,
      cacheMs: settings.restCacheMs,
      keyScopes: settings.keyScopes,
      refusal: (path) => this.#plannedRefusal(path),
      pausedUntilMs: () => switches.maintenanceUntilMs,
    })
    this.#server = createServer((request, response) => rest.answer(request, response))
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
  }

  get tickers(): readonly string[] {
    return this.#venue.tickers()
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `ws://${this.#hostAndPort()}${WS_PATH}`
  }

  get restUrl(): string {
    return `http://${this.#hostAndPort()}/trade-api/v2`
  }

  async listen(): Promise<void> {
    const { host, port } = this.#settings
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause) => {
        reject(
          new ExchangeError('FLOW_EXCHANGE_LISTEN', `could not listen on ${host}:${port}: ${cause.message}`, [], cause),
        )
      })
      this.#server.listen(port, host, resolve)
    })
    if (this.#venue.startsAtOnce) this.startClock()
  }

  sent(): SentReport {
    const open = [...this.#open.values()].map(({ connection }) => connection.report())
    return { ...this.#account.report(open, this.#venue.report()), faults: this.#injected.report() }
  }

  scheduledUnixMs(slot: number): number | undefined {
    const dueMs = this.#started === undefined ? undefined : this.#venue.dueMs(slot)
    return dueMs === undefined ? undefined : (this.#started?.unixMs ?? 0) + dueMs
  }

  startClock(): void {
    if (this.#started !== undefined || this.#stopping.signal.aborted) return
    const started = { ms: performance.now(), unixMs: this.#around.nowMs() }
    this.#started = started
    void this.#venue
      .run({
        startedMs: started.ms,
        startedUnixMs: started.unixMs,
        signal: this.#stopping.signal,
        sockets: () => [...this.#open.values()].map(({ connection }) => connection),
        cut: ({ id }) => this.#open.get(id)?.socket.terminate(),
      })
      .then(this.#finish)
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    this.#player.close()
    this.#finish()
    const isClosed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
    })
    for (const { connection, socket } of this.#open.values()) {
      connection.flush()
      socket.close(1001, 'the exchange is stopping')
    }
    const timer = setTimeout(() => {
      for (const { socket } of this.#open.values()) socket.terminate()
      this.#server.closeAllConnections()
    }, CLOSE_WAIT_MS)
    this.#server.closeIdleConnections()
    await isClosed
    clearTimeout(timer)
  }

  #hostAndPort(): string {
    const { host } = this.#settings
    return `${host.includes(':') ? `[${host}]` : host}:${this.port}`
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const refusal = this.#refusalOf(request)
    if (refusal === undefined) {
      this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => this.#accept(request, socket, webSocket))
    } else refuseUpgrade(socket, refusal, this.#around.nowMs())
  }

  #refusalOf(request: IncomingMessage): RestAnswer | undefined {
    const { url = '/' } = request
    if (url.split('?')[0] !== WS_PATH) return failed(404, 'not_found', `the WebSocket is at ${WS_PATH}`)
    const planned = this.#plannedRefusal(url)
    if (planned !== undefined) return planned
    const { refusals } = this.#switches
    if (refusals.count > 0) {
      refusals.count--
      return failed(refusals.status, 'refused', 'refused as planned')
    }
    const admission = admit(request.headers, 'GET', url, this.#key, this.#around.nowMs())
    if (admission.kind === 'refused') return failed(401, admission.code, admission.details)
    if (this.#open.size >= this.#settings.connectionsMax) return TOO_MANY
    return undefined
  }

  /** What a handshake or a request is answered on purpose. */
  #plannedRefusal(url: string): RestAnswer | undefined {
    const switches = this.#switches
    if (switches.maintenanceUntilMs !== undefined) return UNAVAILABLE
    if (switches.tooMany === 0) return undefined
    switches.tooMany--
    this.#injected.add('429', { detail: url.split('?')[0] as string })
    return TOO_MANY
  }

  #accept(request: IncomingMessage, socket: Duplex, webSocket: WebSocket): void {
    const id = this.#nextConnection++
    const remote = `${request.socket.remoteAddress}:${request.socket.remotePort}`
    const isFirst = this.#injected.start()
    const connection = new Connection(
      id,
      remote,
      new Outbox(socket, () => webSocket.readyState === webSocket.OPEN),
      this.#around,
      this.#injected.elapsedMs,
    )
    this.#open.set(id, { connection, socket: webSocket })
    if (isFirst) this.#player.start()
    const pings = setInterval(() => {
      if (connection.isAnswering && webSocket.readyState === webSocket.OPEN) webSocket.ping('heartbeat')
    }, this.#settings.pingIntervalMs)
    webSocket.on('ping', (body) => {
      if (connection.isAnswering) webSocket.pong(body)
    })
    webSocket.on('message', (bytes) => connection.receive(String(bytes)))
    webSocket.on('error', () => webSocket.terminate())
    webSocket.on('close', () => {
      clearInterval(pings)
      this.#open.delete(id)
      connection.ended()
      this.#account.ended(connection.report())
    })
  }

  #booksSubscribed(connection: Connection): void {
    if (this.#started !== undefined || connection.bookCount < this.#settings.startAfterMarkets) return
    // The answer that is being written goes first.
    setImmediate(() => this.startClock())
  }
}

const REASONS: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  404: 'Not Found',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
}

function refuseUpgrade(socket: Duplex, { status, body }: RestAnswer, nowMs: number): void {
  socket.end(
    `HTTP/1.1 ${status} ${REASONS[status] ?? 'Refused'}\r\nDate: ${new Date(nowMs).toUTCString()}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}
