/**
 * Markets as the rows know them: a number for each ticker, given out at its first sight and told to the database once.
 *
 * Finds a market from a scanner's number without a string, and by name for everything else. A ticker that no column can
 * hold has no entry.
 */
import { TickerTable } from '#codec'
import { newStanding } from '#ledger'
import type { Known } from './standing.ts'

export const STORED_TICKER_LENGTH_MAX = 128

/** Whether a row can hold the ticker. */
export const isStorableTicker = (ticker: string): boolean =>
  ticker.length > 0 && ticker.length <= STORED_TICKER_LENGTH_MAX && !ticker.includes('\0')

export class KnownMarkets {
  /** For a scanner; its numbers are those of {@link at}. */
  readonly tickers = new TickerTable()
  readonly #known: (Known | undefined)[] = []
  readonly #ids = new Map<string, number>()
  readonly #told: (known: Known) => void
  #lastId = 0
  #givesOut = false

  /** `told` is called for each market that gets a number. */
  constructor(told: (known: Known) => void) {
    this.#told = told
  }

  /** From here on a new ticker gets a number, the next after `lastId`. */
  resume(markets: readonly { readonly id: number; readonly ticker: string }[], lastId: number): void {
    this.#lastId = lastId
    this.#givesOut = true
    for (const { id, ticker } of markets) this.#ids.set(ticker, id)
    for (const known of this.#known) if (known !== undefined) known.id = this.#ids.get(known.ticker) ?? known.id
  }

  /** The market with a number of the ticker table. */
  at(number: number): Known {
    return this.#withId(this.#known[number]!)
  }

  /** The market of a ticker that has a number; `undefined` for any other. */
  find(ticker: string): Known | undefined {
    const number = this.tickers.numberOf(ticker)
    const known = number < 0 ? undefined : this.#known[number]
    return known !== undefined && known.id > 0 ? known : undefined
  }

  /** The market of a ticker, made at first sight; `undefined` for one that no row can hold. */
  of(ticker: string): Known | undefined {
    const number = this.tickers.numberOf(ticker)
    if (number >= 0) return this.at(number)
    if (!isStorableTicker(ticker)) return undefined
    const id = this.#ids.get(ticker) ?? 0
    const known: Known = { ...newStanding<number>(), id, ticker }
    this.#known[this.tickers.add(ticker)] = known
    return this.#withId(known)
  }

  #withId(known: Known): Known {
    if (known.id > 0 || !this.#givesOut) return known
    known.id = ++this.#lastId
    this.#ids.set(known.ticker, known.id)
    this.#told(known)
    return known
  }
}
