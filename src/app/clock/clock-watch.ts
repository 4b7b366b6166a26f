/**
 * Keeps the estimate of how far our clock is off: from the program that keeps it, else from the exchange's answers. Told to the
 * recorder, which journals it: at start, hourly, and when it changed by more than both errors allow.
 */
import type { ClockBody } from '#domain'
import type { Log } from '../log/log.ts'
import { askClock } from './ask-clock.ts'
import { ExchangeDates } from './exchange-dates.ts'

const ASK_EVERY_MS = 60_000
/** Where no program knows, they are asked ever more rarely: one may be installed. */
const ASK_SELDOM_MS = 30 * 60_000
const TELL_EVERY_MS = 3_600_000
/** Answers come in bursts, and each narrows the estimate a little: not every one is worth a record. */
const TELL_MS_MIN = 10_000
/** A change below it is nobody's concern. */
const CHANGE_MS_MIN = 5

export type ClockWatchOptions = {
  readonly onEstimate: (estimate: ClockBody) => void
  readonly log: Log
  readonly ask?: () => Promise<ClockBody | undefined>
  readonly nowMs?: () => number
}

export class ClockWatch {
  readonly #options: ClockWatchOptions
  readonly #nowMs: () => number
  readonly #dates = new ExchangeDates()
  #timer: NodeJS.Timeout | undefined
  #isStopped = false
  #program: ClockBody | undefined
  #told: ClockBody | undefined
  #toldMs = 0

  constructor(options: ClockWatchOptions) {
    this.#options = options
    this.#nowMs = options.nowMs ?? (() => performance.now())
  }

  /** What is known now. */
  get estimate(): ClockBody | undefined {
    return this.#program ?? this.#dates.estimate(this.#nowMs())
  }

  start(): void {
    void this.#ask()
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  /** An answer of the exchange told its time. */
  heard(aheadMs: number, withinMs: number): void {
    this.#dates.heard(aheadMs, withinMs, this.#nowMs())
    if (this.#program === undefined) this.#tell()
  }

  async #ask(): Promise<void> {
    const { ask = askClock } = this.#options
    this.#program = await ask()
    if (this.#isStopped) return
    this.#tell()
    const everyMs = this.#program === undefined ? ASK_SELDOM_MS : ASK_EVERY_MS
    this.#timer = setTimeout(() => void this.#ask(), everyMs).unref()
  }

  #tell(): void {
    const { estimate } = this
    const nowMs = this.#nowMs()
    if (estimate === undefined || !this.#isNews(estimate, nowMs)) return
    this.#told = estimate
    this.#toldMs = nowMs
    this.#options.onEstimate(estimate)
    const { source, offsetMs, errorMs } = estimate
    this.#options.log.info({ event: 'clock_estimated', source, offsetMs: rounded(offsetMs), errorMs: rounded(errorMs) })
  }

  #isNews({ source, offsetMs, errorMs }: ClockBody, nowMs: number): boolean {
    const told = this.#told
    if (told === undefined || nowMs - this.#toldMs >= TELL_EVERY_MS || source !== told.source) return true
    if (nowMs - this.#toldMs < TELL_MS_MIN) return false
    const isElsewhere = Math.abs(offsetMs - told.offsetMs) > Math.max(CHANGE_MS_MIN, errorMs + told.errorMs)
    return isElsewhere || errorMs * 2 < told.errorMs
  }
}

const rounded = (ms: number): number => Math.round(ms * 1000) / 1000
