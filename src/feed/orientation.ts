/**
 * Whether a connection's NO levels mean what we asked for, judged by the books themselves.
 *
 * Kalshi will flip the default of `use_yes_price` and later drop the flag. Read the wrong way round, nearly every
 * two-sided book is crossed. A connection is judged by its first 20 two-sided books, or by all of them if fewer when
 * every market that was asked for has answered; more than half crossed means wrong. With none two-sided, tickers tell
 * which reading of the NO side lies nearer to the ask; without any of those the reading is taken as asked. A later
 * sample, up to the twentieth, may still overturn it. Pure; knows no time.
 */

import type { Book } from '#book'
import { type CentiCents, NO, ONE_DOLLAR } from '#domain'

export const SAMPLE_SIZE = 20

export type Verdict = 'pending' | 'as_asked' | 'wrong'

export class Orientation {
  #verdict: Verdict = 'pending'
  #before: Verdict = 'pending'
  readonly #sampled = new Set<string>()
  /** Two-sided books seen, those before a resume included. */
  #books = 0
  #crossed = 0
  #fitsAsRead = 0
  #fitsFlipped = 0

  get verdict(): Verdict {
    return this.#verdict
  }

  /** The verdict that the last change replaced. */
  get before(): Verdict {
    return this.#before
  }

  /** Two-sided books seen, and how many of them were crossed. */
  get sample(): { readonly books: number; readonly crossed: number } {
    return { books: this.#books, crossed: this.#crossed }
  }

  /** A market's fresh snapshot. Answers whether the verdict changed. */
  see(market: string, book: Book): boolean {
    if (this.#books >= SAMPLE_SIZE || !book.isTwoSided || this.#sampled.has(market)) return false
    this.#sampled.add(market)
    this.#books++
    if (book.isCrossed) this.#crossed++
    const isDue = this.#verdict !== 'pending' || this.#books === SAMPLE_SIZE
    return isDue && this.#judge()
  }

  /** A ticker's YES ask beside the book of its market. Counts only while no two-sided book was seen. */
  compare(book: Book, yesAsk: CentiCents): boolean {
    if (this.#books > 0) return false
    const no = book.ladder(NO).levels()
    if (no.length === 0) return false
    const asRead = Math.abs(ONE_DOLLAR - no.at(-1)![0] - yesAsk)
    const flipped = Math.abs(no[0]![0] - yesAsk)
    if (asRead < flipped) this.#fitsAsRead++
    if (flipped < asRead) this.#fitsFlipped++
    return this.#verdict !== 'pending' && this.#judge()
  }

  /** Every market asked for has answered, or will not: judge by what there is. Answers whether the verdict changed. */
  settle(): boolean {
    return this.#verdict === 'pending' && this.#judge()
  }

  /** Takes over a verdict that was reached before this reader began. */
  resume({ verdict, books, crossed }: { verdict: Verdict; books: number; crossed: number }): void {
    this.#verdict = verdict
    this.#books = books
    this.#crossed = crossed
  }

  #judge(): boolean {
    const before = this.#verdict
    const books = this.#books
    const isWrong = books > 0 ? this.#crossed * 2 > books : this.#fitsFlipped > this.#fitsAsRead
    this.#verdict = isWrong ? 'wrong' : 'as_asked'
    if (this.#verdict === before) return false
    this.#before = before
    return true
  }
}
