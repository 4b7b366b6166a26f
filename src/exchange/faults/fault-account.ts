/** What was done on purpose, to whom and when: part of `/exchange/sent`, so that nobody has to guess what a recorder met. */
import type { FaultName } from './fault-kinds.ts'

/** One thing done. Fields are there where they mean something. */
export type FaultHappened = {
  readonly fault: FaultName
  readonly phase?: 'begin' | 'end'
  /** There was no connection, or no market, to which it could be done. */
  readonly missed?: true
  /** Since the first connection opened, and Unix time of this machine’s clock. */
  readonly at_ms: number
  readonly unix_ms: number
  readonly connection?: number
  readonly frame?: number
  readonly type?: string
  readonly sid?: number
  readonly seq?: number
  readonly market?: string
  readonly detail?: string
}

export type FaultReport = {
  /** Things done, by their name; beginnings alone of what lasts. */
  readonly counts: Readonly<Partial<Record<FaultName, number>>>
  /** The newest, oldest first. */
  readonly happened: readonly FaultHappened[]
  /** Older ones that are only counted. */
  readonly left_out: number
}

/** So many are kept by name. */
const HAPPENED_MAX = 10_000

export class FaultAccount {
  readonly #counts: Partial<Record<FaultName, number>> = {}
  readonly #happened: FaultHappened[] = []
  readonly #nowMs: () => number
  #startedMs: number | undefined
  #leftOut = 0

  /** `nowMs` is a clock that only goes forward. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs
  }

  /** Since the first connection opened; 0 before. */
  get elapsedMs(): number {
    return this.#startedMs === undefined ? 0 : this.#nowMs() - this.#startedMs
  }

  /** The first connection opens; false when one had been opened before. */
  start(): boolean {
    if (this.#startedMs !== undefined) return false
    this.#startedMs = this.#nowMs()
    return true
  }

  add(fault: FaultName, fields: Omit<FaultHappened, 'fault' | 'at_ms' | 'unix_ms'> = {}): void {
    if (fields.phase !== 'end' && fields.missed === undefined) this.#counts[fault] = (this.#counts[fault] ?? 0) + 1
    this.#happened.push({ fault, at_ms: Math.round(this.elapsedMs), unix_ms: Date.now(), ...fields })
    if (this.#happened.length <= HAPPENED_MAX) return
    this.#happened.shift()
    this.#leftOut++
  }

  report(): FaultReport {
    return { counts: { ...this.#counts }, happened: [...this.#happened], left_out: this.#leftOut }
  }
}
