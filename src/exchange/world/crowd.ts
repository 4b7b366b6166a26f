/** The accounts that trade in the simulated world, and the orders that they send. Money is deep, so that nobody runs dry in days. */
import type { CentiCents, CentiContracts, SideName } from '#domain'
import type { AccountId, Ledger, OrderId, Placed, TimeInForce } from '../engine/index.ts'
import type { Chance } from './chance.ts'
import type { LiveMarket } from './live-market.ts'

/** 400 million dollars each: all of them together stay below 2^53 millionths. */
const DEPOSIT_MICROS = 4e14
const MAKERS = 6
const NOISE = 8
const INFORMED = 3

/** Of the sizes that are drawn, which are no whole number of contracts. */
const FRACTIONAL = 0.15
const ROUND_SIZES = 0.35
const SIZE_SIGMA = 2
export const SIZE_MAX = 2_000_000_00

export class Crowd {
  readonly makers: readonly AccountId[]
  readonly noise: readonly AccountId[]
  readonly informed: readonly AccountId[]
  readonly #chance: Chance

  constructor(ledger: Ledger, chance: Chance) {
    const open = (count: number) => Array.from({ length: count }, () => ledger.open(DEPOSIT_MICROS))
    this.makers = open(MAKERS)
    this.noise = open(NOISE)
    this.informed = open(INFORMED)
    this.#chance = chance
  }

  aMaker(): AccountId {
    return this.#chance.pick(this.makers)
  }

  /** Rests at the price; refused rather than cross. */
  rest(market: LiveMarket, account: AccountId, side: SideName, price: number, count: CentiContracts): Placed {
    return market.engine.place({ account, side, price: price as CentiCents, count, postOnly: true })
  }

  take(
    market: LiveMarket,
    account: AccountId,
    side: SideName,
    price: number,
    count: CentiContracts,
    timeInForce: TimeInForce,
  ): Placed {
    const selfTradePrevention = 'maker'
    return market.engine.place({ account, side, price: price as CentiCents, count, timeInForce, selfTradePrevention })
  }

  cancel(market: LiveMarket, orderId: OrderId, account: AccountId): void {
    market.engine.cancel(orderId, account)
  }

  /** A size with a heavy tail, often round, sometimes with a fraction of a contract. */
  drawSize(medianContracts: number, sigma: number = SIZE_SIGMA): CentiContracts {
    const chance = this.#chance
    const contracts = chance.logNormal(medianContracts, sigma)
    const how = chance.unit()
    let size: number
    if (how < FRACTIONAL) size = Math.round(contracts * 100)
    else if (how < FRACTIONAL + ROUND_SIZES && contracts >= 10) size = Math.round(contracts / 10) * 1000
    else size = Math.round(contracts) * 100
    return Math.min(SIZE_MAX, Math.max(how < FRACTIONAL ? 1 : 100, size)) as CentiContracts
  }
}
