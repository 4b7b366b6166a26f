/**
 * The way between the exchange and us, with all that can go wrong on it: frames dropped, repeated, overtaken, spoiled;
 * everything held back for a while; connections refused, never answered, cut. It loses nothing without a word to its
 * `inject`, and what it delivers it delivers in order but for those it was told to hold back.
 */
import type { SeededRandom } from '#journal'
import { corrupt } from './corrupt.ts'
import type { ExchangeConnection, Line, Sent, SimulatedExchange } from './exchange.ts'
import type { Timer, VirtualTime } from './virtual-time.ts'
import { CALM, type Weather } from './weather.ts'

/** Our end of a connection. */
export interface Socket {
  readonly peer: ExchangeConnection
  send(text: string): void
  pause(): void
  resume(): void
  close(): void
}

/** The answer to a handshake that failed. */
export type Refusal = { readonly status?: number; readonly retryAfterMs?: number; readonly detail: string }

export interface SocketListener {
  opened(socket: Socket): void
  refused(answer: Refusal): void
  frame(frame: Sent): void
  ping(): void
  closed(detail: string): void
}

export type WireOptions = {
  readonly time: VirtualTime
  readonly random: SeededRandom
  /** Of what came later (weather.ts). */
  readonly side: SeededRandom
  readonly exchange: SimulatedExchange
  /** A fault happens. `sid` and `seq`: the number that is lost or late by it. */
  readonly inject: (fault: string, peer?: ExchangeConnection, place?: Sent) => void
}

export const RETRY_AFTER_MS_MAX = 20_000

export class Wire {
  weather: Weather = { ...CALM }
  readonly #options: WireOptions
  readonly #open = new Set<Stretch>()
  /** Handshakes of a process that has died are answered to nobody. */
  #life = 0

