/**
 * Writes whole books into the journal now and then, so that a late reader never folds far: a market's valid book after so
 * many deltas, after so much time if it changed, and once in each segment, changed or not, so that a segment alone tells
 * of quiet markets too. Spread out: a few at a time, never inside the hot path.
 *
 * After a time in which the journal took no frames a reader gets each book from the exchange's own snapshot: until that has
 * come there is nothing to write of it ({@link describeCheckpoint}).
 */
import { type CheckpointBook, isTicker, RECORD } from '#domain'
import { describeCheckpoint, type Fold, type Market } from '#feed'
import { encodeCheckpoint } from '#journal'
import type { Tape } from './tape.ts'

/** Checkpoints written in one tick: 50 a second each costs some tens of microseconds. */
const PER_TICK_MAX = 20
/** Markets looked at in one tick for their age. */
const LOOKED_AT_PER_TICK = 200
export class Checkpointer {
  readonly #fold: Fold
  readonly #tape: Tape
  readonly #afterMs: number
  readonly #due = new Set<Market>()
  readonly #segmentOf: () => number
  #toLookAt: Market[] = []
  #segment: number
  /** A book based earlier than this has no base in the segment. Unix ms. */
  #segmentSinceMs = 0
  written = 0

  /** `segmentOf`: the number of the segment that records go to now. */
  constructor(fold: Fold, tape: Tape, options: { readonly checkpointMs: number }, segmentOf: () => number) {
    this.#fold = fold
    this.#tape = tape
    this.#afterMs = options.checkpointMs
    this.#segmentOf = segmentOf
    this.#segment = segmentOf()
  }

  /** The market had its number of deltas: called from the hot path, written in a later tick. */
  due(market: Market): void {
    this.#due.add(market)
  }

  tick(): void {
    const nowMs = this.#tape.nowMs()
    this.#noticeSegment(nowMs)
    if (this.#toLookAt.length === 0) this.#toLookAt = this.#fold.markets()
    for (const market of this.#toLookAt.splice(-LOOKED_AT_PER_TICK)) {
      const isOld = market.deltasSinceCheckpoint > 0 && nowMs - market.basedMs >= this.#afterMs
      if (isOld || market.basedMs < this.#segmentSinceMs) this.#due.add(market)
    }
    let written = 0
    for (const market of this.#due) {
      if (written++ >= PER_TICK_MAX) return
      this.#due.delete(market)
      this.#write(market, nowMs)
    }
  }

  #noticeSegment(nowMs: number): void {
    const segment = this.#segmentOf()
    if (segment === this.#segment) return
    this.#segment = segment
    this.#segmentSinceMs = nowMs
    this.#toLookAt = []
  }

  #write(market: Market, nowMs: number): void {
    // A book in doubt is not written: its next snapshot is a base of its own.
    const book = market.valid && isTicker(market.ticker) ? describeCheckpoint(market) : undefined
    if (book === undefined) return
    // Without room it is left out: a checkpoint that comes late would be a book of another moment.
    const bytes = encode(book)
    if (bytes === undefined || !this.#tape.offer(RECORD.CHECKPOINT, book.connection, bytes)) return
    this.#fold.checkpoint(book, nowMs)
    this.written++
  }
}

/** A book that does not fit the format (a size beyond 2^48) is the exchange's or our fault; it must not stop the recorder. */
function encode(book: CheckpointBook): Uint8Array | undefined {
  try {
    return encodeCheckpoint(book)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
