/**
 * Holds back repeated lines: a fault that comes a thousand times a second is told a few times, with how many were not.
 *
 * Counts in windows by the clock that it is handed; keys are bounded, the one that began longest ago leaves first.
 */
import type { Log, LogFields } from './log.ts'

export type RepeatLimits = {
  /** Lines of one key in one window. */
  readonly linesMax: number
  readonly windowMs: number
  /** Keys remembered at once. */
  readonly keysMax: number
}

export const REPEAT_LIMITS: RepeatLimits = { linesMax: 5, windowMs: 60_000, keysMax: 1_000 }

type Window = { readonly sinceMs: number; told: number; heldBack: number }

export class RepeatedLines {
  readonly #log: Log
  readonly #nowMs: () => number
  readonly #limits: RepeatLimits
  readonly #windows = new Map<string, Window>()

  /** `nowMs` may be any clock that does not go backward. */
  constructor(log: Log, nowMs: () => number, limits: RepeatLimits = REPEAT_LIMITS) {
    this.#log = log
    this.#nowMs = nowMs
    this.#limits = limits
  }

  /** Writes the line, or counts it when its key (the event unless told) has had its lines in this window. */
  write(level: 'info' | 'warn' | 'error', fields: LogFields, message?: string, key: string = fields.event): void {
    const nowMs = this.#nowMs()
    const window = this.#windowOf(key, nowMs)
    if (window.told >= this.#limits.linesMax) {
      window.heldBack += 1
      return
    }
    window.told += 1
    const { linesMax, windowMs } = this.#limits
    const limit = window.told === linesMax ? { limit: `${linesMax} in ${windowMs / 1000} s; more are counted` } : {}
    this.#log[level]({ ...fields, ...limit }, message)
  }

  /** Tells what was held back in windows that are over. To be called now and then, and with `all` at the end. */
  tell(all = false): void {
    const nowMs = this.#nowMs()
    for (const [key, window] of this.#windows) {
      if (all || nowMs - window.sinceMs >= this.#limits.windowMs) this.#close(key, window)
    }
  }

  #windowOf(key: string, nowMs: number): Window {
    const open = this.#windows.get(key)
    if (open !== undefined && nowMs - open.sinceMs < this.#limits.windowMs) return open
    if (open !== undefined) this.#close(key, open)
    for (const [oldest, window] of this.#windows) {
      if (this.#windows.size < this.#limits.keysMax) break
      this.#close(oldest, window)
    }
    const window = { sinceMs: nowMs, told: 0, heldBack: 0 }
    this.#windows.set(key, window)
    return window
  }

  #close(key: string, { heldBack }: Window): void {
    this.#windows.delete(key)
    if (heldBack === 0) return
    const { linesMax, windowMs } = this.#limits
    this.#log.warn({ event: 'log_repeats_held_back', of: key, heldBack, linesMax, windowMs })
  }
}
