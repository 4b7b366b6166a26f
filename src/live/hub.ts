/**
 * Tells subscribers that books changed: each at its own pace, the latest state wins, and the last change is always told.
 *
 * The feed only marks a market (a few ns, nothing at all without subscribers); telling happens later, on a timer. A
 * subscriber is handed the market itself, so it reads the book as it is then. One that is busy (its promise has not
 * settled) is told nothing until it is done and everything that changed meanwhile afterwards; the others do not notice.
 * What is held for a subscriber is bounded by the number of markets. Adding and removing inside a callback is safe.
 */
import type { Market } from '#feed'

export type HubSubscriber = {
  /** Called with the markets that changed since the last call, each once. A promise holds back the next call. */
  readonly notify: (markets: readonly Market[]) => void | Promise<void>
  /** Tickers to hear of; all without it. */
  readonly markets?: ReadonlySet<string>
  /** Least time between two calls. Default 100. */
  readonly intervalMs?: number
  /** A callback threw or rejected. The subscriber stays. */
  readonly onError?: (error: unknown) => void
}

export type HubSubscription = {
  close(): void
  /** Markets that changed and have not been told. */
  readonly pending: number
}

const INTERVAL_MS = 100

export class BookHub {
  readonly #seats = new Set<Seat>()
  readonly #nowMs: () => number

  /** `nowMs`: monotonic milliseconds. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs
  }

  get size(): number {
    return this.#seats.size
  }

  /** A market's book or validity changed. The hot path. */
  changed(market: Market): void {
    if (this.#seats.size === 0) return
    for (const seat of this.#seats) seat.mark(market)
  }

  subscribe(subscriber: HubSubscriber): HubSubscription {
    const seat = new Seat(subscriber, this.#nowMs)
    this.#seats.add(seat)
    return {
      close: () => {
        this.#seats.delete(seat)
        seat.close()
      },
      get pending() {
        return seat.pending
      },
    }
  }

  close(): void {
    for (const seat of this.#seats) seat.close()
    this.#seats.clear()
  }
}

class Seat {
  readonly #subscriber: HubSubscriber
  readonly #nowMs: () => number
  readonly #intervalMs: number
  #changed = new Set<Market>()
  #timer: NodeJS.Timeout | undefined
  #toldMs = Number.NEGATIVE_INFINITY
  #isBusy = false
  #isClosed = false

  constructor(subscriber: HubSubscriber, nowMs: () => number) {
    this.#subscriber = subscriber
    this.#nowMs = nowMs
    this.#intervalMs = subscriber.intervalMs ?? INTERVAL_MS
  }

  get pending(): number {
    return this.#changed.size
  }

  mark(market: Market): void {
    if (this.#subscriber.markets?.has(market.ticker) === false) return
    this.#changed.add(market)
    if (this.#timer === undefined && !this.#isBusy) this.#arm()
  }

  close(): void {
    this.#isClosed = true
    this.#changed.clear()
    clearTimeout(this.#timer)
  }

  #arm(): void {
    const waitMs = Math.max(0, this.#toldMs + this.#intervalMs - this.#nowMs())
    this.#timer = setTimeout(() => this.#tell(), waitMs)
  }

  #tell(): void {
    this.#timer = undefined
    if (this.#isClosed || this.#changed.size === 0) return
    const markets = [...this.#changed]
    this.#changed.clear()
    this.#toldMs = this.#nowMs()
    try {
      const busy = this.#subscriber.notify(markets)
      if (busy === undefined) return
      this.#isBusy = true
      busy.catch((error) => this.#subscriber.onError?.(error)).finally(() => this.#rest())
    } catch (error) {
      this.#subscriber.onError?.(error)
    }
  }

  #rest(): void {
    this.#isBusy = false
    if (!this.#isClosed && this.#changed.size > 0) this.#arm()
  }
}
