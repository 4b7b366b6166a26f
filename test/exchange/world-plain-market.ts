/**
 * A market as one would write it on one page: a list of orders, searched from end to end for each match, and money in
 * BigInt. It shares nothing with the engine but the words of a request, so that a mistake in one shows in the other.
 */
import type { OrderRequest } from '../../src/exchange/engine/index.ts'

type PlainOrder = {
  readonly id: number
  readonly account: number
  readonly side: 'yes' | 'no'
  price: number
  remaining: number
  filled: number
  /** Place in time; a new one when the order loses its place. */
  arrived: number
  rounding: bigint
}

export type PlainAnswer = string

const PRECISION = 100n
const CENT = 10_000n
const RATES = { taker: 700n, maker: 175n }

export class PlainMarket {
  orders: PlainOrder[] = []
  readonly balances: bigint[]
  readonly positions: number[]
  fees = 0n
  #ids = 0
  #arrivals = 0

  constructor(accounts: number, deposit: bigint) {
    this.balances = Array.from({ length: accounts }, () => deposit)
    this.positions = Array.from({ length: accounts }, () => 0)
  }

  place(request: OrderRequest): PlainAnswer {
    const refusal = this.#refusal(request, 0n)
    if (refusal !== undefined) return refusal
    const { account, side, price, count } = request
    return this.#enter(
      { id: ++this.#ids, account, side, price, remaining: count, filled: 0, arrived: 0, rounding: 0n },
      request,
    )
  }

  cancel(id: number, account: number): PlainAnswer {
    const order = this.#find(id, account)
    if (order === undefined) return 'undefined'
    this.#drop(order)
    return String(order.remaining)
  }

  decrease(id: number, account: number, to: number): PlainAnswer {
    const order = this.#find(id, account)
    if (order === undefined || to > order.remaining) return 'undefined'
    order.remaining = to
    if (to === 0) this.#drop(order)
    return String(to)
  }

  amend(id: number, account: number, price: number, count: number, more: Partial<OrderRequest>): PlainAnswer {
    const order = this.#find(id, account)
    if (order === undefined) return 'order_not_found'
    const wanted = count - order.filled
    if (wanted < 0) return 'invalid_order_size'
    if (wanted === 0 || (price === order.price && wanted <= order.remaining)) {
      order.remaining = wanted
      if (wanted === 0) this.#drop(order)
      return `${id} 0 ${wanted} 0`
    }
    const request = { ...more, account, side: order.side, price, count: wanted } as OrderRequest
    const refusal = this.#refusal(request, BigInt(order.price) * BigInt(order.remaining))
    if (refusal !== undefined) return refusal
    this.#drop(order)
    order.price = price
    order.remaining = wanted
    return this.#enter(order, request)
  }

  cancelAll(account: number | undefined): PlainAnswer {
    const before = this.orders.length
    this.orders = this.orders.filter((each) => account !== undefined && each.account !== account)
    return String(before - this.orders.length)
  }

  settle(value: number): void {
    this.orders = []
    for (const [account, position] of this.positions.entries()) {
      const paid = BigInt(position > 0 ? value : 10_000 - value) * BigInt(Math.abs(position))
      this.fees += paid % PRECISION
      this.balances[account] = (this.balances[account] as bigint) + paid - (paid % PRECISION)
      this.positions[account] = 0
    }
  }

  /** `yes 4000 500` for each level, sorted. */
  levels(): string[] {
    const sums = new Map<string, number>()
    for (const { side, price, remaining } of this.orders) {
      sums.set(`${side} ${price}`, (sums.get(`${side} ${price}`) ?? 0) + remaining)
    }
    return [...sums].map(([level, size]) => `${level} ${size}`).sort()
  }

  /** Order ids in the order in which they would fill. */
  queue(side: 'yes' | 'no'): number[] {
    return this.orders
      .filter((each) => each.side === side)
      .sort(byPlace)
      .map(({ id }) => id)
  }

