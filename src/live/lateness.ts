/**
 * How late a copy is: for how long it has known of something in the journal that it has not folded. A feed that was quiet
 * until a moment ago makes nobody late, and a journal that is stuck makes its readers later with every moment.
 *
 * Each word of the recorder leaves a mark, where its journal ended and when we heard it, until the copy has passed it.
 */
import type { Position } from '#domain'
import { BLOCK_HEADER_BYTES, SEGMENT_HEADER_BYTES } from '#journal'

/** Marks kept at most. Beyond them two neighbours become one, which says the later place and the earlier time. */
export const MARKS_MAX = 512

type Mark = { readonly head: Position; readonly heardMs: number }

export class Lateness {
  #marks: Mark[] = []

  /** The recorder says where its next record will stand. `nowMs`: monotonic. */
  heard(head: Position, folded: Position, nowMs: number): void {
    this.#pass(folded)
    const last = this.#marks.at(-1)?.head ?? folded
    if (!liesBetween(last, head)) return
    this.#marks.push({ head, heardMs: nowMs })
    if (this.#marks.length > MARKS_MAX) this.#thin()
  }

  /** Milliseconds since the oldest thing was heard of that lies behind `folded`; 0 when there is none. */
  lateMs(folded: Position, nowMs: number): number {
    this.#pass(folded)
    const oldest = this.#marks[0]
    return oldest === undefined ? 0 : Math.max(0, nowMs - oldest.heardMs)
  }

  /** What was heard counts no longer: the recorder is gone. */
  clear(): void {
    this.#marks = []
  }

  #pass(folded: Position): void {
    const left = this.#marks.findIndex(({ head }) => liesBetween(folded, head))
    if (left !== 0) this.#marks = left < 0 ? [] : this.#marks.slice(left)
  }

  #thin(): void {
    this.#marks = this.#marks.flatMap((mark, index) => {
      if (index % 2 === 1) return []
      return [{ head: this.#marks[index + 1]?.head ?? mark.head, heardMs: mark.heardMs }]
    })
  }
}

/** Whether there is a record from `position` up to `head`, which stands behind the header of a block that may be empty yet. */
function liesBetween(position: Position, head: Position): boolean {
  if (head.segment < position.segment) return false
  const from = head.segment === position.segment ? position.offset : SEGMENT_HEADER_BYTES
  return head.offset > from + BLOCK_HEADER_BYTES
}
