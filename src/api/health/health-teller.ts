/** Tells the log when health changes, so that what a monitor saw can be found there. */
import type { RouteContext } from '../routes/route-context.ts'

export class HealthTeller {
  readonly #timer: NodeJS.Timeout
  #told = ''

  constructor(context: RouteContext) {
    this.#timer = setInterval(() => this.#look(context), context.limits.recorderAskEveryMs)
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #look({ health, tell }: RouteContext): void {
    const { ready, reasons } = health()
    const codes = reasons.map(({ code }) => code)
    const now = codes.join()
    if (now === this.#told) return
    this.#told = now
    tell({ kind: 'health_changed', ready, reasons: codes })
  }
}
