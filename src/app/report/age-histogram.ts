/** Ages of many messages in little room: whole milliseconds below a second, whole seconds above. */
import type { Ages } from './report.ts'

const MS_MAX = 1_000
const SECONDS_MAX = 3_600

export class AgeHistogram {
  readonly #counts = new Uint32Array(MS_MAX + SECONDS_MAX + 1)
  #count = 0
  #max = 0

  /** A message that came before its time has none. */
  add(ms: number): void {
    if (!(ms >= 0)) return
    const index = ms < MS_MAX ? Math.floor(ms) : MS_MAX + Math.min(SECONDS_MAX, Math.floor(ms / 1000))
    this.#counts[index]!++
    this.#count++
    if (ms > this.#max) this.#max = ms
  }

  /** `undefined` without any. */
  get ages(): Ages | undefined {
    if (this.#count === 0) return undefined
    return { count: this.#count, p50: this.#at(0.5), p99: this.#at(0.99), max: Math.round(this.#max) }
  }

  #at(share: number): number {
    let left = Math.ceil(this.#count * share)
    for (const [index, count] of this.#counts.entries()) {
      left -= count
      if (left <= 0) return index < MS_MAX ? index : (index - MS_MAX) * 1000
    }
    return this.#max
  }
}
