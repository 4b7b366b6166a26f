/** One fact that only the exchange itself can confirm, and how what was seen answers it. */
import type { Seen } from './seen.ts'

export type Verdict = 'confirmed' | 'refuted' | 'not seen'

export type Answer = {
  readonly verdict: Verdict
  /** What was observed, with its figures. */
  readonly observation: string
  /** Some frames or bodies that show it, as they came; redacted before they are written. */
  readonly evidence?: readonly string[]
}

export type Question = {
  /** Stable: small letters and dashes. */
  readonly id: string
  /** The fact as the program relies on it, as a sentence. */
  readonly fact: string
  /** Where it matters. */
  readonly matters: string
  answer(seen: Seen): Answer
}

export const confirmed = (observation: string, evidence: readonly string[] = []): Answer => ({
  verdict: 'confirmed',
  observation,
  evidence,
})
export const refuted = (observation: string, evidence: readonly string[] = []): Answer => ({
  verdict: 'refuted',
  observation,
  evidence,
})
export const notSeen = (observation: string, evidence: readonly string[] = []): Answer => ({
  verdict: 'not seen',
  observation,
  evidence,
})

export const judged = (holds: boolean, observation: string, evidence: readonly string[] = []): Answer =>
  (holds ? confirmed : refuted)(observation, evidence)
