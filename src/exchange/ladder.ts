/**
 * A market's two ladders as plain Maps from price to size, and the snapshot message they make.
 *
 * No cleverness on purpose: the recorder's books are checked against these, so the two share no code.
 */
import { type CentiCents, type CentiContracts, complement, formatContracts, formatDollars, type Level } from '#domain'

export type Ladder = Map<CentiCents, CentiContracts>
export type Book = { readonly yes: Ladder; readonly no: Ladder }

/** One change of one level. */
export type Change = { readonly side: 'yes' | 'no'; readonly price: CentiCents; readonly change: CentiContracts }

export type BookLevels = { readonly yes: readonly Level[]; readonly no: readonly Level[] }

export const emptyBook = (): Book => ({ yes: new Map(), no: new Map() })

/** Applies one change; returns the size after it, which is negative when the change cannot be. */
export function applyChange(book: Book, { side, price, change }: Change): number {
  const ladder = book[side]
  const size = ((ladder.get(price) ?? 0) + change) as CentiContracts
  if (size === 0) ladder.delete(price)
  else ladder.set(price, size)
  return size
}

export function replaceLevels(book: Book, levels: BookLevels): void {
  for (const side of ['yes', 'no'] as const) {
    book[side].clear()
    for (const [price, size] of levels[side]) book[side].set(price, size)
  }
}

export const copyBook = (book: Book): Book => ({ yes: new Map(book.yes), no: new Map(book.no) })

/** Ascending price, best last. */
export const ascending = (ladder: Ladder): Level[] => [...ladder].sort(([a], [b]) => a - b)

export const bestPrice = (ladder: Ladder): CentiCents | undefined => {
  let best: CentiCents | undefined
  for (const price of ladder.keys()) if (best === undefined || price > best) best = price
  return best
}

/** `[["0.0100","5.00"]]`: levels as the wire and REST write them. */
export const encodeLevels = (levels: readonly Level[]): string =>
  `[${levels.map(([price, size]) => `["${formatDollars(price)}","${formatContracts(size)}"]`).join(',')}]`

/**
 * The `msg` of an `orderbook_snapshot` as JSON text. An empty side is left out, as seen in recorded frames (2026-08).
 * With `yesPrices` the NO side is in YES prices, its best level first, since all levels ascend in the price sent.
 */
export function encodeSnapshot(ticker: string, marketId: string, book: Book, yesPrices: boolean): string {
  let text = `{"market_ticker":${JSON.stringify(ticker)},"market_id":"${marketId}"`
  if (book.yes.size > 0) text += `,"yes_dollars_fp":${encodeLevels(ascending(book.yes))}`
  if (book.no.size > 0) {
    const levels = ascending(book.no)
    const sent = yesPrices ? levels.map(([price, size]) => [complement(price), size] as const).reverse() : levels
    text += `,"no_dollars_fp":${encodeLevels(sent)}`
  }
  return `${text}}`
}
