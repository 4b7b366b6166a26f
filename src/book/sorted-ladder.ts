/**
 * A ladder as two packed arrays in ascending price: for grids finer than a tenth of a cent, where an array by tick would
 * take 80 KB a side. A change of a standing level is a binary search; a new or emptied one moves the levels above it,
 * which are few, since trading happens at the best price and that stands last.
 */
import type { CentiCents, CentiContracts, Level } from '#domain'
import type { Ladder } from './ladder.ts'

export class SortedLadder implements Ladder {
  #prices = new Float64Array(32)
  #sizes = new Float64Array(32)
  count = 0
  total = 0 as CentiContracts

  get best(): CentiCents {
    return (this.count === 0 ? 0 : this.#prices[this.count - 1]!) as CentiCents
  }

  sizeAt(price: CentiCents): CentiContracts {
    const index = this.#indexOf(price)
    return (index < this.count && this.#prices[index] === price ? this.#sizes[index]! : 0) as CentiContracts
  }

  add(price: CentiCents, change: CentiContracts): number {
    const index = this.#indexOf(price)
    const stands = index < this.count && this.#prices[index] === price
    const after = (stands ? this.#sizes[index]! : 0) + change
    if (after < 0) return after
    this.total = (this.total + change) as CentiContracts
    if (after > 0 && stands) this.#sizes[index] = after
    else if (after > 0) this.#insert(index, price, after)
    else if (stands) this.#remove(index)
    return after
  }

  reset(levels: readonly Level[]): void {
    this.count = 0
    this.total = 0 as CentiContracts
    for (const [price, size] of levels) {
      this.#insert(this.count, price, size)
      this.total = (this.total + size) as CentiContracts
    }
  }

  top(depth: number): Level[] {
    const found: Level[] = []
    for (let index = this.count - 1; index >= 0 && found.length < depth; index--) found.push(this.#level(index))
    return found
  }

  levels(): Level[] {
    return Array.from({ length: this.count }, (_, index) => this.#level(index))
  }

  #level(index: number): Level {
    return [this.#prices[index] as CentiCents, this.#sizes[index] as CentiContracts]
  }

  /** Where the price stands, or would. */
  #indexOf(price: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#prices[middle]! < price) low = middle + 1
      else high = middle
    }
    return low
  }

  #insert(index: number, price: number, size: number): void {
    if (this.count === this.#prices.length) {
      this.#prices = grown(this.#prices)
      this.#sizes = grown(this.#sizes)
    }
    this.#prices.copyWithin(index + 1, index, this.count)
    this.#sizes.copyWithin(index + 1, index, this.count)
    this.#prices[index] = price
    this.#sizes[index] = size
    this.count++
  }

  #remove(index: number): void {
    this.#prices.copyWithin(index, index + 1, this.count)
    this.#sizes.copyWithin(index, index + 1, this.count)
    this.count--
  }
}

function grown(array: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(array.length * 2)
  larger.set(array)
  return larger
}