  constructor(options: WireOptions) {
    this.#options = options
    const again = () => {
      for (const stretch of [...this.#open]) stretch.tick(this.weather)
      options.time.after(TICK_MS, 'world', again)
    }
    again()
  }

  /** Begins a handshake. Answers what gives it up, or the connection made of it. */
  connect(listener: SocketListener): { abandon(): void } {
    const { time, random, inject } = this.#options
    let stretch: Stretch | undefined
    let isAbandoned = false
    const life = this.#life
    const { tooMany, unreachable, hang } = this.weather
    const mood = random.unit()
    const answer = () => {
      if (isAbandoned || life !== this.#life) return
      if (mood < tooMany) {
        inject('handshake_429')
        const retryAfterMs = 1000 * random.below(RETRY_AFTER_MS_MAX / 1000 + 1)
        listener.refused({ status: 429, detail: 'HTTP 429', ...(random.unit() < 0.5 ? { retryAfterMs } : {}) })
        return
      }
      if (mood < tooMany + unreachable) {
        inject('handshake_failed')
        listener.refused({ detail: 'connection refused' })
        return
      }
      stretch = new Stretch(this.#options, this, listener, () => this.#open.delete(stretch!))
      this.#open.add(stretch)
      listener.opened(stretch)
    }
    if (mood < tooMany + unreachable + hang) inject('handshake_hung')
    if (mood < tooMany + unreachable || mood >= tooMany + unreachable + hang) {
      time.after(20 + random.unit() * 200, 'world', answer)
    }
    return {
      abandon: () => {
        isAbandoned = true
        stretch?.close()
      },
    }
  }

  /** The weather clears: what was held back comes. */
  heal(): void {
    this.weather = { ...CALM }
    for (const stretch of this.#open) stretch.heal()
  }

  /** Every connection is gone and nobody is told: our process has died. */
  cutAll(): void {
    this.#life++
    for (const stretch of [...this.#open]) stretch.close()
  }
}

const TICK_MS = 250

type Item = { readonly atMs: number; readonly deliver: () => void; readonly place?: Sent }

/** One open connection. */
class Stretch implements Socket, Line {
  readonly peer: ExchangeConnection
  readonly #options: WireOptions
  readonly #wire: Wire
  readonly #listener: SocketListener
  readonly #onClose: () => void
  #down: Item[] = []
  #timer: Timer | undefined
  #lastDownMs = 0
  #lastUpMs = 0
  #stalledUntilMs = 0
  #isPaused = false
  #isClosed = false
  /** The socket is there on both sides, and nothing passes. */
  #isHalfOpen = false

  constructor(options: WireOptions, wire: Wire, listener: SocketListener, onClose: () => void) {
    this.#options = options
    this.#wire = wire
    this.#listener = listener
    this.#onClose = onClose
    this.peer = options.exchange.connect(this)
  }

  /** From the exchange. */
  send(frame: Sent | string): void {
    if (typeof frame === 'string') this.#up(frame)
    else this.#maltreat(frame)
  }

  ping(): void {
    this.#enqueue(() => this.#listener.ping())
  }

  end(detail: string): void {
    const { random, exchange, inject } = this.#options
    exchange.disconnect(this.peer)
    if (random.unit() < 0.5) {
      for (const { place } of this.#down) if (place !== undefined) inject('lost_in_flight', this.peer, place)
      this.#down = []
    }
    this.#enqueue(() => {
      this.#shut()
      this.#listener.closed(detail)
    })
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#wake()
  }

  close(): void {
    if (this.#isClosed) return
    this.#options.exchange.disconnect(this.peer)
    this.#shut()
  }

  tick(weather: Weather): void {
    const { time, random, side, inject } = this.#options
    const happens = (perSecond: number) => random.unit() < (perSecond * TICK_MS) / 1000
    if (!this.#isHalfOpen && side.unit() < (weather.halfOpenPerSecond * TICK_MS) / 1000) {
      inject('half_open')
      this.#isHalfOpen = true
    }
    if (happens(weather.stallPerSecond) && this.#stalledUntilMs < time.nowMs) {
      inject('stall')
      // Most are short; some are longer than any silence that a client may bear.
      this.#stalledUntilMs =
        time.nowMs + (random.unit() < 0.85 ? random.unit() * 6000 : 20_000 + random.unit() * 30_000)
    }
    if (this.peer.isOpen && happens(weather.disconnectPerSecond)) {
      inject('disconnect')
      this.end('closed with code 1006')
    }
  }

  /** What was held back comes. */
  heal(): void {
    this.#stalledUntilMs = 0
    if (this.#timer !== undefined) this.#options.time.cancel(this.#timer)
    this.#timer = undefined
    this.#wake()
  }

  #maltreat(frame: Sent): void {
    const { time, random, side, inject } = this.#options
    const { newField, drop, repeat, delay, corrupt: spoil } = this.#wire.weather
    const mood = random.unit()
    if (mood < drop) {
      inject('drop', this.peer, frame)
      return
    }
    if (mood < drop + delay) {
      inject('delay', this.peer, frame)
      time.after(20 + random.unit() * 3000, 'world', () => this.#frame(frame))
      return
    }
    if (mood < drop + delay + spoil) {
      const spoiled = corrupt(frame, random)
      inject('corrupt', this.peer, spoiled.seq === undefined ? frame : undefined)
      this.#frame(spoiled)
      return
    }
    if (newField > 0 && side.unit() < newField) {
      inject('new_field')
      frame = { ...frame, text: frame.text.replace('"msg":{"', '"msg":{"mood":{"sky":"clear"},"') }
    }
    this.#frame(frame)
    if (random.unit() >= repeat) return
    inject('repeat')
    if (random.unit() < 0.5) this.#frame(frame)
    else time.after(random.unit() * 3000, 'world', () => this.#frame(frame))
  }

  #frame(frame: Sent): void {
    this.#enqueue(() => this.#listener.frame(frame), frame)
  }

  #up(text: string): void {
    const { time, random, exchange } = this.#options
    const atMs = Math.max(time.nowMs + 1 + random.unit() * 20, this.#lastUpMs, this.#stalledUntilMs)
    this.#lastUpMs = atMs
    time.after(atMs - time.nowMs, 'world', () => {
      if (!this.#isClosed && !this.#isHalfOpen) exchange.receive(this.peer, text)
    })
  }

  #enqueue(deliver: () => void, place?: Sent): void {
    if (this.#isClosed || this.#isHalfOpen) return
    const { time, random } = this.#options
    this.#lastDownMs = Math.max(time.nowMs + 1 + random.unit() * 20, this.#lastDownMs)
    this.#down.push({ atMs: this.#lastDownMs, deliver, ...(place === undefined ? {} : { place }) })
    this.#wake()
  }

  #wake(): void {
    const first = this.#down[0]
    if (this.#isClosed || this.#isPaused || this.#timer !== undefined || first === undefined) return
    const { time } = this.#options
    const atMs = Math.max(first.atMs, this.#stalledUntilMs)
    this.#timer = time.after(atMs - time.nowMs, 'world', () => this.#deliver())
  }

  #deliver(): void {
    this.#timer = undefined
    if (this.#isPaused) return
    const { nowMs } = this.#options.time
    // Paused in mid-burst, a socket still hands over what it has read: a chunk, whatever it holds.
    while (!this.#isClosed && nowMs >= this.#stalledUntilMs) {
      const first = this.#down[0]
      if (first === undefined || first.atMs > nowMs) break
      this.#down.shift()
      first.deliver()
    }
    this.#wake()
  }

  #shut(): void {
    this.#isClosed = true
    this.#down = []
    if (this.#timer !== undefined) this.#options.time.cancel(this.#timer)
    this.#timer = undefined
    this.#onClose()
  }
}
