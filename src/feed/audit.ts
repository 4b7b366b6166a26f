/**
 * One question about a book that we hold for right, from the moment it is sent until it is settled.
 *
 * Kalshi answers `get_snapshot` inside the sid's count, so its answer must be our book just before that number, level for
 * level. Whether that is exact inside a group of one `ts_ms` is unconfirmed live (docs/wire.md), so a difference is given
 * the deltas of the same `ts_ms` just before the snapshot, which it may lack, and those just after, which it may hold
 * already. What these explain is an offset of the snapshot, not a fault of the book. Pure; kept only while a question is
 * open, so that a delta of any other market costs nothing.
 */
import type { Book } from '#book'
import type { CentiCents, CentiContracts, Levels, Side } from '#domain'

export type AuditResult = 'matched' | 'offset' | 'mismatched'

/** What an audit found. */
export type Audited = {
  readonly result: AuditResult
  readonly connection: number
  readonly sid: number
  /** The number of the snapshot frame. */
  readonly seq: number
  /** Levels of either side that differed when the snapshot came; 0 when it matched. */
  readonly levelsWrong: number
  /** Of a mismatch: both books when the snapshot came. */
  readonly ours?: Levels
  readonly theirs?: Levels
}

/** Deltas of one group that are remembered: what a purge was seen to take (785), with room. The oldest go. */
const REMEMBERED_MAX = 2_000

type Change = { readonly key: number; readonly change: number }
type Open = Omit<Audited, 'result'> & {
  /** Their sizes less ours, where they differ. */
  readonly rest: Map<number, number>
  /** Exchange time of the first delta after the snapshot; `undefined` before it. */
  groupMs: number | undefined
  /** Up to when the book was known to be right, Unix ms. */
  readonly asOfMs: number
}

export class MarketAudit {
  /** The market's deltas of {@link #groupMs}, as far as they came after the question. */
  #remembered: Change[] = []
  #groupMs = 0
  #open: Open | undefined

  /** The answer came and differs: the book is not shown as valid until deltas explain it. */
  get isOpen(): boolean {
    return this.#open !== undefined
  }

  /** While open: up to when the book is known to be right, Unix ms. */
  get asOfMs(): number {
    return this.#open?.asOfMs ?? 0
  }

  /** Whether a delta of this exchange time ends the group that may explain the difference. */
  isEndedBy(exchangeMs: number): boolean {
    const open = this.#open
    return open?.groupMs !== undefined && (open.groupMs !== exchangeMs || exchangeMs === 0)
  }

  /** A delta was applied to the book. Answers whether it explains the rest of the difference. */
  applied(side: Side, price: CentiCents, change: CentiContracts, exchangeMs: number): boolean {
    const key = keyOf(side, price)
    const open = this.#open
    if (open !== undefined) {
      open.groupMs = exchangeMs
      add(open.rest, key, -change)
      return open.rest.size === 0
    }
    if (exchangeMs !== this.#groupMs || exchangeMs === 0) this.#remembered = []
    this.#groupMs = exchangeMs
    if (this.#remembered.length >= REMEMBERED_MAX) this.#remembered.splice(0, REMEMBERED_MAX / 2)
    this.#remembered.push({ key, change })
    return false
  }

  /** The book was replaced meanwhile: what was remembered is of another. */
  replaced(): void {
    this.#remembered = []
  }

  /** The answer: compares it with the book. `undefined` when later deltas have to tell. */
  compare(book: Book, asOfMs: number, { theirs, ...of }: Place & { readonly theirs: Levels }): Audited | undefined {
    const ours = book.levels()
    const rest = differences(ours, theirs)
    const levelsWrong = rest.size
    if (levelsWrong === 0) return { ...of, result: 'matched', levelsWrong }
    if (this.#isLacking(rest)) return { ...of, result: 'offset', levelsWrong }
    this.#open = { ...of, levelsWrong, ours, theirs, rest, groupMs: undefined, asOfMs }
    return undefined
  }

  /** What is open is settled so. */
  settle(result: 'offset' | 'mismatched'): Audited | undefined {
    if (this.#open === undefined) return undefined
    const { connection, sid, seq, levelsWrong, ours, theirs } = this.#open
    this.#open = undefined
    const found = { result, connection, sid, seq, levelsWrong }
    return result === 'mismatched' && ours !== undefined && theirs !== undefined ? { ...found, ours, theirs } : found
  }

  /** Whether the snapshot is our book without the last deltas of the group at hand. */
  #isLacking(rest: ReadonlyMap<number, number>): boolean {
    const left = new Map(rest)
    for (let index = this.#remembered.length - 1; index >= 0; index--) {
      const { key, change } = this.#remembered[index]!
      add(left, key, change)
      if (left.size === 0) return true
    }
    return false
  }
}

type Place = Pick<Audited, 'connection' | 'sid' | 'seq'>

/** Their sizes less ours, by level, where they differ. */
function differences(ours: Levels, theirs: Levels): Map<number, number> {
  const rest = new Map<number, number>()
  for (const [side, levels] of [ours.yes, ours.no].entries()) {
    for (const [price, size] of levels) rest.set(keyOf(side, price), -size)
  }
  for (const [side, levels] of [theirs.yes, theirs.no].entries()) {
    for (const [price, size] of levels) add(rest, keyOf(side, price), size)
  }
  return rest
}

const keyOf = (side: number, price: number): number => price * 2 + side

function add(sizes: Map<number, number>, key: number, change: number): void {
  const size = (sizes.get(key) ?? 0) + change
  if (size === 0) sizes.delete(key)
  else sizes.set(key, size)
}
