/**
 * The matching engine of one market: one pool of YES bids and NO bids, price before time.
 *
 * A YES bid at p meets NO bids at 1 − p and above, at the price of the order that rests. What changes is told to a
 * listener in the order in which it happens: the changes of aggregated levels, and the matches. The engine has no
 * clock and draws no chance. An order that closes a position is held for like one that opens, which is stricter than
 * the exchange that it stands for; a fee may take free money below zero by as much as the fee.
 */
import { type CentiCents, type CentiContracts, complement, ONE_DOLLAR, type SideName } from '#domain'
import { Admission, asYesPrice, other } from './admission.ts'
import { type FeeSchedule, tradeFee } from './fees.ts'
import type { AccountId, Ledger } from './ledger.ts'
import { costOf, MICROS_PER_CENTI_CONTRACT, type MicroDollars } from './money.ts'
import type { CancelReason, OrderId, OrderRequest, Placed, RefusalReason, RestingOrder } from './order.ts'
import { OrderQueue, QueuedOrder } from './order-queue.ts'
import { Positions } from './positions.ts'

export type Match = {
  readonly maker: AccountId
  readonly taker: AccountId
  readonly makerOrderId: OrderId
  readonly takerOrderId: OrderId
  readonly takerSide: SideName
  readonly yesPrice: CentiCents
  readonly count: CentiContracts
  readonly makerFee: MicroDollars
  readonly takerFee: MicroDollars
}

export type EngineListener = {
  /** The resting size at one level of one side changed, in the prices of that side. */
  changed(side: SideName, price: CentiCents, change: CentiContracts): void
  matched(match: Match): void
  /** `count` left the book without a match. */
  cancelled?(order: RestingOrder, count: CentiContracts, reason: CancelReason): void
}

export type EngineOptions = {
  readonly ledger: Ledger
  readonly fees: FeeSchedule
  readonly isOnGrid: (price: CentiCents) => boolean
  /** The number of the next order, unique in the exchange. */
  readonly nextOrderId: () => OrderId
  readonly listener: EngineListener
}

export type EngineState = 'open' | 'paused' | 'closed' | 'settled'

export class MarketEngine {
  readonly #ledger: Ledger
  readonly #fees: FeeSchedule
  readonly #admission: Admission
  readonly #nextOrderId: () => OrderId
  readonly #listener: EngineListener
  readonly #sides = { yes: new OrderQueue(), no: new OrderQueue() }
  readonly #orders = new Map<OrderId, QueuedOrder>()
  readonly #positions = new Positions()
  #volume = 0
  #state: EngineState = 'open'

  constructor({ ledger, fees, isOnGrid, nextOrderId, listener }: EngineOptions) {
    this.#ledger = ledger
    this.#fees = fees
    this.#admission = new Admission({ sides: this.#sides, ledger, fees, isOnGrid })
    this.#nextOrderId = nextOrderId
    this.#listener = listener
  }

  get state(): EngineState {
    return this.#state
  }

  get openInterest(): CentiContracts {
    return this.#positions.openInterest
  }

  /** Behind the open contracts of this market. */
  get collateralMicros(): MicroDollars {
    return (this.openInterest * MICROS_PER_CENTI_CONTRACT) as MicroDollars
  }

  get volume(): CentiContracts {
    return this.#volume as CentiContracts
  }

  get orderCount(): number {
    return this.#orders.size
  }

  /** Ascending, best last. A view: read it before anything changes. */
  prices(side: SideName): readonly CentiCents[] {
    return this.#sides[side].prices
  }

  bestPrice(side: SideName): CentiCents | undefined {
    return this.#sides[side].bestPrice
  }

  order(orderId: OrderId): RestingOrder | undefined {
    return this.#orders.get(orderId)
  }

