/**
 * How late a copy is: for how long it has known of something in the journal that it has not folded. A feed that was quiet
 * until a moment ago makes nobody late, and a journal that is stuck makes its readers later with every moment.
 *
 * Each word of the recorder leaves a mark, where its journal ended and when we heard it, until the copy has passed it. It
 * also says for how long something has waited behind what is durable, which may stand nowhere in the journal yet, or will
 * stand in another place: that counts until the copy has folded anything behind what was durable then.
 */
import { comparePositions, type Position } from '#domain'
import { BLOCK_HEADER_BYTES, SEGMENT_HEADER_BYTES } from '#journal'

/** Marks kept at most. Beyond them two neighbours become one, which says the later place and the earlier time. */
export const MARKS_MAX = 512

type Mark = { readonly head: Position; readonly heardMs: number }
type Wait = { readonly durable: Position; readonly sinceMs: number }

export class Lateness {
  #marks: Mark[] = []
  #waits: Wait[] = []

  /** The recorder says where its next record will stand. `nowMs`: monotonic. */
  heard(head: Position, folded: Position, nowMs: number): void {
    this.#pass(folded)
    const last = this.#marks.at(-1)?.head ?? folded
    if (!liesBetween(last, head)) return
    this.#marks.push({ head, heardMs: nowMs })
    if (this.#marks.length > MARKS_MAX) this.#thin()
  }

  /**
   * The recorder said at `saidMs` that something behind `durable` has waited for so long; `undefined` where nothing has.
   * While `durable` stays where it is, that is the same thing still.
   */
  waits(durable: Position, folded: Position, waitingMs: number | undefined, saidMs: number): void {
    const isWaiting = waitingMs !== undefined && comparePositions(folded, durable) <= 0
    this.#waits = this.#waits.filter((wait) => {
      const order = comparePositions(wait.durable, durable)
      return !hasPassed(wait, folded) && (order < 0 || (order === 0 && isWaiting))
    })
    if (!isWaiting) return
    const last = this.#waits.at(-1)
    const isTheSame = last !== undefined && comparePositions(last.durable, durable) === 0
    const isOneWithLast = isTheSame || this.#waits.length >= MARKS_MAX
    if (isOneWithLast) this.#waits.pop()
    const saidSinceMs = saidMs - waitingMs
    this.#waits.push({ durable, sinceMs: isOneWithLast ? Math.min(last!.sinceMs, saidSinceMs) : saidSinceMs })
  }

  /** Milliseconds since the oldest thing was there, or was heard of, that lies behind `folded`; 0 when there is none. */
  lateMs(folded: Position, nowMs: number): number {
    this.#pass(folded)
    const oldest = this.#marks[0]
    const oldestWait = this.#waits.find((wait) => !hasPassed(wait, folded))
    const sinceMs = Math.min(oldest?.heardMs ?? nowMs, oldestWait?.sinceMs ?? nowMs)
    return Math.max(0, nowMs - sinceMs)
  }

  /** What was heard counts no longer: the recorder is gone. */
  clear(): void {
    this.#marks = []
    this.#waits = []
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

/** Whether what waited behind a durable position is folded. */
const hasPassed = ({ durable }: Wait, folded: Position): boolean => comparePositions(folded, durable) > 0

/** Whether there is a record from `position` up to `head`, which stands behind the header of a block that may be empty yet. */
function liesBetween(position: Position, head: Position): boolean {
  if (head.segment < position.segment) return false
  const from = head.segment === position.segment ? position.offset : SEGMENT_HEADER_BYTES
  return head.offset > from + BLOCK_HEADER_BYTES
}
