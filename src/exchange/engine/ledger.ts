/**
 * Accounts and their money, across all markets of the exchange.
 *
 * A balance includes what is held for resting orders; what is free is the rest. Money moves between balances, the
 * collateral of a market and the fee account, and never comes from nowhere: `deposited` is always the sum of them.
 * Rounding follows docs.kalshi.com/getting_started/fee_rounding (2026-06-01): a change of balance is rounded down to
 * the account's precision, the difference is a rounding fee, and an order gets whole cents of it back.
 */
import { MICROS_PER_CENTI_CONTRACT, type MicroDollars } from './money.ts'

export type AccountId = number

/** What an order has paid for rounding and not got back. */
export type Rounding = { roundingMicros: number }

type Account = { balance: number; held: number; readonly precision: number }

/** 1/10,000 dollar: direct members. Others have whole cents. */
export const DIRECT_PRECISION = 100
export const CENT_PRECISION = 10_000

export class Ledger {
  readonly #accounts: Account[] = []
  #deposited = 0
  #fees = 0
  #collateral = 0

  /** Opens an account. Throws RangeError when the deposit is no multiple of the precision, or all deposits pass 2^53. */
  open(depositMicros: number, precision: number = DIRECT_PRECISION): AccountId {
    const deposited = this.#deposited + depositMicros
    if (depositMicros < 0 || depositMicros % precision !== 0 || !Number.isSafeInteger(deposited)) {
      throw new RangeError(
        `a deposit of ${depositMicros} micro-dollars was found; needed is a multiple of ${precision}, with all deposits below 2^53`,
      )
    }
    this.#deposited = deposited
    return this.#accounts.push({ balance: depositMicros, held: 0, precision }) - 1
  }

  get accountCount(): number {
    return this.#accounts.length
  }

  /** All money that was ever paid in. Always balances + collateral + fees. */
  get depositedMicros(): number {
    return this.#deposited
  }

  get feesMicros(): number {
    return this.#fees
  }

  /** Behind the open contracts of all markets: a dollar for each pair. */
  get collateralMicros(): number {
    return this.#collateral
  }

  balanceMicros(account: AccountId): number {
    return this.#account(account).balance
  }

  heldMicros(account: AccountId): number {
    return this.#account(account).held
  }

  availableMicros(account: AccountId): number {
    const { balance, held } = this.#account(account)
    return balance - held
  }

  /** Sum of all balances; walks all accounts. */
  balancesMicros(): number {
    let sum = 0
    for (const { balance } of this.#accounts) sum += balance
    return sum
  }

  hold(account: AccountId, micros: MicroDollars): void {
    this.#account(account).held += micros
  }

  release(account: AccountId, micros: MicroDollars): void {
    this.#account(account).held -= micros
  }

  /**
   * One side of a match: pays for contracts and the fee, gets a dollar back for each pair that it closes.
   * Returns what the account paid in fees, rounding included.
   */
  settleFill(
    account: AccountId,
    cost: MicroDollars,
    closedCentiContracts: number,
    fee: MicroDollars,
    rounding: Rounding,
  ): MicroDollars {
    const each = this.#account(account)
    const returned = closedCentiContracts * MICROS_PER_CENTI_CONTRACT
    const exact = returned - cost - fee
    const rounded = Math.floor(exact / each.precision) * each.precision
    const roundingFee = exact - rounded
    each.balance += rounded
    this.#collateral += cost - returned
    this.#fees += fee + roundingFee
    rounding.roundingMicros += roundingFee
    const paidBack = rounding.roundingMicros - (rounding.roundingMicros % CENT_PRECISION)
    if (paidBack > 0) {
      rounding.roundingMicros -= paidBack
      each.balance += paidBack
      this.#fees -= paidBack
    }
    return (fee + roundingFee - paidBack) as MicroDollars
  }

  /** Pays a settled position out of the collateral, rounded down to the account's precision. */
  payOut(account: AccountId, micros: MicroDollars): void {
    const each = this.#account(account)
    const rounded = micros - (micros % each.precision)
    each.balance += rounded
    this.#fees += micros - rounded
    this.#collateral -= micros
  }

  #account(account: AccountId): Account {
    const found = this.#accounts[account]
    if (found === undefined) throw new RangeError(`there is no account ${account}: open it first`)
    return found
  }
}
