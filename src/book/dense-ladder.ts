/**
 * A ladder as an array indexed by tick: a delta is one addition. 0.8 KB a side at one cent, 8 KB at a tenth.
 *
 * The best price is tracked; when its level empties, the scan for the next one down is short in any real book.
 */
import { type CentiCents, type CentiContracts, type Level, ONE_DOLLAR } from '#domain'
import type { Ladder } from './ladder.ts'

export class DenseLadder implements Ladder {
  readonly #tick: number
  readonly #sizes: Float64Array
  best = 0 as CentiCents
  count = 0
  total = 0 as CentiContracts

  /** `tick` in 1/10,000 dollar, a divisor of one dollar. */
  constructor(tick: number) {
    this.#tick = tick
    this.#sizes = new Float64Array(ONE_DOLLAR / tick)
  }

  sizeAt(price: CentiCents): CentiContracts {
    return (price % this.#tick === 0 ? this.#sizes[price / this.#tick]! : 0) as CentiContracts
  }

  add(price: CentiCents, change: CentiContracts): number {
    const sizes = this.#sizes
    const index = (price / this.#tick) | 0
    const before = sizes[index]!
    const after = before + change
    if (after < 0) return after
    sizes[index] = after
    this.total = (this.total + change) as CentiContracts
    if (before === 0) {
      if (after === 0) return 0
      this.count++
      if (price > this.best) this.best = price
    } else if (after === 0) {
      this.count--
      if (price === this.best) this.#findBest(index)
    }
    return after
  }

  reset(levels: readonly Level[]): void {
    this.#sizes.fill(0)
    let total = 0
    for (const [price, size] of levels) {
      this.#sizes[price / this.#tick] = size
      total += size
    }
    this.total = total as CentiContracts
    this.count = levels.length
    this.best = (levels.length === 0 ? 0 : levels[levels.length - 1]![0]) as CentiCents
  }

  top(depth: number): Level[] {
    const found: Level[] = []
    for (let index = this.best / this.#tick; index > 0 && found.length < depth; index--) this.#collect(index, found)
    return found
  }

  levels(): Level[] {
    const found: Level[] = []
    const last = this.best / this.#tick
    for (let index = 1; index <= last; index++) this.#collect(index, found)
    return found
  }

  #collect(index: number, into: Level[]): void {
    const size = this.#sizes[index]!
    if (size !== 0) into.push([(index * this.#tick) as CentiCents, size as CentiContracts])
  }

  #findBest(from: number): void {
    let index = from
    while (index > 0 && this.#sizes[index] === 0) index--
    this.best = (index * this.#tick) as CentiCents
  }
}
