/**
 * Answers kept for requests without a signature, as the content network in front of Kalshi keeps them (measured by
 * others 2026-07: up to 15 s). Whoever reads without a key therefore reads a book of some seconds ago.
 */
import type { RestAnswer } from './body.ts'

export const CACHE_MS = 15_000
/** Beyond this the oldest answer is let go. */
const ANSWERS_MAX = 500

export class AnswerCache {
  readonly #keepMs: number
  readonly #answers = new Map<string, { readonly answer: RestAnswer; readonly madeMs: number }>()

  /** 0 ms: keeps nothing. */
  constructor(keepMs: number) {
    this.#keepMs = keepMs
  }

  /** The answer kept for this path and query, or the one that is made now; and its age in ms. */
  answer(url: string, nowMs: number, make: () => RestAnswer): { readonly answer: RestAnswer; readonly ageMs: number } {
    if (this.#keepMs === 0) return { answer: make(), ageMs: 0 }
    const kept = this.#answers.get(url)
    if (kept !== undefined && nowMs - kept.madeMs < this.#keepMs) {
      return { answer: kept.answer, ageMs: Math.max(0, nowMs - kept.madeMs) }
    }
    const answer = make()
    this.#answers.delete(url)
    if (answer.status === 200) this.#answers.set(url, { answer, madeMs: nowMs })
    if (this.#answers.size > ANSWERS_MAX) this.#answers.delete(this.#answers.keys().next().value as string)
    return { answer, ageMs: 0 }
  }
}
