/** Which orders a market takes: what is asked before anything of an order happens. Nothing is changed here. */
import { type CentiCents, complement, isBookPrice, ONE_DOLLAR, type SideName } from '#domain'
import { type FeeSchedule, tradeFee } from './fees.ts'
import type { Ledger } from './ledger.ts'
import { costOf, type MicroDollars } from './money.ts'
import type { OrderRequest, RefusalReason } from './order.ts'
import type { OrderQueue } from './order-queue.ts'

export type Sides = Readonly<Record<SideName, OrderQueue>>

export type AdmissionOptions = {
  readonly sides: Sides
  readonly ledger: Ledger
  readonly fees: FeeSchedule
  readonly isOnGrid: (yesPrice: CentiCents) => boolean
}

/** At which a fee is largest. */
const HALF_A_DOLLAR = 5000 as CentiCents

export const other = (side: SideName): SideName => (side === 'yes' ? 'no' : 'yes')

/** The price of a side as a price of YES. */
export const asYesPrice = (side: SideName, price: CentiCents): CentiCents =>
  side === 'yes' ? price : complement(price)

export class Admission {
  readonly #sides: Sides
  readonly #ledger: Ledger
  readonly #fees: FeeSchedule
  readonly #isOnGrid: (yesPrice: CentiCents) => boolean

  constructor({ sides, ledger, fees, isOnGrid }: AdmissionOptions) {
    this.#sides = sides
    this.#ledger = ledger
    this.#fees = fees
    this.#isOnGrid = isOnGrid
  }

  /** `undefined` when the order may go on. `freed` is what it gives back first, when it takes the place of another. */
  refusalOf(request: OrderRequest, freed = 0 as MicroDollars): RefusalReason | undefined {
    const { account, side, price, count, timeInForce = 'good_till_canceled', postOnly = false } = request
    if (!Number.isInteger(price) || !isBookPrice(price) || !this.#isOnGrid(asYesPrice(side, price)))
      return 'invalid_price'
    if (!Number.isInteger(count) || count <= 0) return 'invalid_order_size'
    if (postOnly && timeInForce !== 'good_till_canceled') return 'invalid_parameters'
    const crosses = this.#crosses(side, price)
    if (postOnly && crosses) return 'post_only_cross'
    // A better price than asked for may lie where the fee is largest.
    const feeMax = crosses ? tradeFee(this.#fees, 'taker', HALF_A_DOLLAR, count) : 0
    if (this.#ledger.availableMicros(account) + freed < costOf(price, count) + feeMax)
      return 'available_balance_too_low'
    if (timeInForce === 'fill_or_kill' && !this.#canFill(request)) return 'fill_or_kill_insufficient'
    return undefined
  }

  #crosses(side: SideName, price: CentiCents): boolean {
    const best = this.#sides[other(side)].bestPrice
    return best !== undefined && best + price >= ONE_DOLLAR
  }

  /** Whether a fill-or-kill may go on: all of it can fill, or it meets its own account first and so behaves like immediate-or-cancel. */
  #canFill({ account, side, price, count }: OrderRequest): boolean {
    const queue = this.#sides[other(side)]
    let found = 0
    for (let at = queue.prices.length - 1; at >= 0; at--) {
      const each = queue.prices[at] as CentiCents
      if (each + price < ONE_DOLLAR) break
      for (let order = queue.level(each)?.first; order !== undefined; order = order.after) {
        if (order.account === account) return true
        found += order.remaining
        if (found >= count) return true
      }
    }
    return false
  }
}
