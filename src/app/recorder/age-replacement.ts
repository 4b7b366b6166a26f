/**
 * Which connection is to be replaced because its messages grew old. Pure over ages and time.
 *
 * A connection whose ages have climbed past the limit above the lowest that it had, and stay there for half a minute, is made
 * anew: what waits for us in its socket is old, and a fresh snapshot is not. At most one connection in a minute and none while
 * another is not whole, so that never all are gone at once; the same one not sooner than ten minutes later, and ever later when
 * that did not help: then it is the exchange, the way to it or this machine, and a new connection only makes holes.
 */
export const REPLACE_MS_MIN = 600_000
export const REPLACE_MS_MAX = 4 * 3_600_000
/** Between two replacements of any connections. */
export const REPLACE_ANY_MS_MIN = 60_000
/** Needed again so soon, a replacement did not help. */
const HELPED_MS = 2 * 3_600_000

export type AgedConnection<Key> = {
  readonly key: Key
  /** Connected and all books proven. */
  readonly isWhole: boolean
  readonly climbMs: number
}

export class AgeReplacement<Key extends object> {
  readonly #limitMs: number
  readonly #before = new WeakMap<Key, { atMs: number; waitMs: number; count: number }>()
  #lastMs = Number.NEGATIVE_INFINITY

  /** 0: none is ever replaced. */
  constructor(limitMs: number) {
    this.#limitMs = limitMs
  }

  /** How often it was replaced. */
  countOf(key: Key): number {
    return this.#before.get(key)?.count ?? 0
  }

  /** The connection to replace now; it counts as replaced. `undefined`: none. */
  next(connections: readonly AgedConnection<Key>[], nowMs: number): AgedConnection<Key> | undefined {
    if (this.#limitMs === 0 || nowMs - this.#lastMs < REPLACE_ANY_MS_MIN) return undefined
    const due = connections.filter((each) => {
      const before = this.#before.get(each.key)
      const mayAgain = before === undefined || nowMs - before.atMs >= before.waitMs
      // The aged one itself may be waiting for snapshots: they come late, like everything on it.
      const areOthersWhole = connections.every((other) => other === each || other.isWhole)
      return each.climbMs > this.#limitMs && mayAgain && areOthersWhole
    })
    const worst = due.sort((one, other) => other.climbMs - one.climbMs)[0]
    if (worst !== undefined) this.#replaced(worst.key, nowMs)
    return worst
  }

  #replaced(key: Key, nowMs: number): void {
    const before = this.#before.get(key)
    const isAgain = before !== undefined && nowMs - before.atMs < Math.max(HELPED_MS, before.waitMs * 2)
    const waitMs = isAgain ? Math.min(REPLACE_MS_MAX, before.waitMs * 2) : REPLACE_MS_MIN
    this.#before.set(key, { atMs: nowMs, waitMs, count: (before?.count ?? 0) + 1 })
    this.#lastMs = nowMs
  }
}
