/**
 * How far our clock is ahead of the exchange's, from the dates of its answers. One date is a whole second, so one answer says
 * little; but each rules out what does not fit, and what is left of many is narrow. Pure.
 */
import type { ClockBody } from '#domain'

/** Older answers are forgotten: clocks drift, up to some tenths of a second an hour. */
const ANSWERS_MAX = 64
const AGE_MS_MAX = 30 * 60_000

type Answer = { readonly atMs: number; readonly leastMs: number; readonly mostMs: number }

export class ExchangeDates {
  #answers: Answer[] = []

  /** Our clock is `aheadMs` ahead, give or take `withinMs`. `nowMs` is monotonic. */
  heard(aheadMs: number, withinMs: number, nowMs: number): void {
    const answer = { atMs: nowMs, leastMs: aheadMs - withinMs, mostMs: aheadMs + withinMs }
    this.#answers = [...this.#answers.slice(1 - ANSWERS_MAX), answer]
  }

  /** What fits every answer; where a step of a clock left nothing that does, the newest answers that agree. */
  estimate(nowMs: number): ClockBody | undefined {
    this.#answers = this.#answers.filter(({ atMs }) => nowMs - atMs <= AGE_MS_MAX)
    let [leastMs, mostMs] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
    for (const answer of this.#answers.toReversed()) {
      const [least, most] = [Math.max(leastMs, answer.leastMs), Math.min(mostMs, answer.mostMs)]
      if (least > most) break
      ;[leastMs, mostMs] = [least, most]
    }
    if (!Number.isFinite(leastMs)) return undefined
    return { source: 'exchange', offsetMs: (leastMs + mostMs) / 2, errorMs: (mostMs - leastMs) / 2 }
  }
}
