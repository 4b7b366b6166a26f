/**
 * Changes of one level within a few deltas of its market, as one row with their exact sum: less volume, and books that are
 * exact wherever a window ends.
 *
 * A window ends after so many deltas of its market, when its book gets another base or another standing, at a new second
 * of the receive stamps, at a new segment, and where a connection or a run begins or ends. All of it is read from the
 * journal, so a rebuild makes the same rows.
 */
import type { DeltaRow } from './tables.ts'

/** What stands open of one market. */
type Window = { deltas: number; readonly rows: Map<number, DeltaRow> }

/** Above any price, so that side and price make one key. */
const SIDE_STRIDE = 16_384

export class Conflation {
  readonly #every: number
  readonly #emit: (row: DeltaRow) => void
  /** By market id; only open ones. */
  readonly #windows = new Map<number, Window>()

  /** `every` deltas of a market make a window; `emit` gets its rows, in order of their first change. */
  constructor(every: number, emit: (row: DeltaRow) => void) {
    this.#every = every
    this.#emit = emit
  }

  /** Whether the watermark may pass. */
  get isEmpty(): boolean {
    return this.#windows.size === 0
  }

  /** Takes one change. The row is kept and may be changed until its window ends. */
  add(row: DeltaRow): void {
    let window = this.#windows.get(row.market)
    if (window === undefined) {
      window = { deltas: 0, rows: new Map() }
      this.#windows.set(row.market, window)
    }
    const key = row.side * SIDE_STRIDE + row.price
    const open = window.rows.get(key)
    if (open === undefined) window.rows.set(key, row)
    else {
      open.span += row.offset - open.offset
      open.offset = row.offset
      open.receivedNs = row.receivedNs
      open.exchangeMs = row.exchangeMs
      open.seq = row.seq
      open.change += row.change
      open.sizeAfter = row.sizeAfter
    }
    if (++window.deltas >= this.#every) this.end(row.market)
  }

  /** The market's window ends here. */
  end(market: number): void {
    const window = this.#windows.get(market)
    if (window === undefined) return
    this.#windows.delete(market)
    for (const row of window.rows.values()) this.#emit(row)
  }

  endAll(): void {
    for (const market of [...this.#windows.keys()]) this.end(market)
  }
}
