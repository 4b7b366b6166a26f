/** What is due when: a heap of things to do, ordered by time and then by when they were put in. */
export type Due = (atMs: number) => void

type Entry = { readonly atMs: number; readonly order: number; readonly due: Due }

const isBefore = (a: Entry, b: Entry): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)

export class Timetable {
  readonly #heap: Entry[] = []
  #order = 0

  get size(): number {
    return this.#heap.length
  }

  /** Infinity when nothing is due. */
  get nextMs(): number {
    return this.#heap[0]?.atMs ?? Number.POSITIVE_INFINITY
  }

  /** Times are whole milliseconds; a fraction is cut off. */
  at(ms: number, due: Due): void {
    const heap = this.#heap
    const entry = { atMs: Math.floor(ms), order: this.#order++, due }
    let at = heap.push(entry) - 1
    while (at > 0) {
      const parent = (at - 1) >>> 1
      const above = heap[parent] as Entry
      if (!isBefore(entry, above)) break
      heap[at] = above
      at = parent
    }
    heap[at] = entry
  }

  /** Takes out what is due first, if that is no later than `untilMs`. */
  takeNext(untilMs: number): { readonly atMs: number; readonly due: Due } | undefined {
    const heap = this.#heap
    const first = heap[0]
    if (first === undefined || first.atMs > untilMs) return undefined
    const last = heap.pop() as Entry
    if (heap.length > 0) this.#sink(last)
    return first
  }

  #sink(entry: Entry): void {
    const heap = this.#heap
    const half = heap.length >>> 1
    let at = 0
    while (at < half) {
      let below = 2 * at + 1
      if (below + 1 < heap.length && isBefore(heap[below + 1] as Entry, heap[below] as Entry)) below++
      if (!isBefore(heap[below] as Entry, entry)) break
      heap[at] = heap[below] as Entry
      at = below
    }
    heap[at] = entry
  }
}
