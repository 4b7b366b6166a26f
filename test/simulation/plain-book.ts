/**
 * An order book without cleverness: two Maps of price to size. What the exchange keeps, and what the checkers compare
 * with. Prices in 1/10,000 dollar, sizes in 1/100 contract, NO levels in NO prices.
 */
export type SideName = 'yes' | 'no'

export type Change = { readonly side: SideName; readonly price: number; readonly change: number }

export class PlainBook {
  readonly yes = new Map<number, number>()
  readonly no = new Map<number, number>()

  static copyOf(book: PlainBook): PlainBook {
    const copy = new PlainBook()
    for (const [price, size] of book.yes) copy.yes.set(price, size)
    for (const [price, size] of book.no) copy.no.set(price, size)
    return copy
  }

  /** The size after the change. Below zero: the level is taken away, for a reference that must go on. */
  apply({ side, price, change }: Change): number {
    const levels = this[side]
    const size = (levels.get(price) ?? 0) + change
    if (size > 0) levels.set(price, size)
    else levels.delete(price)
    return size
  }

  clear(): void {
    this.yes.clear()
    this.no.clear()
  }

  /** 0 when the side is empty. */
  best(side: SideName): number {
    let best = 0
    for (const price of this[side].keys()) if (price > best) best = price
    return best
  }

  get isCrossed(): boolean {
    const yes = this.best('yes')
    const no = this.best('no')
    return yes > 0 && no > 0 && yes + no > 10_000
  }

  /** Both sides in ascending price: two books are the same when their texts are. */
  text(): string {
    return `yes ${textOf([...this.yes])} no ${textOf([...this.no])}`
  }
}

/** The same text of levels that are in some order. */
export const textOf = (levels: (readonly [number, number])[]): string =>
  levels
    .sort(([a], [b]) => a - b)
    .map(([price, size]) => `${price}:${size}`)
    .join(' ')