  #refusal({ account, side, price, count, timeInForce, postOnly }: OrderRequest, freed: bigint): string | undefined {
    if (price < 1 || price > 9999 || price % 100 !== 0) return 'invalid_price'
    if (count <= 0) return 'invalid_order_size'
    if (postOnly && timeInForce !== undefined && timeInForce !== 'good_till_canceled') return 'invalid_parameters'
    const met = this.#meets(side, price)
    if (postOnly && met.length > 0) return 'post_only_cross'
    const held = this.orders
      .filter((each) => each.account === account)
      .reduce((sum, each) => sum + BigInt(each.price) * BigInt(each.remaining), 0n)
    const needed = BigInt(price) * BigInt(count) + (met.length > 0 ? fee('taker', 5000, count) : 0n)
    if ((this.balances[account] as bigint) - held + freed < needed) return 'available_balance_too_low'
    if (timeInForce === 'fill_or_kill') {
      let found = 0
      let isOwn = false
      for (const each of met) {
        if (found >= count || isOwn) break
        if (each.account === account) isOwn = true
        else found += each.remaining
      }
      if (!isOwn && found < count) return 'fill_or_kill_insufficient'
    }
    return undefined
  }

  /** Orders that a bid would meet, in the order in which they would fill. */
  #meets(side: 'yes' | 'no', price: number): PlainOrder[] {
    return this.orders.filter((each) => each.side !== side && each.price + price >= 10_000).sort(byPlace)
  }

  #enter(taker: PlainOrder, { timeInForce, selfTradePrevention }: OrderRequest): PlainAnswer {
    let filled = 0
    let isStopped = false
    while (taker.remaining > 0 && !isStopped) {
      const [maker] = this.#meets(taker.side, taker.price)
      if (maker === undefined) break
      if (maker.account === taker.account) {
        if (selfTradePrevention === 'maker') this.#drop(maker)
        else isStopped = true
        continue
      }
      const count = Math.min(taker.remaining, maker.remaining)
      this.#fill(taker, 10_000 - maker.price, count, 'taker')
      this.#fill(maker, maker.price, count, 'maker')
      filled += count
      if (maker.remaining === 0) this.#drop(maker)
    }
    const rests = taker.remaining > 0 && !isStopped && (timeInForce ?? 'good_till_canceled') === 'good_till_canceled'
    if (rests) {
      taker.arrived = ++this.#arrivals
      this.orders.push(taker)
    }
    return `${taker.id} ${filled} ${rests ? taker.remaining : 0} ${rests ? 0 : taker.remaining}`
  }

  #fill(order: PlainOrder, price: number, count: number, role: 'taker' | 'maker'): void {
    order.remaining -= count
    order.filled += count
    const before = this.positions[order.account] as number
    const after = before + (order.side === 'yes' ? count : -count)
    this.positions[order.account] = after
    const closed = (Math.abs(before) + count - Math.abs(after)) / 2
    const exact = BigInt(closed) * 10_000n - BigInt(price) * BigInt(count) - fee(role, price, count)
    const rest = ((exact % PRECISION) + PRECISION) % PRECISION
    order.rounding += rest
    const back = order.rounding >= CENT ? CENT : 0n
    order.rounding -= back
    this.balances[order.account] = (this.balances[order.account] as bigint) + exact - rest + back
    this.fees += fee(role, price, count) + rest - back
  }

  #find(id: number, account: number): PlainOrder | undefined {
    return this.orders.find((each) => each.id === id && each.account === account)
  }

  #drop(order: PlainOrder): void {
    this.orders = this.orders.filter((each) => each !== order)
  }
}

const byPlace = (a: PlainOrder, b: PlainOrder): number => b.price - a.price || a.arrived - b.arrived

function fee(role: 'taker' | 'maker', price: number, count: number): bigint {
  const over = RATES[role] * BigInt(count) * BigInt(price) * BigInt(10_000 - price)
  const under = 10n ** 10n
  return ((over + under - 1n) / under) * 100n
}
