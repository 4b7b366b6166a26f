/** How long a writer waits before it tries a sick disk again: doubling from 10 ms to 5 s. */
const FIRST_MS = 10
const MAX_MS = 5_000

/** The wait after a number of failures in a row (1, 2, 3 …), in ms. */
export const retryAfterMs = (failures: number): number => Math.min(FIRST_MS * 2 ** (failures - 1), MAX_MS)

/** Resolves after the time, or at once when the signal is raised. Never rejects. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done, { once: true })
  })
}
