/**
 * Answers kept for requests without a signature, as the content network in front of Kalshi keeps them (measured by
 * others 2026-07: up to 15 s). Whoever reads without a key therefore reads a book of some seconds ago.
 */
import type { RestAnswer } from './body.ts'

/** Beyond this the oldest answers are let go, and one that is larger is not kept. */
export const KEPT_CHARACTERS_MAX = 16_000_000

type Kept = { readonly answer: RestAnswer; readonly madeMs: number }

export class AnswerCache {
  readonly #keepMs: number
  readonly #charactersMax: number
  /** Oldest first. */
  readonly #answers = new Map<string, Kept>()
  #characters = 0

  /** 0 ms: keeps nothing. */
  constructor(keepMs: number, charactersMax = KEPT_CHARACTERS_MAX) {
    this.#keepMs = keepMs
    this.#charactersMax = charactersMax
  }

  /** Answers that are kept now. */
  get size(): number {
    return this.#answers.size
  }

  /** The answer kept for this path and query, or the one that is made now; and its age in ms. */
  answer(url: string, nowMs: number, make: () => RestAnswer): { readonly answer: RestAnswer; readonly ageMs: number } {
    this.#letGo(nowMs)
    const kept = this.#answers.get(url)
    if (kept !== undefined) return { answer: kept.answer, ageMs: Math.max(0, nowMs - kept.madeMs) }
    const answer = make()
    if (answer.status === 200 && this.#keepMs > 0) {
      this.#answers.set(url, { answer, madeMs: nowMs })
      this.#characters += url.length + answer.body.length
      this.#letGo(nowMs)
    }
    return { answer, ageMs: 0 }
  }

  /** Answers that are too old, and the oldest of too many. */
  #letGo(nowMs: number): void {
    for (const [url, { answer, madeMs }] of this.#answers) {
      if (nowMs - madeMs < this.#keepMs && this.#characters <= this.#charactersMax) return
      this.#answers.delete(url)
      this.#characters -= url.length + answer.body.length
    }
  }
}
