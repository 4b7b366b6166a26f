/**
 * The simulated exchange, capture side: one HTTP server that speaks Kalshi's WebSocket and REST on the same port and
 * plays a recorded capture to whoever subscribes.
 *
 * This is the shell: sockets, timers and the key. What is said on the wire is decided in connection.ts and command.ts,
 * what is played in playback.ts. There is no matching engine here.
 */
import type { KeyObject } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { ExchangeError } from '../error.ts'
import { type ExchangeOptions, readOptions, type Settings } from '../options.ts'
import { readCapture } from '../playback/capture.ts'
import { runClock } from '../playback/clock.ts'
import { Floor } from '../playback/floor.ts'
import { Playback, type PlaybackReport } from '../playback/playback.ts'
import { answerRest, failed, type RestAnswer } from '../rest/answer.ts'
import { seededUnit } from '../seeded-random.ts'
import { Connection, type ConnectionReport, type Surroundings } from './connection.ts'
import { type FrameFault, FrameFaults } from './frame-faults.ts'
import { admit, generateKeyPem, isSigned, publicKeyOf, readKeyFile, writeKeyFile } from './handshake.ts'
import { Outbox } from './outbox.ts'
import type { ErrorCode } from './protocol.ts'

export type SentReport = {
  readonly frames: Readonly<Record<string, number>>
  readonly total: number
  readonly connections: readonly ConnectionReport[]
  readonly playback: PlaybackReport
}

/** How a connection is cut: the socket destroyed, or a close frame with this code. */
export type Cut = 'terminate' | { readonly code: number; readonly reason?: string }

/** Faults that are set off by hand. Those that name a connection answer false when it is not open. */
export type ExchangeFaults = {
  /** Plans a fault of one frame that is still to come. */
  planFrame(fault: FrameFault): void
  cut(connection: number, how: Cut): boolean
  /** Stops sending, pings too, until {@link ExchangeFaults.resume}. What is held back is sent then. */
  stall(connection: number): boolean
  resume(connection: number): boolean
  /** Sends and hears nothing from now on, while the socket stays open. */
  halfOpen(connection: number): boolean
  /** An error of a sid; 10 and 25 are terminal. */
  sendError(connection: number, sid: number, code: ErrorCode): boolean
  /** Any text as a frame, for replies nobody knows. */
  sendRaw(connection: number, text: string): boolean
  /** The next `count` commands of the connection are answered together, the last one first. */
  delayReplies(connection: number, count: number): boolean
  /** The next `count` handshakes are answered with this HTTP status. */
  refuseHandshakes(count: number, status: number): void
  /** Takes every `use_yes_price` for its opposite. */
  flipOrientation(flipped: boolean): void
}

export type RunningExchange = {
  readonly port: number
  /** `ws://HOST:PORT/trade-api/ws/v2`. */
  readonly url: string
  /** `http://HOST:PORT/trade-api/v2`. */
  readonly restUrl: string
  /** The private key whose signatures are taken, with any key id. PKCS#8 PEM. */
  readonly keyPem: string
  /** Every ticker listed. */
  readonly tickers: readonly string[]
  /** Resolves when the last frame has been handed to the sockets, or the exchange is closed. With `loop` only then. */
  readonly done: Promise<void>
  readonly faults: ExchangeFaults
  /** The counts that `/exchange/sent` shows. */
  sent(): SentReport
  /** When the slot of this number (from 0, one for each event and ticker) is or was due, in Unix ms; `undefined` before the start. */
  scheduledUnixMs(slot: number): number | undefined
  /** Starts the clock now if it has not started. */
  startClock(): void
  close(): Promise<void>
}

const WS_PATH = '/trade-api/ws/v2'
const COMMAND_BYTES_MAX = 16 * 1024 * 1024
/** Reports of connections that have ended are kept up to this number, the oldest let go; totals keep them all. */
const ENDED_REPORTS_MAX = 1000
const CLOSE_WAIT_MS = 250

