/**
 * Rows out of the bytes of binary COPY, as a server would read them (postgresql.org/docs/18/sql-copy.html, "Binary
 * Format"): the other side of src/store/rows/copy-binary.ts, written apart from it.
 */
import type { ColumnType, TableShape } from './table-shape.ts'

/** 64-bit columns are bigints where they are stamps (`…_ns`), and numbers elsewhere. */
export type Cell = string | number | bigint | boolean | null | Uint8Array | readonly (string | number)[] | object
export type MemoryRow = Record<string, Cell>

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1')
const HEADER_BYTES = SIGNATURE.length + 8

/** Throws an error with SQLSTATE 22P04 in `code` for bytes that are no such rows. */
export function readCopy(shape: TableShape, columns: readonly string[], bytes: Uint8Array): MemoryRow[] {
  const from = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (!from.subarray(0, SIGNATURE.length).equals(SIGNATURE)) throw malformed('its signature')
  const rows: MemoryRow[] = []
  for (let at = HEADER_BYTES; ; ) {
    const fields = from.readInt16BE(at)
    at += 2
    if (fields === -1) return rows
    if (fields !== columns.length) throw malformed(`a row of ${fields} fields for ${columns.length} columns`)
    const row: MemoryRow = {}
    for (const column of columns) {
      const length = from.readInt32BE(at)
      at += 4
      if (length === -1) row[column] = null
      else {
        row[column] = readField(typeOf(shape, column), column, from.subarray(at, at + length))
        at += length
      }
    }
    rows.push(row)
  }
}

function typeOf(shape: TableShape, column: string): ColumnType {
  const type = shape.columns.get(column)
  if (type !== undefined) return type
  throw Object.assign(new Error(`column "${column}" of relation "${shape.name}" does not exist`), { code: '42703' })
}

function readField(type: ColumnType, column: string, field: Buffer): Cell {
  switch (type) {
    case 'int':
      return field.length === 2 ? field.readInt16BE() : field.readInt32BE()
    case 'big':
      return column.endsWith('_ns') ? field.readBigInt64BE() : Number(field.readBigInt64BE())
    case 'bool':
      return field[0] === 1
    case 'bytes':
      return Uint8Array.from(field)
    case 'ints':
      return readArray(field)
    default:
      return field.toString('utf8')
  }
}

/** Dimensions, whether there are NULLs, the element's type; length and lower bound; then each with its length. */
function readArray(field: Buffer): number[] {
  if (field.readInt32BE(0) === 0) return []
  const count = field.readInt32BE(12)
  const values: number[] = []
  for (let at = 20; values.length < count; ) {
    const length = field.readInt32BE(at)
    values.push(length === 2 ? field.readInt16BE(at + 4) : Number(field.readBigInt64BE(at + 4)))
    at += 4 + length
  }
  return values
}

const malformed = (what: string): Error => Object.assign(new Error(`COPY: ${what}`), { code: '22P04' })
