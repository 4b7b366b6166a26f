/**
 * Whether the prices and sizes of a connection's books are in the units that we think: its tickers tell the best YES bid
 * and its size too, by another road of the exchange. Markets move, so single figures may differ; a power of ten between
 * most of the latest pairs is no move. Pure; knows no time.
 */

/** The best YES bid: 1/10,000 dollar and 1/100 contract. 0 where there is none, `undefined` where it was not told. */
export type BestBid = { readonly price: number; readonly size: number | undefined }

/** Pairs looked at together. */
const PAIRS_MAX = 20
export const PAIRS_MIN = 5
/** How near to a power of ten a ratio must lie, in tens: a quarter off is still one. */
const NEARNESS = 0.1
/** Powers that a change of units could make: cents, tenths of a cent, dollars; contracts and their parts. */
const POWER_MAX = 4

/** A pair's power of ten between our figure and theirs; `undefined` where it says nothing. */
type Pair = { readonly price: number | undefined; readonly size: number | undefined }

export class Units {
  /** What the tickers said last, by market. */
  readonly #told = new Map<string, BestBid>()
  #pairs: Pair[] = []

  /** What is wrong, in words; `undefined` while nothing is known to be. */
  get wrong(): string | undefined {
    for (const figure of ['price', 'size'] as const) {
      const powers = this.#pairs.flatMap((each) => each[figure] ?? [])
      if (powers.length < PAIRS_MIN) continue
      const off = powers.find(
        (power) => power !== 0 && powers.filter((each) => each === power).length * 2 > powers.length,
      )
      if (off !== undefined) return `${figure}s are ${10 ** Math.abs(off)} times too ${off > 0 ? 'large' : 'small'}`
    }
    return undefined
  }

  /** Whether enough pairs were seen to say that nothing is wrong. */
  get isChecked(): boolean {
    return this.#pairs.filter(({ price }) => price !== undefined).length >= PAIRS_MIN
  }

  /** A ticker came; `ours` where our book is held for right. */
  told(market: string, theirs: BestBid, ours: BestBid | undefined): void {
    this.#told.set(market, theirs)
    if (ours !== undefined) this.#pair(ours, theirs)
  }

  /** A book was proven by its snapshot. */
  proven(market: string, ours: BestBid): void {
    const theirs = this.#told.get(market)
    if (theirs !== undefined) this.#pair(ours, theirs)
  }

  drop(market: string): void {
    this.#told.delete(market)
  }

  /** The connection is gone. What was told stays: units do not depend on who tells them, and prices are soon told anew. */
  clear(): void {
    this.#pairs = []
  }

  #pair(ours: BestBid, theirs: BestBid): void {
    const price = powerOf(ours.price, theirs.price)
    // Sizes of different prices have nothing to do with each other.
    const isSame = price !== 0 || ours.price === theirs.price
    const size = isSame ? powerOf(ours.size ?? 0, theirs.size ?? 0) : undefined
    if (price === undefined && size === undefined) return
    this.#pairs = [...this.#pairs.slice(1 - PAIRS_MAX), { price, size }]
  }
}

/** 0: the same order. A ratio between two powers says nothing, for a small price soon doubles. */
function powerOf(ours: number, theirs: number): number | undefined {
  if (ours <= 0 || theirs <= 0) return undefined
  const tens = Math.log10(ours / theirs)
  const power = Math.round(tens)
  if (Math.abs(power) > POWER_MAX || Math.abs(tens - power) > NEARNESS) return undefined
  return power === 0 ? 0 : power
}
