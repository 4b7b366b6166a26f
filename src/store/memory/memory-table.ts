/** One table in memory: rows in the order of their coming, and an index for each of its keys. Knows no transaction. */
import type { Cell, MemoryRow } from './copy-reader.ts'
import type { TableShape } from './table-shape.ts'

export class MemoryTable {
  readonly shape: TableShape
  readonly rows: MemoryRow[] = []
  readonly #indexes: readonly Map<string, MemoryRow>[]

  constructor(shape: TableShape) {
    this.shape = shape
    this.#indexes = shape.keys.map(() => new Map())
  }

  /** Throws with SQLSTATE 23505 where a key is taken, and 23502 where a required column is missing. */
  insert(row: MemoryRow): void {
    const { name, keys, required } = this.shape
    for (const column of required) {
      if ((row[column] ?? null) !== null) continue
      throw Object.assign(new Error(`null value in column "${column}" of relation "${name}"`), {
        code: '23502',
        column,
      })
    }
    const texts = keys.map((key) => keyOf(row, key))
    for (const [at, text] of texts.entries()) {
      if (!this.#indexes[at]!.has(text)) continue
      const constraint = `${name}(${keys[at]!.join(', ')})`
      throw Object.assign(new Error(`duplicate key value violates unique constraint "${constraint}": ${text}`), {
        code: '23505',
        constraint,
      })
    }
    for (const [at, text] of texts.entries()) this.#indexes[at]!.set(text, row)
    this.rows.push(row)
  }

  /** Takes the row inserted last back. */
  removeLast(): void {
    const row = this.rows.pop()!
    for (const [at, key] of this.shape.keys.entries()) this.#indexes[at]!.delete(keyOf(row, key))
  }

  /** The rows that have these values in these columns. */
  *find(columns: readonly string[], values: MemoryRow): Generator<MemoryRow> {
    const at = this.shape.keys.findIndex(
      (key) => key.length === columns.length && key.every((each) => columns.includes(each)),
    )
    if (at >= 0) {
      const row = this.#indexes[at]!.get(keyOf(values, this.shape.keys[at]!))
      if (row !== undefined) yield row
      return
    }
    const wanted = keyOf(values, columns)
    for (const row of this.rows) if (keyOf(row, columns) === wanted) yield row
  }
}

const keyOf = (row: MemoryRow, columns: readonly string[]): string =>
  columns.map((each) => textOf(row[each] ?? null)).join('|')

const textOf = (cell: Cell): string => (cell === null ? '-' : `=${String(cell)}`)
