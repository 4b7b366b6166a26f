/**
 * S9: what the rows call valid was right. Makes each market's book from rows alone, place by place, and holds it to the
 * exchange's wherever an interval of validity covers the place. Where the exchange kept a change to itself nobody could
 * know; but once a frame has given that away, the rows must have been revised back over it.
 */
import type { MemoryRow, MemoryStore } from '#store'
import type { Verdicts } from './invariants.ts'
import { PlainBook, type SideName } from './plain-book.ts'
import type { Truth } from './truth.ts'

type Run = { readonly session: string; readonly connection: number }

const SIDES: readonly SideName[] = ['yes', 'no']

export class ValidityChecker {
  compared = 0
  /** Places that were revised: valid until a later frame showed that they had not been. */
  revised = 0
  readonly #verdicts: Verdicts
  readonly #truth: Truth

  constructor(verdicts: Verdicts, truth: Truth) {
    this.#verdicts = verdicts
    this.#truth = truth
  }

  check(store: MemoryStore): void {
    const runs = runsOf(store)
    const [rows, intervals] = [byMarket(store), intervalsOf(store)]
    for (const market of store.rows('rl_markets')) {
      const id = Number(market['market_id'])
      this.#checkMarket(String(market['ticker']), rows.get(id) ?? [], intervals.get(id) ?? [], runs)
    }
  }

  #checkMarket(ticker: string, rows: MemoryRow[], intervals: MemoryRow[], runs: ReadonlyMap<number, Run>): void {
    const book = new PlainBook()
    for (const [index, interval] of intervals.entries()) {
      const next = intervals[index + 1]
      if (
        next !== undefined &&
        (interval['to_segment'] === null || isBefore(place(next, 'from_'), place(interval, 'to_')))
      )
        this.#verdicts.broken('S9', `${ticker}: the interval from ${place(interval, 'from_')} reaches into the next`)
    }
    let at = 0
    for (const row of rows) {
      const here = place(row)
      if (row['yes_prices'] !== undefined) replace(book, row)
      else if (row['size_after'] === null) continue
      else {
        const side: SideName = row['side'] === 0 ? 'yes' : 'no'
        const size = book.apply({ side, price: Number(row['price']), change: Number(row['change']) })
        if (size !== row['size_after']) {
          this.#verdicts.broken('S9', `${ticker} at ${here}: ${size} is left, and the row says ${row['size_after']}`)
        }
      }
      while (at < intervals.length && isEnded(intervals[at]!, here)) at++
      const interval = intervals[at]
      const isValid = interval !== undefined && !isBefore(here, place(interval, 'from_'))
      const run = runs.get(Number(row['connection']))
      // A checkpoint says what was known before it, at the number of its market's last frame.
      if (run === undefined || row['kind'] === 1) continue
      this.#checkPlace(ticker, here.join(':'), row, isValid, book.text(), run)
    }
  }

  #checkPlace(ticker: string, here: string, row: MemoryRow, isValid: boolean, text: string, run: Run): void {
    const [sid, seq] = [Number(row['sid']), Number(row['seq'])]
    const { session, connection } = run
    const right = this.#truth.book(session, connection, sid, ticker, seq)
    if (right === undefined) {
      if (!this.#truth.isGivenAway(session, connection, sid, ticker, seq)) return
      this.revised++
      if (isValid) this.#verdicts.broken('S9', `${ticker} at ${here} is called valid, and a later frame gave it away`)
      return
    }
    if (!isValid) return
    this.compared++
    if (text !== right) {
      this.#verdicts.broken('S9', `${ticker} at ${here} is called valid, is\n  ${text}\nand not\n  ${right}`)
    }
  }
}

/** By the tables' number of a connection: the run and its own number there. */
function runsOf(store: MemoryStore): Map<number, Run> {
  const first = new Map<string, number>()
  for (const row of store.rows('rl_connections')) {
    const session = String(row['session'])
    first.set(session, Math.min(first.get(session) ?? Number.POSITIVE_INFINITY, Number(row['connection'])))
  }
  return new Map(
    store.rows('rl_connections').map((row) => {
      const session = String(row['session'])
      return [Number(row['connection']), { session, connection: Number(row['connection']) - first.get(session)! + 1 }]
    }),
  )
}

type Place = readonly [segment: number, offset: number]

const place = (row: MemoryRow, prefix = ''): Place => [Number(row[`${prefix}segment`]), Number(row[`${prefix}offset`])]
const isBefore = (a: Place, b: Place): boolean => a[0] < b[0] || (a[0] === b[0] && a[1] < b[1])
const isEnded = (interval: MemoryRow, here: Place): boolean =>
  interval['to_segment'] !== null && !isBefore(here, place(interval, 'to_'))

/** Books and changes of each market, in the order of the journal. */
function byMarket(store: MemoryStore): Map<number, MemoryRow[]> {
  const markets = new Map<number, MemoryRow[]>()
  for (const table of ['rl_orderbook_snapshots', 'rl_orderbook_deltas']) {
    for (const row of store.rows(table)) {
      if (row['known'] === false) continue
      const id = Number(row['market_id'])
      const rows = markets.get(id) ?? []
      markets.set(id, rows)
      rows.push(row)
    }
  }
  for (const rows of markets.values()) rows.sort((a, b) => (isBefore(place(a), place(b)) ? -1 : 1))
  return markets
}

function intervalsOf(store: MemoryStore): Map<number, MemoryRow[]> {
  const markets = new Map<number, MemoryRow[]>()
  for (const row of store.rows('rl_validity')) {
    const id = Number(row['market_id'])
    const rows = markets.get(id) ?? []
    markets.set(id, rows)
    // An interval that was taken back to its beginning covers nothing.
    const isEmpty = row['from_segment'] === row['to_segment'] && row['from_offset'] === row['to_offset']
    if (!isEmpty) rows.push(row)
  }
  for (const rows of markets.values()) {
    rows.sort((a, b) => (isBefore(place(a, 'from_'), place(b, 'from_')) ? -1 : 1))
  }
  return markets
}

function replace(book: PlainBook, row: MemoryRow): void {
  book.clear()
  for (const side of SIDES) {
    const prices = row[`${side}_prices`] as readonly number[]
    const sizes = row[`${side}_sizes`] as readonly number[]
    for (const [index, price] of prices.entries()) book[side].set(price, sizes[index]!)
  }
}
