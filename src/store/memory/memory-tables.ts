/** The tables of a store in memory, what may happen to whoever works on them, and who writes. Knows no connection. */
import type { Cell, MemoryRow } from './copy-reader.ts'
import { MemoryTable } from './memory-table.ts'
import { MemoryTransactions } from './memory-transactions.ts'
import { readTableShapes } from './table-shape.ts'

export type StoreOperation = 'connect' | 'open' | 'watermark' | 'begin' | 'move' | 'write' | 'commit'

export type StoreFault =
  /** The server refuses and the connection lives; a connect is refused. Nothing is done. */
  | 'refused'
  /** The connection ends, and nothing is done. */
  | 'cut'
  /** It is done, and the connection ends before the answer. */
  | 'cut_after'
  /** A commit whose connection ends, and that the server carries out later. */
  | 'late'
  /** No answer, until the connection is let go. */
  | 'hang'

export type MemoryStoreOptions = {
  /** Asked before each operation. May wait: a slow database. */
  readonly fault?: (operation: StoreOperation) => StoreFault | undefined | Promise<StoreFault | undefined>
  /** How long a commit that comes late waits, and a connect that is not answered. */
  readonly late?: () => Promise<void>
}

export class MemoryTables {
  /** May be changed at any time. */
  fault: NonNullable<MemoryStoreOptions['fault']>
  readonly late: () => Promise<void>
  readonly transactions = new MemoryTransactions()
  readonly #tables: ReadonlyMap<string, MemoryTable>

  constructor({ fault = () => undefined, late = async () => {} }: MemoryStoreOptions = {}) {
    this.fault = fault
    this.late = late
    this.#tables = new Map([...readTableShapes()].map(([name, shape]) => [name, new MemoryTable(shape)]))
  }

  table(name: string): MemoryTable {
    const table = this.#tables.get(name)
    if (table !== undefined) return table
    throw Object.assign(new Error(`relation "${name}" does not exist`), { code: '42P01' })
  }

  /** The committed rows of a table, in the order of their coming. They belong to the store: look, and change nothing. */
  rows(name: string): readonly MemoryRow[] {
    return this.transactions.committed(this.table(name))
  }

  /** A row in the types of its columns, from what JSON may hold. */
  fromJson(name: string, given: Readonly<Record<string, unknown>>): MemoryRow {
    const { columns } = this.table(name).shape
    const row: MemoryRow = {}
    for (const [column, type] of columns) {
      const value = given[column]
      if (value === undefined || value === null) row[column] = null
      else if (type === 'big') row[column] = column.endsWith('_ns') ? BigInt(value as string) : Number(value)
      else row[column] = value as Cell
    }
    return row
  }
}
