/**
 * How old messages are when their change stands in the book: from the exchange's own time in the frame to our receive
 * stamp, for each connection with its trend, and for all together.
 *
 * It compares two clocks: what they differ by is in every figure. Frames without an exchange time are not counted.
 */
import { type AgeFigures, AgeHistogram, NO_AGES } from './age-histogram.ts'
import { AgeTrend } from './age-trend.ts'

export type { AgeFigures } from './age-histogram.ts'

export const AGE_WINDOW_MS = 10_000
/** Connections that are gone and told nobody so leave, the oldest first. */
const CONNECTIONS_MAX = 1_000

export class ConnectionAge {
  readonly window = new AgeHistogram()
  readonly trend = new AgeTrend()
  /** Of the last window that is over. */
  recent: AgeFigures = NO_AGES
}

export class MessageAge {
  readonly #of = new Map<number, ConnectionAge>()
  readonly #all = new AgeHistogram()
  readonly #windowMs: number
  /** Nearly always the next message is of the same connection as the last. */
  #lastConnection = Number.NaN
  #last = new ConnectionAge()
  #sinceMs = 0
  /** Of all connections, of the last window that is over. */
  recent: AgeFigures = NO_AGES

  constructor(windowMs = AGE_WINDOW_MS) {
    this.#windowMs = windowMs
  }

  get total(): AgeFigures {
    const sum = new AgeHistogram()
    sum.add(this.#all)
    for (const { window } of this.#of.values()) sum.add(window)
    return sum.figures()
  }

  /** Messages whose exchange time was ahead of our clock. */
  get ahead(): number {
    let ahead = this.#all.ahead
    for (const { window } of this.#of.values()) ahead += window.ahead
    return ahead
  }

  /** `undefined` for one that sent nothing with a time. */
  of(connection: number): ConnectionAge | undefined {
    return this.#of.get(connection)
  }

  /** One message. The hot path. */
  record(connection: number, ageMs: number): void {
    if (connection !== this.#lastConnection) this.#turnTo(connection)
    this.#last.window.record(ageMs)
  }

  /** The connection is gone. */
  close(connection: number): void {
    const age = this.#of.get(connection)
    if (age === undefined) return
    this.#all.add(age.window)
    this.#of.delete(connection)
    if (this.#lastConnection === connection) this.#lastConnection = Number.NaN
  }

  /** To be called several times a second: closes a window that is over, and answers whether it did. */
  tick(nowMs: number): boolean {
    if (nowMs - this.#sinceMs < this.#windowMs) return false
    this.#sinceMs = nowMs
    const sum = new AgeHistogram()
    for (const age of this.#of.values()) {
      age.recent = age.window.figures()
      age.trend.add(nowMs, age.recent.p50Ms, age.recent.count)
      sum.add(age.window)
      age.window.clear()
    }
    this.recent = sum.figures()
    this.#all.add(sum)
    return true
  }

  /** The wall clock stepped: no age of before can be compared with one to come. */
  clockStepped(): void {
    for (const { trend, window } of this.#of.values()) {
      trend.forget()
      this.#all.add(window)
      window.clear()
    }
  }

  #turnTo(connection: number): void {
    this.#lastConnection = connection
    const known = this.#of.get(connection)
    this.#last = known ?? new ConnectionAge()
    if (known !== undefined) return
    for (const oldest of this.#of.keys()) {
      if (this.#of.size < CONNECTIONS_MAX) break
      this.close(oldest)
    }
    this.#lastConnection = connection
    this.#of.set(connection, this.#last)
  }
}
