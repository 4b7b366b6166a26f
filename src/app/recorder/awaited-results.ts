/**
 * Markets that are over and not settled yet: when to ask after each again, ever more rarely, and which to give up. Pure
 * over the time that it is handed.
 */

/** Markets waited for at once; the one that has waited longest is given up for a further one. */
const AWAITED_MAX = 2_000
const WAIT_MS_MAX = 30 * 60_000
/** Kalshi settles most markets within hours; one that is disputed may take days. */
const GIVEN_UP_MS = 7 * 24 * 3_600_000

type Awaited = { readonly sinceMs: number; nextMs: number; waitMs: number }

export class AwaitedResults {
  readonly #firstWaitMs: number
  readonly #markets = new Map<string, Awaited>()
  #crowdedOut: string[] = []

  constructor(firstWaitMs: number) {
    this.#firstWaitMs = firstWaitMs
  }

  get size(): number {
    return this.#markets.size
  }

  add(ticker: string, nowMs: number): void {
    this.#markets.set(ticker, { sinceMs: nowMs, nextMs: nowMs, waitMs: this.#firstWaitMs })
    for (const oldest of this.#markets.keys()) {
      if (this.#markets.size <= AWAITED_MAX) break
      this.#markets.delete(oldest)
      this.#crowdedOut.push(oldest)
    }
  }

  drop(ticker: string): void {
    this.#markets.delete(ticker)
  }

  /** Those to ask after now. */
  due(nowMs: number): string[] {
    return [...this.#markets].filter(([, { nextMs }]) => nextMs <= nowMs).map(([ticker]) => ticker)
  }

  /** They were asked after, and some are settled. Answers those that are given up. */
  asked(tickers: readonly string[], settled: readonly string[], nowMs: number): string[] {
    for (const ticker of settled) this.#markets.delete(ticker)
    const givenUp = this.#crowdedOut.splice(0)
    for (const ticker of tickers) {
      const awaited = this.#markets.get(ticker)
      if (awaited === undefined) continue
      awaited.waitMs = Math.min(WAIT_MS_MAX, awaited.waitMs * 1.5)
      awaited.nextMs = nowMs + awaited.waitMs
      if (nowMs - awaited.sinceMs < GIVEN_UP_MS) continue
      this.#markets.delete(ticker)
      givenUp.push(ticker)
    }
    return givenUp
  }
}
