/**
 * One alarm over time: quiet, about to fire, firing, about to clear. Pure over the time handed in, which must not go backward.
 * An alarm that comes and goes holds on for longer each time, so that it is one alarm and not a stream of them.
 */
import type { Rule } from './rule.ts'
import type { Signals } from './signals.ts'

/** Firings that count for how long it holds on, and the longest that it does. */
const FLAP_WINDOW_MS = 3_600_000
const CLEAR_MS_MAX = 1_800_000

export type Transition = {
  readonly kind: 'fired' | 'cleared'
  readonly rule: Rule
  readonly text: string
  /** How long it had been wrong, or had fired. */
  readonly forMs: number
}

export class RuleState {
  readonly rule: Rule
  /** What is wrong, in its last words; kept while it clears. */
  text = ''
  /** Since when it fires. */
  firedMs: number | undefined
  #wrongMs: number | undefined
  #rightMs: number | undefined
  #firings: number[] = []

  constructor(rule: Rule) {
    this.rule = rule
  }

  look(signals: Signals, nowMs: number): Transition | undefined {
    const text = this.rule.judge(signals, this.rule.limit?.value ?? 0)
    if (text === undefined) return this.#right(nowMs)
    this.text = text
    this.#rightMs = undefined
    this.#wrongMs ??= nowMs
    if (this.firedMs !== undefined || nowMs - this.#wrongMs < this.rule.holdMs) return undefined
    this.firedMs = nowMs
    this.#firings = [...this.#firings.filter((each) => nowMs - each < FLAP_WINDOW_MS), nowMs]
    return { kind: 'fired', rule: this.rule, text, forMs: nowMs - this.#wrongMs }
  }

  #right(nowMs: number): Transition | undefined {
    this.#rightMs ??= nowMs
    if (this.firedMs === undefined) {
      this.#wrongMs = undefined
      return undefined
    }
    if (nowMs - this.#rightMs < this.#clearMs()) return undefined
    const forMs = this.#rightMs - (this.#wrongMs ?? this.firedMs)
    this.firedMs = undefined
    this.#wrongMs = undefined
    return { kind: 'cleared', rule: this.rule, text: this.text, forMs }
  }

  /** Doubled for each further firing of the last hour. */
  #clearMs(): number {
    const { clearMs } = this.rule
    const again = Math.min(10, this.#firings.length - 1)
    if (again <= 0) return clearMs
    return Math.max(clearMs, Math.min(CLEAR_MS_MAX, Math.max(clearMs, 15_000) * 2 ** again))
  }
}
