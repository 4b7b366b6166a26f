/**
 * One market's order book: two ladders of resting bids, and the rules by which a snapshot or a delta changes them.
 *
 * Pure and synchronous: no clock, no I/O, no logging. Whether the book may be believed is not known here (src/feed);
 * a change that cannot be is refused and said, never clamped.
 *
 * The grid follows the prices themselves: a book starts on the coarsest ladder that its snapshot fits and moves to a finer
 * one when a finer price comes. So it depends on no other source for its tick, and a grid that changes on a live market
 * loses nothing.
 */
import { type CentiCents, type CentiContracts, type Level, type Levels, type Side, YES } from '#domain'
import { DenseLadder } from './dense-ladder.ts'
import type { Ladder } from './ladder.ts'
import { SortedLadder } from './sorted-ladder.ts'
import { type Top, topOf } from './top.ts'

/** In 1/10,000 dollar: one cent, a tenth of a cent, and anything finer. */
export type Tick = 100 | 10 | 1

export class Book {
  #tick: Tick = 100
  #yes: Ladder = new DenseLadder(100)
  #no: Ladder = new DenseLadder(100)
  #top: Top | undefined

  /** The grid that the ladders hold now. */
  get tick(): Tick {
    return this.#tick
  }

  /** Replaces both sides. Levels in ascending price, sizes positive. */
  replace({ yes, no }: Levels): void {
    const tick = Math.min(tickOf(yes), tickOf(no)) as Tick
    // A book keeps the finer ladder once it needed it: growing and shrinking with each snapshot would only churn.
    if (tick < this.#tick) this.#setTick(tick)
    this.#yes.reset(yes)
    this.#no.reset(no)
    this.#top = undefined
  }

  /**
   * Applies the signed change of one level and returns the size after it. A negative answer says that the change would
   * leave less than nothing, so an earlier one was missed: the book is then as before.
   */
  add(side: Side, price: CentiCents, change: CentiContracts): number {
    if (price % this.#tick !== 0) this.#refine(price)
    this.#top = undefined
    return (side === YES ? this.#yes : this.#no).add(price, change)
  }

  /** Best bid of a side in that side's own prices; 0 when the side is empty. */
  best(side: Side): CentiCents {
    return (side === YES ? this.#yes : this.#no).best
  }

  /** Whether the two best bids sum to more than a dollar, which a settled book never shows. */
  get isCrossed(): boolean {
    return this.#yes.best + this.#no.best > 10_000 && this.#yes.best !== 0 && this.#no.best !== 0
  }

  /** Whether the two best bids sum to exactly a dollar. */
  get isLocked(): boolean {
    return this.#yes.best + this.#no.best === 10_000 && this.#yes.best !== 0 && this.#no.best !== 0
  }

  get isTwoSided(): boolean {
    return this.#yes.best !== 0 && this.#no.best !== 0
  }

  /** Best prices, spread, mid, microprice: computed once for each change, and only when asked. */
  top(): Top {
    this.#top ??= topOf(this.#yes, this.#no)
    return this.#top
  }

  sizeAt(side: Side, price: CentiCents): CentiContracts {
    return this.ladder(side).sizeAt(price)
  }

  /** Sum of the sizes resting on one side. */
  total(side: Side): CentiContracts {
    return this.ladder(side).total
  }

  /** Contracts resting on both sides, each counted once. */
  get totalVolume(): CentiContracts {
    return (this.#yes.total + this.#no.total) as CentiContracts
  }

  levelCount(side: Side): number {
    return this.ladder(side).count
  }

  /** Both sides in ascending price, as new arrays. */
  levels(): Levels {
    return { yes: this.#yes.levels(), no: this.#no.levels() }
  }

  /** Best price first, at most `depth` levels. */
  bids(side: Side, depth: number): Level[] {
    return this.ladder(side).top(depth)
  }

  ladder(side: Side): Ladder {
    return side === YES ? this.#yes : this.#no
  }

  #refine(price: number): void {
    const levels = this.levels()
    this.#setTick(price % 10 === 0 ? 10 : 1)
    this.#yes.reset(levels.yes)
    this.#no.reset(levels.no)
  }

  #setTick(tick: Tick): void {
    this.#tick = tick
    this.#yes = tick === 1 ? new SortedLadder() : new DenseLadder(tick)
    this.#no = tick === 1 ? new SortedLadder() : new DenseLadder(tick)
  }
}

function tickOf(levels: readonly Level[]): Tick {
  let tick: Tick = 100
  for (const [price] of levels) {
    if (price % tick === 0) continue
    if (price % 10 !== 0) return 1
    tick = 10
  }
  return tick
}