/** Reads the capture, makes the key, listens. Throws {@link ExchangeError} before anything is served. */
export async function startExchange(options: ExchangeOptions): Promise<RunningExchange> {
  const settings = readOptions(options)
  const tape = await readCapture(settings.capture, {
    untilSeq: settings.untilSeq,
    keepTimes: settings.keepTimes,
    bytesMax: settings.captureBytesMax,
  })
  const found = settings.keyOut === undefined ? undefined : await readKeyFile(settings.keyOut)
  const keyPem = settings.keyPem ?? found ?? (await generateKeyPem(settings.keyType))
  const exchange = new Exchange(settings, new Floor(tape, settings.copies), keyPem, (floor, isFlipped) => {
    const { pace, loop, keepTimes, clockOffsetMs } = settings
    const nowMs = () => Date.now() + clockOffsetMs
    return new Playback(tape, floor, { pace, loop, keepTimes, nowMs, isOrientationFlipped: isFlipped })
  })
  await exchange.listen()
  // Only now: a start that fails must not leave another key behind than the exchange that runs takes.
  if (settings.keyOut !== undefined && found === undefined) {
    try {
      await writeKeyFile(settings.keyOut, keyPem)
    } catch (cause) {
      await exchange.close()
      const { code } = cause as NodeJS.ErrnoException
      throw new ExchangeError(
        'FLOW_EXCHANGE_OPTIONS',
        `the key cannot be written to ${settings.keyOut} (${code}): name a file in a folder that is there and may be written`,
        [],
        cause,
      )
    }
  }
  return exchange
}

