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
import { type CentiCents, type ContextOrientation, NO, ONE_DOLLAR } from '#domain'

export const SAMPLE_SIZE = 20

export type Verdict = 'pending' | 'as_asked' | 'wrong'

export class Orientation {
  #verdict: Verdict = 'pending'
  #before: Verdict = 'pending'
  /** Two-sided books seen, with whether the latest snapshot of each was crossed. */
  readonly #sampled = new Map<string, boolean>()
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
    let crossed = 0
    for (const each of this.#sampled.values()) if (each) crossed++
    return { books: this.#sampled.size, crossed }
  }

  /** The markets to be looked at again: those of a verdict `wrong` that rests on few. None otherwise. */
  get doubtful(): string[] {
    return this.#verdict === 'wrong' && !this.isFull ? [...this.#sampled.keys()] : []
  }

  /** Whether the verdict rests on a full sample and stands. */
  get isFull(): boolean {
    return this.#sampled.size >= SAMPLE_SIZE
  }

  /**
   * A market's fresh snapshot. Answers whether the verdict changed. A market seen before counts with its latest snapshot: a
   * single one may have been taken inside a crossed group.
   */
  see(market: string, book: Book): boolean {
    if (this.isFull || !book.isTwoSided) return false
    this.#sampled.set(market, book.isCrossed)
    return (this.#verdict !== 'pending' || this.isFull) && this.#judge()
  }

  /** A ticker's YES ask beside the book of its market. Counts only while no two-sided book was seen. */
  compare(book: Book, yesAsk: CentiCents): boolean {
    if (this.#sampled.size > 0) return false
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

  /** Takes over what was known before this reader began. */
  resume({ verdict, sample, fits }: Partial<ContextOrientation>): void {
    this.#verdict = verdict ?? 'pending'
    for (const { market, crossed } of sample ?? []) this.#sampled.set(market, crossed)
    this.#fitsAsRead = fits?.asRead ?? 0
    this.#fitsFlipped = fits?.flipped ?? 0
  }

  /** The inverse of {@link resume}. */
  describe(): ContextOrientation {
    return {
      verdict: this.#verdict,
      sample: [...this.#sampled].map(([market, crossed]) => ({ market, crossed })),
      fits: { asRead: this.#fitsAsRead, flipped: this.#fitsFlipped },
    }
  }

  #judge(): boolean {
    const before = this.#verdict
    const { books, crossed } = this.sample
    const isWrong = books > 0 ? crossed * 2 > books : this.#fitsFlipped > this.#fitsAsRead
    this.#verdict = isWrong ? 'wrong' : 'as_asked'
    if (this.#verdict === before) return false
    this.#before = before
    return true
  }
}
