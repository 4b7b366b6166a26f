/**
 * The durable position as two threads share it: one 64-bit word, so that neither ever sees half of a move.
 *
 * 24 bits of segment and 40 of offset: 16 million segments of a terabyte each. Each look costs nanoseconds and no message.
 */
import type { Position } from '#domain'

const OFFSET_BITS = 40n
const OFFSET_MAX = 2 ** 40 - 1
const SEGMENT_MAX = 2 ** 24 - 1

export class DurableMark {
  readonly buffer: SharedArrayBuffer
  readonly #word: BigUint64Array

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(8)) {
    this.buffer = buffer
    this.#word = new BigUint64Array(buffer)
  }

  /** What does not fit is cut to the largest that does: a reader may then go as far as there is anything. */
  set({ segment, offset }: Position): void {
    const word = (BigInt(Math.min(segment, SEGMENT_MAX)) << OFFSET_BITS) | BigInt(Math.min(offset, OFFSET_MAX))
    Atomics.store(this.#word, 0, word)
  }

  get position(): Position {
    const word = Atomics.load(this.#word, 0)
    return { segment: Number(word >> OFFSET_BITS), offset: Number(word & BigInt(OFFSET_MAX)) }
  }
}
