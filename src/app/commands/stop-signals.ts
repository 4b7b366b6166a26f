/**
 * When a long-running command is to end: the first Ctrl-C or SIGTERM asks it to, a second one ends it at once. Ending at
 * once is safe: what was durable stays, and the next start cuts what was not.
 */
export type Stop = { readonly reason: string }

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** 128 + the number of the signal, as shells have it. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const
/** A launcher and a terminal may both pass on one Ctrl-C: two within this time are one. */
const ONE_PRESS_MS = 300

export type StopSignals = {
  readonly stopped: Promise<Stop>
  stop(reason: string): void
  /** Stops by itself, so long after this call. */
  after(ms: number): void
}

/** Resolves at the first signal, or after `forMs`. */
export function untilStopped(forMs?: number): StopSignals {
  let settle: (stop: Stop) => void = () => {}
  const stopped = new Promise<Stop>((resolve) => {
    settle = resolve
  })
  let firstMs: number | undefined
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      const nowMs = performance.now()
      if (firstMs !== undefined && nowMs - firstMs > ONE_PRESS_MS) process.exit(EXIT_CODES[signal])
      firstMs ??= nowMs
      settle({ reason: signal })
    })
  }
  const after = (ms: number) => afterwards(ms, () => settle({ reason: `ran for ${ms / 1000} s as asked` }))
  if (forMs !== undefined) after(forMs)
  return { stopped, stop: (reason) => settle({ reason }), after }
}

/** A timer of any length: one of Node's ends at once beyond 24 days. */
const TIMER_MS_MAX = 2 ** 31 - 1
function afterwards(ms: number, act: () => void): void {
  if (ms <= TIMER_MS_MAX) setTimeout(act, ms)
  else setTimeout(() => afterwards(ms - TIMER_MS_MAX, act), TIMER_MS_MAX)
}