class Exchange implements RunningExchange {
  readonly keyPem: string
  readonly tickers: readonly string[]
  readonly done: Promise<void>
  readonly faults: ExchangeFaults
  readonly #settings: Settings
  readonly #key: KeyObject
  readonly #playback: Playback
  readonly #around: Surroundings
  readonly #server: Server
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    autoPong: false,
    maxPayload: COMMAND_BYTES_MAX,
  })
  readonly #open = new Map<number, { readonly connection: Connection; readonly socket: WebSocket }>()
  readonly #ended: ConnectionReport[] = []
  readonly #endedFrames: Record<string, number> = {}
  readonly #stopping = new AbortController()
  readonly #openedMs = Date.now()
  #finish: () => void = () => undefined
  #nextConnection = 1
  #isFlipped = false
  #refusals = { count: 0, status: 503 }
  #startedMs: number | undefined
  #startedUnixMs = 0

  constructor(
    settings: Settings,
    floor: Floor,
    keyPem: string,
    openPlayback: (floor: Floor, isFlipped: () => boolean) => Playback,
  ) {
    this.#settings = settings
    this.keyPem = keyPem
    this.#key = publicKeyOf(keyPem)
    this.tickers = floor.listings.map(({ ticker }) => ticker)
    const playback = openPlayback(floor, () => this.#isFlipped)
    this.#playback = playback
    const frameFaults = new FrameFaults(settings.frameFaults, settings.faultRates, seededUnit(settings.seed))
    this.#around = {
      floor,
      limits: settings,
      faults: frameFaults,
      bookOf: (listing) => playback.bookOf(listing),
      shiftMsOf: (listing) => playback.shiftMsOf(listing),
      isOrientationFlipped: () => this.#isFlipped,
      nowMs: () => Date.now() + settings.clockOffsetMs,
      booksSubscribed: (connection) => this.#booksSubscribed(connection),
    }
    this.faults = this.#openFaults(frameFaults)
    this.done = new Promise((resolve) => {
      this.#finish = resolve
    })
    this.#server = createServer((request, response) => this.#answer(request, response))
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
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
    if (this.#settings.startAtOnce) this.startClock()
  }

  sent(): SentReport {
    const connections = [...this.#ended, ...[...this.#open.values()].map(({ connection }) => connection.report())]
    const frames: Record<string, number> = { ...this.#endedFrames }
    for (const { connection } of this.#open.values()) addCounts(frames, connection.report().frames)
    const total = Object.values(frames).reduce((sum, count) => sum + count, 0)
    return { frames, total, connections, playback: this.#playback.report() }
  }

  scheduledUnixMs(slot: number): number | undefined {
    return this.#startedMs === undefined ? undefined : this.#startedUnixMs + this.#playback.dueMs(slot)
  }

  startClock(): void {
    if (this.#startedMs !== undefined || this.#stopping.signal.aborted) return
    this.#startedMs = performance.now()
    this.#startedUnixMs = this.#around.nowMs()
    this.#playback.start(this.#startedUnixMs)
    const { pace, highWaterBytes, slowSocketMs } = this.#settings
    void runClock(this.#playback, this.#startedMs, {
      isMax: pace.kind === 'max',
      highWaterBytes,
      slowSocketMs,
      connections: () => [...this.#open.values()].map(({ connection }) => connection),
      cut: (connection) => this.#open.get(connection.id)?.socket.terminate(),
      signal: this.#stopping.signal,
    }).then(this.#finish)
  }

  async close(): Promise<void> {
    this.#stopping.abort()
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
    } else refuseUpgrade(socket, refusal)
  }

  #refusalOf(request: IncomingMessage): RestAnswer | undefined {
    const { url = '/' } = request
    if (url.split('?')[0] !== WS_PATH) return failed(404, 'not_found', `the WebSocket is at ${WS_PATH}`)
    if (this.#refusals.count > 0) {
      this.#refusals.count--
      return failed(this.#refusals.status, 'refused', 'refused as planned')
    }
    const admission = admit(request.headers, 'GET', url, this.#key, this.#around.nowMs())
    if (admission.kind === 'refused') return failed(401, admission.code, admission.details)
    if (this.#open.size >= this.#settings.connectionsMax) return { status: 429, body: '{"error":"too many requests"}' }
    return undefined
  }

  #accept(request: IncomingMessage, socket: Duplex, webSocket: WebSocket): void {
    const id = this.#nextConnection++
    const remote = `${request.socket.remoteAddress}:${request.socket.remotePort}`
    const connection = new Connection(
      id,
      remote,
      new Outbox(socket, () => webSocket.readyState === webSocket.OPEN),
      this.#around,
    )
    this.#open.set(id, { connection, socket: webSocket })
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
      this.#keepReport({ ...connection.report(), open: false })
    })
  }

  #keepReport(report: ConnectionReport): void {
    addCounts(this.#endedFrames, report.frames)
    this.#ended.push(report)
    if (this.#ended.length > ENDED_REPORTS_MAX) this.#ended.shift()
  }

  #booksSubscribed(connection: Connection): void {
    if (this.#startedMs !== undefined || connection.bookCount < this.#settings.startAfterMarkets) return
    // The answer that is being written goes first.
    setImmediate(() => this.startClock())
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = 'GET', url = '/', headers } = request
    request.resume()
    const signed = isSigned(headers) ? admit(headers, method, url, this.#key, this.#around.nowMs()) : undefined
    const source = {
      floor: this.#around.floor,
      openedMs: this.#openedMs,
      bookOf: this.#around.bookOf,
      sent: () => this.sent(),
    }
    const { status, body } =
      signed?.kind === 'refused'
        ? failed(401, signed.code, signed.details)
        : URL.canParse(url, 'http://exchange')
          ? answerRest(source, method, new URL(url, 'http://exchange'))
          : failed(400, 'bad_request', 'the path is no URL')
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    response.end(body)
  }

  #openFaults(frameFaults: FrameFaults): ExchangeFaults {
    const on = (id: number, act: (connection: Connection, socket: WebSocket) => unknown): boolean => {
      const found = this.#open.get(id)
      return found !== undefined && act(found.connection, found.socket) !== false
    }
    return {
      planFrame: (fault) => frameFaults.plan(fault),
      cut: (id, how) =>
        on(id, (connection, socket) => {
          connection.flush()
          if (how === 'terminate') socket.terminate()
          else socket.close(how.code, how.reason)
        }),
      stall: (id) => on(id, (connection) => connection.stall()),
      resume: (id) => on(id, (connection) => connection.resume()),
      halfOpen: (id) => on(id, (connection) => connection.halfOpen()),
      sendError: (id, sid, code) => on(id, (connection) => connection.sendError(sid, code)),
      sendRaw: (id, text) => on(id, (connection) => connection.sendRaw(text)),
      delayReplies: (id, count) => on(id, (connection) => connection.delayReplies(count)),
      refuseHandshakes: (count, status) => {
        this.#refusals = { count, status }
      },
      flipOrientation: (flipped) => {
        this.#isFlipped = flipped
      },
    }
  }
}

const REASONS: Readonly<Record<number, string>> = { 401: 'Unauthorized', 404: 'Not Found', 429: 'Too Many Requests' }

function refuseUpgrade(socket: Duplex, { status, body }: RestAnswer): void {
  socket.end(
    `HTTP/1.1 ${status} ${REASONS[status] ?? 'Refused'}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

function addCounts(into: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [type, count] of Object.entries(counts)) into[type] = (into[type] ?? 0) + count
}
