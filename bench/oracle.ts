/**
 * The books that a tape must lead to, kept in plain Maps from `JSON.parse`d frames: no code of the recorder, no
 * cleverness. Slow and easy to believe.
 *
 * It takes complete tapes only: a hole, a number that comes twice or a size below zero is an error of the tape.
 */
import { createHash } from 'node:crypto'
import type { Fold } from '#feed'

type Ladder = Map<number, number>
type Book = { readonly yes: Ladder; readonly no: Ladder }
type Frame = {
  readonly type: string
  readonly seq?: number
  readonly msg: Readonly<Record<string, unknown>> & { readonly market_ticker: string }
}

export class PlainBooks {
  readonly #useYesPrice: boolean
  readonly #books = new Map<string, Book>()
  #seq = 0

  constructor(useYesPrice: boolean) {
    this.#useYesPrice = useYesPrice
  }

  take(text: string): void {
    const { type, seq, msg } = JSON.parse(text) as Frame
    if (seq !== undefined && seq !== ++this.#seq) throw new Error(`the tape has seq ${seq} where ${this.#seq} must be`)
    if (type === 'orderbook_snapshot') {
      this.#books.set(msg.market_ticker, { yes: this.#side(msg, 'yes'), no: this.#side(msg, 'no') })
    } else if (type === 'orderbook_delta') {
      const side = msg['side'] as 'yes' | 'no'
      const ladder = this.#books.get(msg.market_ticker)![side]
      const price = this.#price(side, String(msg['price_dollars']))
      const size = (ladder.get(price) ?? 0) + digits(String(msg['delta_fp']), 2)
      if (size < 0) throw new Error(`the tape leaves ${size} at ${price} of ${msg.market_ticker} at seq ${seq}`)
      if (size === 0) ladder.delete(price)
      else ladder.set(price, size)
    }
  }

  /** The markets of the tape. */
  get tickers(): string[] {
    return [...this.#books.keys()]
  }

  /** One digest over all books, tickers ascending. */
  digest(): string {
    const ascending = (ladder: Ladder) => [...ladder].sort(([a], [b]) => a - b)
    return digestOf([...this.#books].map(([ticker, { yes, no }]) => bookText(ticker, ascending(yes), ascending(no))))
  }

  #side(msg: Frame['msg'], side: 'yes' | 'no'): Ladder {
    const levels = (msg[`${side}_dollars_fp`] ?? []) as readonly (readonly [string, string])[]
    return new Map(levels.map(([price, size]) => [this.#price(side, price), digits(size, 2)]))
  }

  #price(side: 'yes' | 'no', text: string): number {
    const price = digits(text, 4)
    return side === 'no' && this.#useYesPrice ? 10_000 - price : price
  }
}

/** The same digest over the books of a fold; a book that is not proven spoils it. */
export const foldDigest = (fold: Fold): string =>
  digestOf(
    fold.markets().map(({ ticker, book, proven }) => {
      const { yes, no } = book.levels()
      return `${bookText(ticker, yes, no)}${proven ? '' : 'not proven\n'}`
    }),
  )

type Levels = readonly (readonly [price: number, size: number])[]

/** `TICKER\nyes P:Q …\nno P:Q …\n`, levels in ascending price: the form that all oracles take their digests over. */
export function bookText(ticker: string, yes: Levels, no: Levels): string {
  const line = (word: string, levels: Levels) => [word, ...levels.map(([price, size]) => `${price}:${size}`)].join(' ')
  return `${ticker}\n${line('yes', yes)}\n${line('no', no)}\n`
}

const digestOf = (texts: string[]): string => createHash('sha256').update(texts.sort().join('')).digest('hex')

/** `'-12.50'` with 2 decimals → -1250. Exactly that many decimals must be there. */
function digits(text: string, decimals: number): number {
  const point = text.length - decimals - 1
  if (text[point] !== '.') throw new Error(`the tape has ${text} where ${decimals} decimals must be`)
  return Number(text.slice(0, point) + text.slice(point + 1))
}
