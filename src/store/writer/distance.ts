/** How many bytes of the journal lie between two positions, from the lengths of segments as far as they are known. */
import { comparePositions, type Position } from '#domain'

export class Distance {
  readonly #lengths = new Map<number, number>()

  /** `lengths` of the segments that there are. */
  known(lengths: Iterable<readonly [number: number, bytes: number]>): void {
    this.#lengths.clear()
    for (const [number, bytes] of lengths) this.#lengths.set(number, bytes)
  }

  /** 0 when `to` does not lie behind `from`. */
  bytes(from: Position, to: Position): number {
    // The last offset seen of a segment is its length once the next one has begun.
    if (to.offset > (this.#lengths.get(to.segment) ?? 0)) this.#lengths.set(to.segment, to.offset)
    if (comparePositions(from, to) >= 0) return 0
    if (to.segment === from.segment) return to.offset - from.offset
    let bytes = to.offset - from.offset
    for (const [number, length] of this.#lengths) if (number >= from.segment && number < to.segment) bytes += length
    return Math.max(0, bytes)
  }
}
