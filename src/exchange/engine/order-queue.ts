/**
 * One side of a market's book: prices ascending, and at each price the orders in the order of their arrival.
 *
 * A price is found by hash, its place among the prices by halving; an order leaves its queue by its own links. Nothing
 * here knows of matching.
 */
import type { CentiCents, CentiContracts, SideName } from '#domain'
import type { AccountId, Rounding } from './ledger.ts'
import type { OrderId, RestingOrder } from './order.ts'

/** A resting order with its place in the queue. */
export class QueuedOrder implements RestingOrder, Rounding {
  readonly id: OrderId
  readonly account: AccountId
  readonly side: SideName
  price: CentiCents
  remaining: CentiContracts
  filled: CentiContracts
  roundingMicros = 0
  level: PriceLevel | undefined
  before: QueuedOrder | undefined
  after: QueuedOrder | undefined

  constructor(id: OrderId, account: AccountId, side: SideName, price: CentiCents, count: CentiContracts) {
    this.id = id
    this.account = account
    this.side = side
    this.price = price
    this.remaining = count
    this.filled = 0 as CentiContracts
  }
}

export class PriceLevel {
  readonly price: CentiCents
  first: QueuedOrder | undefined
  last: QueuedOrder | undefined

  constructor(price: CentiCents) {
    this.price = price
  }
}

export class OrderQueue {
  readonly #levels = new Map<number, PriceLevel>()
  /** Ascending, best last. */
  readonly #prices: CentiCents[] = []

  /** Ascending, best last. A view: read it before anything changes. */
  get prices(): readonly CentiCents[] {
    return this.#prices
  }

  get bestPrice(): CentiCents | undefined {
    return this.#prices[this.#prices.length - 1]
  }

  level(price: number): PriceLevel | undefined {
    return this.#levels.get(price)
  }

  bestLevel(): PriceLevel | undefined {
    const price = this.bestPrice
    return price === undefined ? undefined : this.#levels.get(price)
  }

  /** Puts the order last in the queue of its price. */
  append(order: QueuedOrder): void {
    let level = this.#levels.get(order.price)
    if (level === undefined) {
      level = new PriceLevel(order.price)
      this.#levels.set(order.price, level)
      this.#prices.splice(this.#placeOf(order.price), 0, order.price)
    }
    order.level = level
    order.before = level.last
    order.after = undefined
    if (level.last === undefined) level.first = order
    else level.last.after = order
    level.last = order
  }

  remove(order: QueuedOrder): void {
    const { level } = order
    if (level === undefined) return
    if (order.before === undefined) level.first = order.after
    else order.before.after = order.after
    if (order.after === undefined) level.last = order.before
    else order.after.before = order.before
    order.before = undefined
    order.after = undefined
    order.level = undefined
    if (level.first !== undefined) return
    this.#levels.delete(level.price)
    this.#prices.splice(this.#placeOf(level.price), 1)
  }

  /** How many prices are lower: the place of this price among them. */
  #placeOf(price: CentiCents): number {
    let low = 0
    let high = this.#prices.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#prices[middle] as number) < price) low = middle + 1
      else high = middle
    }
    return low
  }
}
