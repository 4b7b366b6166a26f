/**
 * A link of the recorder without its socket: what src/kalshi/link.ts does, in the same order, over the simulated wire.
 * Append and fold in the turn of the frame; carry out what the session decided only after it.
 */
import type { LostCause } from '#domain'
import type { Effect, Session } from '#feed'
import type { ExchangeConnection, Sent } from './exchange.ts'
import type { VirtualTime } from './virtual-time.ts'
import type { Refusal, Socket, Wire } from './wire.ts'

/** As the recorder's tap: called synchronously. */
export interface Tap {
  opened(peer: ExchangeConnection): number
  frame(connection: number, frame: Sent): void
  sent(connection: number, text: string): void
  lost(connection: number, cause: LostCause, detail: string): void
  connecting(): void
  /** The connection, or the attempt at one, is over; `answer` when the handshake was refused. */
  ended(cause: LostCause, answer: Refusal | undefined): void
  noticed(effect: Effect, connection: number | undefined): void
}

export class SimulatedLink {
  readonly session: Session
  readonly #time: VirtualTime
  readonly #wire: Wire
  readonly #tap: Tap
  #attempt: { abandon(): void } | undefined
  #socket: Socket | undefined
  #connection: number | undefined
  #refusal: Refusal | undefined
  #sawFrame = false
  #isPaused = false
  #isActing = false

  constructor(session: Session, time: VirtualTime, wire: Wire, tap: Tap) {
    this.session = session
    this.#time = time
    this.#wire = wire
    this.#tap = tap
  }

  /** The number of the open connection; `undefined` while there is none. */
  get connection(): number | undefined {
    return this.#connection
  }

  tick(): void {
    const { nowMs } = this.#time
    if (this.#sawFrame) {
      this.#sawFrame = false
      this.session.heard(nowMs)
    }
    this.session.tick(nowMs, this.#isPaused)
    this.#carryOut()
  }

  pause(): void {
    this.#isPaused = true
    this.#socket?.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#socket?.resume()
  }

  act(event: (session: Session, nowMs: number) => void): void {
    this.tell(event)
    this.#carryOut()
  }

  tell(event: (session: Session, nowMs: number) => void): void {
    event(this.session, this.#time.nowMs)
  }

  #carryOut(): void {
    if (this.#isActing) return
    this.#isActing = true
    try {
      for (let effects = this.session.takeEffects(); effects.length > 0; effects = this.session.takeEffects()) {
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
        if (this.#socket === undefined || this.#connection === undefined) return
        this.#tap.sent(this.#connection, effect.text)
        this.#socket.send(effect.text)
        return
      case 'close':
        if (this.#connection === undefined) this.#tap.noticed(effect, undefined)
        this.#close(effect.cause, effect.detail)
        return
      default:
        this.#tap.noticed(effect, this.#connection)
    }
  }

  #open(): void {
    this.#tap.connecting()
    this.#sawFrame = false
    const attempt = this.#wire.connect({
      opened: (socket) => {
        this.#socket = socket
        this.#connection = this.#tap.opened(socket.peer)
        if (this.#isPaused) socket.pause()
        this.act((session, nowMs) => session.opened(nowMs))
      },
      refused: (answer) => {
        this.#refusal = answer
        this.act((session, nowMs) => session.refused(nowMs, answer))
      },
      frame: (frame) => {
        if (this.#attempt !== attempt || this.#connection === undefined) return
        this.#sawFrame = true
        this.#tap.frame(this.#connection, frame)
        if (this.session.hasEffects) this.#carryOut()
      },
      ping: () => {
        if (this.#attempt !== attempt) return
        this.#sawFrame = false
        this.act((session, nowMs) => session.heard(nowMs))
      },
      closed: (detail) => {
        if (this.#attempt === attempt) this.act((session, nowMs) => session.disconnected(nowMs, detail))
      },
    })
    this.#attempt = attempt
  }

  #close(cause: LostCause, detail: string): void {
    const connection = this.#connection
    this.#attempt?.abandon()
    this.#attempt = undefined
    this.#socket = undefined
    this.#connection = undefined
    if (connection !== undefined) this.#tap.lost(connection, cause, detail)
    this.#tap.ended(cause, this.#refusal)
    this.#refusal = undefined
  }
}