  /** The orders at a price, the oldest first. */
  *ordersAt(side: SideName, price: CentiCents): Generator<RestingOrder> {
    for (let each = this.#sides[side].level(price)?.first; each !== undefined; each = each.after) yield each
  }

  /** The oldest order at a price. */
  firstAt(side: SideName, price: CentiCents): RestingOrder | undefined {
    return this.#sides[side].level(price)?.first
  }

  /** YES contracts less NO contracts, in hundredths. */
  position(account: AccountId): number {
    return this.#positions.of(account)
  }

  positions(): ReadonlyMap<AccountId, number> {
    return this.#positions.all()
  }

  place(request: OrderRequest): Placed {
    const refusal = this.#refusalOf(request)
    if (refusal !== undefined) return { kind: 'refused', reason: refusal }
    const { account, side, price, count } = request
    const taker = new QueuedOrder(this.#nextOrderId(), account, side, price, count)
    return this.#enter(taker, request)
  }

  /** Takes the order out; how much was resting, `undefined` when it is not there or another account's. */
  cancel(orderId: OrderId, account: AccountId): CentiContracts | undefined {
    const order = this.#resting(orderId, account)
    if (order === undefined) return undefined
    const { remaining } = order
    this.#takeOut(order, 'cancelled')
    return remaining
  }

  /** Makes the order smaller in its place in the queue. Answers what rests then, `undefined` when there is no such order or no such size. */
  decrease(
    orderId: OrderId,
    account: AccountId,
    how: { readonly by: CentiContracts } | { readonly to: CentiContracts },
  ): CentiContracts | undefined {
    const order = this.#resting(orderId, account)
    if (order === undefined) return undefined
    const to = 'to' in how ? how.to : Math.max(0, order.remaining - how.by)
    const isSize = Number.isInteger(to) && to >= 0 && to <= order.remaining && (!('by' in how) || how.by > 0)
    if (!isSize) return undefined
    this.#shrink(order, to as CentiContracts, 'decreased')
    return to as CentiContracts
  }

  /**
   * Gives the order another price or size; `count` is what has filled plus what is wanted to rest. The same price and
   * no more than before keeps its place; anything else goes to the end of the queue, and may match on the way.
   */
  amend(
    orderId: OrderId,
    account: AccountId,
    how: { readonly price: CentiCents; readonly count: CentiContracts } & Pick<
      OrderRequest,
      'postOnly' | 'selfTradePrevention'
    >,
  ): Placed {
    const order = this.#resting(orderId, account)
    if (order === undefined) return { kind: 'refused', reason: 'order_not_found' }
    const { price, count } = how
    if (!Number.isInteger(count) || count < order.filled) return { kind: 'refused', reason: 'invalid_order_size' }
    const wanted = (count - order.filled) as CentiContracts
    if (wanted === 0 || (price === order.price && wanted <= order.remaining)) {
      this.#shrink(order, wanted, 'amended')
      return { kind: 'accepted', orderId, filled: 0 as CentiContracts, resting: wanted, cancelled: 0 as CentiContracts }
    }
    const freed = costOf(order.price, order.remaining)
    const request: OrderRequest = { ...how, account, side: order.side, count: wanted }
    const refusal = this.#refusalOf(request, freed)
    if (refusal !== undefined) return { kind: 'refused', reason: refusal }
    this.#takeOut(order, 'amended')
    order.price = price
    order.remaining = wanted
    return this.#enter(order, request)
  }

  /** Cancels all resting orders, or those of one account, best prices last; each is a change of its own. How many there were. */
  cancelAll(account?: AccountId): number {
    let cancelled = 0
    for (const side of ['yes', 'no'] as const) {
      for (const price of [...this.#sides[side].prices]) {
        let next: QueuedOrder | undefined
        for (let each = this.#sides[side].level(price)?.first; each !== undefined; each = next) {
          next = each.after
          if (account !== undefined && each.account !== account) continue
          this.#takeOut(each, 'cancelled')
          cancelled++
        }
      }
    }
    return cancelled
  }

  /** New orders are refused, cancels are taken. */
  pause(): void {
    if (this.#state === 'open') this.#state = 'paused'
  }

  resume(): void {
    if (this.#state === 'paused') this.#state = 'open'
  }

  /** Every operation is refused from now on. Resting orders stay until {@link MarketEngine.cancelAll}. */
  close(): void {
    if (this.#state !== 'settled') this.#state = 'closed'
  }

  /** Pays every position: `yesValue` to a YES contract, the rest of the dollar to a NO contract. Throws RangeError while orders rest. */
  settle(yesValue: CentiCents): void {
    if (this.#state === 'settled') return
    if (!Number.isInteger(yesValue) || yesValue < 0 || yesValue > ONE_DOLLAR) {
      throw new RangeError(
        `a settlement value of ${yesValue} was found; needed is a whole number from 0 to ${ONE_DOLLAR}`,
      )
    }
    if (this.#orders.size > 0) {
      throw new RangeError(`${this.#orders.size} orders still rest: cancel them before the market is settled`)
    }
    this.#positions.payOut(this.#ledger, yesValue)
    this.#state = 'settled'
  }

  #refusalOf(request: OrderRequest, freed?: MicroDollars): RefusalReason | undefined {
    return this.#state === 'open' ? this.#admission.refusalOf(request, freed) : 'market_inactive'
  }

  #enter(taker: QueuedOrder, request: OrderRequest): Placed {
    const { timeInForce = 'good_till_canceled', selfTradePrevention = 'taker_at_cross' } = request
    const before = taker.filled
    const isStopped = this.#match(taker, selfTradePrevention)
    const left = taker.remaining
    const rests = left > 0 && timeInForce === 'good_till_canceled' && !isStopped
    if (rests) {
      this.#sides[taker.side].append(taker)
      this.#orders.set(taker.id, taker)
      this.#ledger.hold(taker.account, costOf(taker.price, left))
      this.#listener.changed(taker.side, taker.price, left)
    }
    return {
      kind: 'accepted',
      orderId: taker.id,
      filled: (taker.filled - before) as CentiContracts,
      resting: rests ? left : (0 as CentiContracts),
      cancelled: rests ? (0 as CentiContracts) : left,
    }
  }

  /** Matches until the order is filled or nothing crosses. Whether it was stopped because it met its own account. */
  #match(taker: QueuedOrder, prevention: 'taker_at_cross' | 'maker'): boolean {
    const queue = this.#sides[other(taker.side)]
    while (taker.remaining > 0) {
      const maker = queue.bestLevel()?.first
      if (maker === undefined || maker.price + taker.price < ONE_DOLLAR) return false
      if (maker.account === taker.account) {
        if (prevention === 'taker_at_cross') return true
        this.#takeOut(maker, 'self_trade')
        continue
      }
      this.#trade(taker, maker)
    }
    return false
  }

  #trade(taker: QueuedOrder, maker: QueuedOrder): void {
    const count = Math.min(taker.remaining, maker.remaining) as CentiContracts
    const takerPrice = complement(maker.price)
    const takerFee = this.#fill(taker, takerPrice, count, tradeFee(this.#fees, 'taker', takerPrice, count))
    this.#ledger.release(maker.account, costOf(maker.price, count))
    const makerFee = this.#fill(maker, maker.price, count, tradeFee(this.#fees, 'maker', maker.price, count))
    this.#volume += count
    if (maker.remaining === 0) {
      this.#sides[maker.side].remove(maker)
      this.#orders.delete(maker.id)
    }
    this.#listener.changed(maker.side, maker.price, -count as CentiContracts)
    this.#listener.matched({
      maker: maker.account,
      taker: taker.account,
      makerOrderId: maker.id,
      takerOrderId: taker.id,
      takerSide: taker.side,
      yesPrice: asYesPrice(taker.side, takerPrice),
      count,
      makerFee,
      takerFee,
    })
  }

  #fill(order: QueuedOrder, price: CentiCents, count: CentiContracts, fee: MicroDollars): MicroDollars {
    order.remaining = (order.remaining - count) as CentiContracts
    order.filled = (order.filled + count) as CentiContracts
    const closed = this.#positions.add(order.account, order.side, count)
    return this.#ledger.settleFill(order.account, costOf(price, count), closed, fee, order)
  }

  #resting(orderId: OrderId, account: AccountId): QueuedOrder | undefined {
    if (this.#state === 'closed' || this.#state === 'settled') return undefined
    const order = this.#orders.get(orderId)
    return order?.account === account ? order : undefined
  }

  #shrink(order: QueuedOrder, to: CentiContracts, reason: CancelReason): void {
    if (to === 0) {
      this.#takeOut(order, reason)
      return
    }
    const less = (order.remaining - to) as CentiContracts
    if (less === 0) return
    order.remaining = to
    this.#ledger.release(order.account, costOf(order.price, less))
    this.#listener.changed(order.side, order.price, -less as CentiContracts)
    this.#listener.cancelled?.(order, less, reason)
  }

  #takeOut(order: QueuedOrder, reason: CancelReason): void {
    const { remaining } = order
    this.#sides[order.side].remove(order)
    this.#orders.delete(order.id)
    this.#ledger.release(order.account, costOf(order.price, remaining))
    this.#listener.changed(order.side, order.price, -remaining as CentiContracts)
    this.#listener.cancelled?.(order, remaining, reason)
  }
}
