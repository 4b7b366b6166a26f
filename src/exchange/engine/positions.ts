/** Who holds how many contracts of one market: YES less NO, always zero in sum. A pair of opposite ones in one hand is none. */
import { type CentiCents, type CentiContracts, complement, type SideName } from '#domain'
import type { AccountId, Ledger } from './ledger.ts'
import { costOf } from './money.ts'

export class Positions {
  readonly #held = new Map<AccountId, number>()
  #openInterest = 0

  /** Pairs that are open, in hundredths of a contract. */
  get openInterest(): CentiContracts {
    return this.#openInterest as CentiContracts
  }

  /** YES less NO, in hundredths; 0 for who holds nothing. */
  of(account: AccountId): number {
    return this.#held.get(account) ?? 0
  }

  all(): ReadonlyMap<AccountId, number> {
    return this.#held
  }

  /** Adds contracts of one side. How many pairs that closes, in hundredths. */
  add(account: AccountId, side: SideName, count: CentiContracts): number {
    const signed = side === 'yes' ? count : -count
    const before = this.of(account)
    const after = before + signed
    if (after === 0) this.#held.delete(account)
    else this.#held.set(account, after)
    this.#openInterest += Math.max(0, after) - Math.max(0, before)
    return before * signed < 0 ? Math.min(Math.abs(before), count) : 0
  }

  /** Pays everybody out: `yesValue` to a YES contract, the rest of the dollar to a NO contract. Nobody holds anything then. */
  payOut(ledger: Ledger, yesValue: CentiCents): void {
    for (const [account, position] of this.#held) {
      const each = position > 0 ? yesValue : complement(yesValue)
      ledger.payOut(account, costOf(each, Math.abs(position) as CentiContracts))
    }
    this.#held.clear()
    this.#openInterest = 0
  }
}
