/**
 * Who may write into tables in memory, and what is not committed: one transaction writes at a time, the next waits for its
 * end. Readers never wait, and see what is committed.
 */
import type { MemoryRow } from './copy-reader.ts'
import type { MemoryTable } from './memory-table.ts'

type Step =
  | { readonly kind: 'inserted'; readonly table: MemoryTable }
  | { readonly kind: 'changed'; readonly row: MemoryRow; readonly before: MemoryRow }

/** Of one transaction, or of one statement outside of any. */
export class Writing {
  readonly steps: Step[] = []
}

export class MemoryTransactions {
  #holder: Writing | undefined
  readonly #waiting: { readonly writing: Writing; readonly take: () => void }[] = []

  /** Resolves when this one may write; at once when it may already. */
  enter(writing: Writing): Promise<void> {
    if (this.#holder === undefined) this.#holder = writing
    if (this.#holder === writing) return Promise.resolve()
    return new Promise((take) => this.#waiting.push({ writing, take }))
  }

  insert(writing: Writing, table: MemoryTable, row: MemoryRow): void {
    table.insert(row)
    writing.steps.push({ kind: 'inserted', table })
  }

  change(writing: Writing, row: MemoryRow, columns: MemoryRow): void {
    writing.steps.push({ kind: 'changed', row, before: { ...row } })
    Object.assign(row, columns)
  }

  commit(writing: Writing): void {
    writing.steps.length = 0
    this.#leave(writing)
  }

  rollback(writing: Writing): void {
    this.undo(writing, 0)
    this.#leave(writing)
  }

  /** Back to where there were so many steps. */
  undo(writing: Writing, steps: number): void {
    while (writing.steps.length > steps) {
      const step = writing.steps.pop()!
      if (step.kind === 'inserted') step.table.removeLast()
      else Object.assign(step.row, step.before)
    }
  }

  /** The rows of a table without what is not committed. */
  committed(table: MemoryTable): readonly MemoryRow[] {
    const steps = this.#holder?.steps ?? []
    let rows: readonly MemoryRow[] = table.rows
    const inserted = steps.filter((step) => step.kind === 'inserted' && step.table === table).length
    if (inserted > 0) rows = rows.slice(0, rows.length - inserted)
    const before = new Map<MemoryRow, MemoryRow>()
    for (const step of steps) if (step.kind === 'changed' && !before.has(step.row)) before.set(step.row, step.before)
    return before.size === 0 ? rows : rows.map((row) => before.get(row) ?? row)
  }

  #leave(writing: Writing): void {
    const at = this.#waiting.findIndex((each) => each.writing === writing)
    if (at >= 0) this.#waiting.splice(at, 1)
    if (this.#holder !== writing) return
    const next = this.#waiting.shift()
    this.#holder = next?.writing
    next?.take()
  }
}
