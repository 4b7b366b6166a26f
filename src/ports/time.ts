/**
 * Time as something that waits sees it: what it is, and how long until. Beside {@link Clock}, which stamps records.
 *
 * Contract: `nowMs` never goes backward and does not follow the wall; nothing is called before its time.
 */
export interface Time {
  /** Milliseconds since some fixed start, with fraction. */
  nowMs(): number
  /** Unix time in whole milliseconds; may step either way. */
  wallMs(): number
  /** Resolves after the time, or at once when the signal is raised. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls again and again, without keeping a program alive. Answers how to stop it. */
  every(ms: number, run: () => void): () => void
  /** Resolves when everything else that is due has had its turn. */
  turn(): Promise<void>
}
