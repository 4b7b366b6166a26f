/**
 * One WebSocket connection to the exchange, kept alive for as long as its session wants one: the thin shell around the
 * pure {@link Session}. Nothing else records from a socket; plain-socket.ts only looks.
 *
 * It hands each text message to its tap in the same turn of the event loop, untouched, and knows nothing of what is in
 * it. It decides nothing either: the session says when to open, what to send and when to let go.
 */
import type { IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import type { LostCause } from '#domain'
import type { Effect, Session } from '#feed'
import type { SigningKey } from './key.ts'
import { signRequest } from './sign.ts'

/** Who is given what the socket says. Called synchronously. */
export interface LinkTap {
  /** A socket opened. Answers the number that stands for it from now on. */
  opened(host: string): number
  /** One text message: the hot path. The bytes are the receiver's to keep until it returns. */
  frame(connection: number, bytes: Uint8Array): void
  /** A command went out. */
  sent(connection: number, text: string): void
  lost(connection: number, ending: Ending): void
  /** The session's effects that concern no socket. */
  noticed(effect: Effect, connection: number | undefined): void
}

export type Ending = {
  readonly cause: LostCause
  readonly detail: string
  /** WebSocket close code, when the other side gave one. */
  readonly code: number | undefined
  /** The last sign of life, in the time of `nowMs`, and what it was. That of a frame is the time of the tick after it. */
  readonly heardMs: number
  readonly heard: 'frame' | 'ping' | 'open'
}

export type LinkOptions = {
  readonly url: string
  /** Absent for an exchange that takes anybody. */
  readonly key: SigningKey | undefined
  readonly keyId: string | undefined
  readonly session: Session
  readonly tap: LinkTap
  /** Monotonic milliseconds, for waits and limits. */
  readonly nowMs: () => number
  /** Unix milliseconds, for signatures. */
  readonly wallMs: () => number
}

/** Larger messages end the connection: Kalshi documents no limit, and clients set 16 MiB ([R] 2026-05). */
const MESSAGE_BYTES_MAX = 16 * 1024 * 1024
const HANDSHAKE_MS_MAX = 15_000
/** How long a refusal's reason may take. */
const REFUSAL_MS_MAX = 2_000
/** How long the other side has to answer our close. */
const CLOSE_MS_MAX = 500

export class ExchangeLink {
  readonly #options: LinkOptions
  readonly #session: Session
  readonly #url: URL
  #socket: WebSocket | undefined
  #connection: number | undefined
  #heardMs = 0
  #heard: Ending['heard'] = 'open'
  /** A frame came since the last tick or ping: the clock is not asked for each. */
  #sawFrame = false
  #closeCode: number | undefined
  #isPaused = false
  #isActing = false

  constructor(options: LinkOptions) {
    this.#options = options
    this.#session = options.session
    this.#url = new URL(options.url)
  }

  get session(): Session {
    return this.#session
  }

  /** The number of the open connection; `undefined` while there is none. */
  get connection(): number | undefined {
    return this.#connection
  }

  /** Bytes sent and not yet taken by the other side. */
  get unsentBytes(): number {
    return this.#socket?.bufferedAmount ?? 0
  }

  start(): void {
    this.act((session, nowMs) => session.start(nowMs))
  }

  stop(): void {
    this.act((session, nowMs) => session.stop(nowMs))
  }

  /** Time passes: to be called several times a second, with the last number of the order-book sid. */
  tick(bookSeq?: number): void {
    const session = this.#session
    const nowMs = this.#options.nowMs()
    if (this.#sawFrame) {
      this.#sawFrame = false
      this.#heardMs = nowMs
      this.#heard = 'frame'
      session.heard(nowMs)
    }
    session.tick(nowMs, this.#isPaused, bookSeq)
    this.#carryOut()
  }

  /** Stops reading the socket, so that the other side's sending slows down; what is in the kernel waits there. */
  pause(): void {
    this.#isPaused = true
    this.#socket?.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#socket?.resume()
  }

  /** Tells the session something and carries out what it decides. Not to be called while a frame is folded. */
  act(event: (session: Session, nowMs: number) => void): void {
    this.tell(event)
    this.#carryOut()
  }

  /** Tells the session something; what it decides is carried out after the frame, or at the next tick. */
  tell(event: (session: Session, nowMs: number) => void): void {
    event(this.#session, this.#options.nowMs())
  }

  #carryOut(): void {
    if (this.#isActing) return
    this.#isActing = true
    try {
      // What the tap does with an effect may lead to further ones: each round empties the list, and a session settles.
      for (let effects = this.#session.takeEffects(); effects.length > 0; effects = this.#session.takeEffects()) {
        for (const effect of effects) this.#perform(effect)
      }
    } finally {
      this.#isActing = false
    }
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case 'open':
        this.#open()
        return
      case 'send':
        this.#send(effect.text)
        return
      case 'close':
        if (this.#connection === undefined) this.#options.tap.noticed(effect, undefined)
        this.#close(effect.cause, effect.detail)
        return
      default:
        this.#options.tap.noticed(effect, this.#connection)
    }
  }

  #open(): void {
    const socket = new WebSocket(this.#url, {
      // Offered by default, and inflating costs 61 µs a message against 0.5 µs.
      perMessageDeflate: false,
      maxPayload: MESSAGE_BYTES_MAX,
      handshakeTimeout: HANDSHAKE_MS_MAX,
      followRedirects: false,
      headers: this.#headers(),
    })
    this.#socket = socket
    this.#closeCode = undefined
    this.#sawFrame = false
    let failure: string | undefined
    socket.on('open', () => this.#opened(socket))
    socket.on('unexpected-response', (request, response) => this.#refused(response, () => request.destroy()))
    socket.on('error', (error) => {
      failure = error.message
    })
    socket.on('close', (code, reason) => {
      if (this.#socket !== socket) return
      this.#closeCode = code
      const detail =
        failure ?? `closed with code ${code}${reason.length > 0 ? `: ${reason.toString('utf8').slice(0, 200)}` : ''}`
      const wasOpen = this.#connection !== undefined
      this.act((session, nowMs) => (wasOpen ? session.disconnected(nowMs, detail) : session.refused(nowMs, { detail })))
    })
  }

  #opened(socket: WebSocket): void {
    if (this.#socket !== socket) return
    const { tap, nowMs } = this.#options
    const connection = tap.opened(this.#url.host)
    this.#connection = connection
    this.#heardMs = nowMs()
    this.#heard = 'open'
    socket.on('message', (data: Buffer) => {
      if (this.#socket !== socket) return
      this.#sawFrame = true
      tap.frame(connection, data)
      // Decided while the frame was folded, carried out only now: nothing changes the books from inside a frame.
      if (this.#session.hasEffects) this.#carryOut()
    })
    socket.on('ping', () => {
      this.#heardMs = nowMs()
      this.#heard = 'ping'
      this.#sawFrame = false
      this.act((session) => session.heard(this.#heardMs))
    })
    if (this.#isPaused) socket.pause()
    this.act((session) => session.opened(this.#heardMs))
  }

  #refused(response: IncomingMessage, hangUp: () => void): void {
    const status = response.statusCode ?? 0
    const retryAfterS = Number(response.headers['retry-after'])
    const chunks: Buffer[] = []
    let length = 0
    let isFinished = false
    const finish = () => {
      if (isFinished) return
      isFinished = true
      clearTimeout(overdue)
      hangUp()
      const body = Buffer.concat(chunks).toString('utf8').slice(0, 300).trim()
      this.act((session, nowMs) => {
        const detail = `HTTP ${status}${body === '' ? '' : `: ${body}`}`
        session.refused(nowMs, { status, detail, ...(retryAfterS >= 0 ? { retryAfterMs: retryAfterS * 1000 } : {}) })
      })
    }
    response.on('data', (chunk: Buffer) => {
      if (length < 4096) chunks.push(chunk)
      length += chunk.length
    })
    response.on('end', finish)
    response.on('error', finish)
    response.on('close', finish)
    const overdue = setTimeout(finish, REFUSAL_MS_MAX)
  }

  #send(text: string): void {
    if (this.#socket?.readyState !== WebSocket.OPEN || this.#connection === undefined) return
    // Recorded before it is on the way: its answer may come in the same turn.
    this.#options.tap.sent(this.#connection, text)
    this.#socket.send(text)
  }

  #close(cause: LostCause, detail: string): void {
    const socket = this.#socket
    const connection = this.#connection
    this.#socket = undefined
    this.#connection = undefined
    if (socket !== undefined) {
      socket.removeAllListeners('message')
      socket.removeAllListeners('ping')
      if (socket.readyState === WebSocket.OPEN) {
        socket.resume()
        socket.close(1000)
        setTimeout(() => socket.terminate(), CLOSE_MS_MAX).unref()
      } else socket.terminate()
    }
    if (connection === undefined) return
    const heard = this.#sawFrame ? 'frame' : this.#heard
    this.#options.tap.lost(connection, { cause, detail, code: this.#closeCode, heardMs: this.#heardMs, heard })
  }

  /** Signed afresh for each connect: Kalshi refuses stamps that are a minute off. */
  #headers(): Record<string, string> {
    const { key, keyId, wallMs } = this.#options
    if (key === undefined || keyId === undefined) return {}
    return { ...signRequest(key, keyId, 'GET', this.#url.pathname, wallMs()) }
  }
}
