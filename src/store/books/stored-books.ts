/**
 * Books from the database's rows alone: a market's last whole book (snapshot or checkpoint) and the changes after it that
 * the fold applied. The rows check themselves: each change says the size that it left.
 */
import type pg from 'pg'
import { Book } from '#book'
import type { CentiCents, CentiContracts, Level, Position, Side } from '#domain'
import { checkSchemaName, DEFAULT_SCHEMA, quoteName } from '../schema/index.ts'

export type StoredBook = {
  readonly ticker: string
  readonly book: Book
  /** Whether the book is in an open interval of validity. */
  readonly valid: boolean
  /** The number of the last frame that changed or proved it. */
  readonly seq: number
  /** The receive stamp of that frame, Unix ms. */
  readonly asOfMs: number
}

export type StoredBooks = {
  readonly books: readonly StoredBook[]
  readonly unknown: readonly string[]
  /** Where the rows end in the journal; `undefined` when nothing is stored. */
  readonly position: Position | undefined
  /** The receive stamp of the last record stored, Unix ms; 0 when nothing is. */
  readonly storedMs: number
}

/** Rows that do not fit together. */
export class StoredBookError extends Error {
  override readonly name = 'StoredBookError'
  readonly code = 'FLOW_STORE_ROWS'
}

/** A step of the clock may stamp a later row earlier; position decides, and rows are looked for this much before the base. */
const STEP_NS_MAX = 86_400_000_000_000n

type Cell = string | number
type Base = {
  readonly segment: number
  readonly offset: string
  readonly received_ns: string
  readonly seq: string
  readonly yes_prices: Cell[]
  readonly yes_sizes: Cell[]
  readonly no_prices: Cell[]
  readonly no_sizes: Cell[]
}

/**
 * The books of these tickers, or of all, as of the watermark: all read in one state of the database. Throws
 * {@link StoredBookError} when a change does not leave the size that its row says.
 */
export async function readStoredBooks(
  client: pg.Client,
  options: { readonly schema?: string; readonly tickers?: readonly string[] | undefined } = {},
): Promise<StoredBooks> {
  const schema = quoteName(checkSchemaName(options.schema ?? DEFAULT_SCHEMA))
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  try {
    const { rows: cursors } = await client.query<{ segment: number; offset: string; received_ns: string }>(
      `SELECT segment, "offset", received_ns FROM ${schema}.rl_ingest_cursor ORDER BY moved_at DESC LIMIT 1`,
    )
    const { rows: markets } = await client.query<{ market_id: number; ticker: string; valid: boolean }>(
      `SELECT m.market_id, m.ticker, EXISTS (
         SELECT FROM ${schema}.rl_validity v WHERE v.market_id = m.market_id AND v.to_segment IS NULL) AS valid
       FROM ${schema}.rl_markets m WHERE $1::text[] IS NULL OR m.ticker = ANY ($1) ORDER BY m.ticker`,
      [options.tickers ?? null],
    )
    const books: StoredBook[] = []
    for (const { market_id, ticker, valid } of markets) {
      const found = await readOne(client, schema, market_id, ticker)
      if (found !== undefined) books.push({ ...found, valid })
    }
    const [cursor] = cursors
    return {
      books,
      unknown: (options.tickers ?? []).filter((each) => !books.some(({ ticker }) => ticker === each)),
      position: cursor === undefined ? undefined : { segment: cursor.segment, offset: Number(cursor.offset) },
      storedMs: cursor === undefined ? 0 : msOf(cursor.received_ns),
    }
  } finally {
    await client.query('ROLLBACK')
  }
}

async function readOne(
  client: pg.Client,
  schema: string,
  marketId: number,
  ticker: string,
): Promise<Omit<StoredBook, 'valid'> | undefined> {
  const { rows: bases } = await client.query<Base>(
    `SELECT segment, "offset", received_ns, seq, yes_prices, yes_sizes, no_prices, no_sizes
     FROM ${schema}.rl_orderbook_snapshots WHERE market_id = $1 AND known
     ORDER BY segment DESC, "offset" DESC LIMIT 1`,
    [marketId],
  )
  const [base] = bases
  if (base === undefined) return undefined
  const book = new Book()
  book.replace({ yes: levels(base.yes_prices, base.yes_sizes), no: levels(base.no_prices, base.no_sizes) })
  let last = { seq: base.seq, received_ns: base.received_ns }
  const { rows: deltas } = await client.query<{
    side: Side
    price: number
    change: string
    size_after: string
    span: number
    seq: string
    received_ns: string
  }>(
    `SELECT side, price, change, size_after, span, seq, received_ns FROM ${schema}.rl_orderbook_deltas
     WHERE market_id = $1 AND received_ns >= $2 AND size_after IS NOT NULL AND (segment, "offset") > ($3, $4)
     ORDER BY segment, "offset"`,
    [marketId, String(BigInt(base.received_ns) - STEP_NS_MAX), base.segment, base.offset],
  )
  for (const each of deltas) {
    const after = book.add(each.side, each.price as CentiCents, Number(each.change) as CentiContracts)
    if (after !== Number(each.size_after)) {
      throw new StoredBookError(
        `${ticker}: rows do not fit together: size ${after} at ${each.price} after seq ${each.seq}, and the row says ${each.size_after}. Run \`kalshiflow verify\`, then \`kalshiflow db rebuild\``,
      )
    }
    last = each
  }
  return { ticker, book, seq: Number(last.seq), asOfMs: msOf(last.received_ns) }
}

const levels = (prices: readonly Cell[], sizes: readonly Cell[]): Level[] =>
  prices.map((price, index) => [Number(price) as CentiCents, Number(sizes[index]) as CentiContracts])

const msOf = (ns: string): number => Number(BigInt(ns) / 1_000_000n)
