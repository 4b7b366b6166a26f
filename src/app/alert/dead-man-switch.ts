/**
 * Pings the dead-man's address at its interval, and only then when the last look found nothing against it. A look that is old
 * counts as none: a recorder that can no longer look at itself does not say that it is well.
 */
import { type Hidden, pingDeadMan, type SendError, type Withheld } from '#alert'
import type { Log } from '../log/log.ts'
import { RepeatedLines } from '../log/log-repeats.ts'

/** An older look says nothing. */
export const LOOK_MS_MAX = 5_000

export type DeadManOptions = {
  readonly url: Hidden
  readonly everyMs: number
  readonly log: Log
  readonly nowMs: () => number
}

export class DeadManSwitch {
  readonly #options: DeadManOptions
  readonly #repeats: RepeatedLines
  readonly #stopping = new AbortController()
  #reasons: readonly (Withheld | 'not_looked_at')[] = ['not_looked_at']
  #lookedMs = Number.NEGATIVE_INFINITY
  #pingedMs = Number.NEGATIVE_INFINITY
  #isPinging = false
  #told = ''
  pings = 0
  failures = 0

  constructor(options: DeadManOptions) {
    this.#options = options
    this.#repeats = new RepeatedLines(options.log, options.nowMs)
  }

  /** Why the next ping would be withheld. */
  get withheld(): readonly string[] {
    const isOld = this.#options.nowMs() - this.#lookedMs > LOOK_MS_MAX
    return isOld ? ['not_looked_at'] : this.#reasons
  }

  look(reasons: readonly Withheld[]): void {
    this.#reasons = reasons
    this.#lookedMs = this.#options.nowMs()
  }

  /** Gives up a ping that is on its way, and makes no other. */
  stop(): void {
    this.#stopping.abort()
  }

  /** To be called about once a second; never waits. */
  tick(): void {
    const nowMs = this.#options.nowMs()
    if (this.#stopping.signal.aborted || this.#isPinging || nowMs - this.#pingedMs < this.#options.everyMs) return
    const { withheld } = this
    this.#tell(withheld)
    if (withheld.length > 0) return
    this.#pingedMs = nowMs
    this.#isPinging = true
    void this.#ping()
  }

  async #ping(): Promise<void> {
    try {
      await pingDeadMan(this.#options.url, this.#stopping.signal)
      this.pings++
    } catch (error) {
      if (this.#stopping.signal.aborted) return
      this.failures++
      const { code, message } = error as SendError
      this.#repeats.write('warn', { event: 'dead_man_failed', code, reason: message })
    }
    this.#isPinging = false
  }

  #tell(reasons: readonly string[]): void {
    const now = reasons.join()
    if (now === this.#told) return
    this.#told = now
    if (reasons.length === 0) this.#repeats.write('info', { event: 'dead_man_resumed' })
    else this.#repeats.write('warn', { event: 'dead_man_withheld', reasons })
  }
}
