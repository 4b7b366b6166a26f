/**
 * What the migrations say of the tables, read as text: columns with their types, and which columns together are unique. So
 * tables in memory have the schema's own keys. CHECK constraints, foreign keys, partitions and indexes are not read.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export type ColumnType = 'int' | 'big' | 'text' | 'bool' | 'bytes' | 'json' | 'ints' | 'texts'

export type TableShape = {
  readonly name: string
  readonly columns: ReadonlyMap<string, ColumnType>
  /** A row that has the same values in all columns of one of them is refused; NULLs are alike. */
  readonly keys: readonly (readonly string[])[]
  readonly required: ReadonlySet<string>
}

const FOLDER = join(import.meta.dirname, '../schema/migrations')

const TYPES: Readonly<Record<string, ColumnType>> = {
  smallint: 'int',
  integer: 'int',
  bigint: 'big',
  numeric: 'text',
  text: 'text',
  uuid: 'text',
  timestamptz: 'text',
  boolean: 'bool',
  bytea: 'bytes',
  jsonb: 'json',
  'smallint[]': 'ints',
  'bigint[]': 'ints',
  'text[]': 'texts',
}

const TABLE = /CREATE TABLE :"schema"\.(\w+) \(\n([\s\S]*?)\n\)/g
const ADDED = /ALTER TABLE :"schema"\.(\w+)([^;]*);/g
const COLUMN = /^\s*"?(\w+)"? (smallint\[\]|bigint\[\]|text\[\]|[a-z]+)(?![\w[])(.*)$/
const UNIQUE = /^\s*(?:CONSTRAINT \w+ )?(?:PRIMARY KEY|UNIQUE(?: NULLS NOT DISTINCT)?) \(([^)]*)\)/

/** Every table of the migrations, by name. */
export function readTableShapes(): ReadonlyMap<string, TableShape> {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.sql'))
  const sql = names.sort().map((name) => readFileSync(join(FOLDER, name), 'utf8'))
  const shapes = new Map<string, Growing>()
  for (const text of sql) {
    for (const [, name = '', body = ''] of text.matchAll(TABLE)) {
      const shape: Growing = { name, columns: new Map(), keys: [], required: new Set() }
      for (const line of body.split('\n')) takeLine(shape, line)
      shapes.set(name, shape)
    }
    for (const [, name = '', body = ''] of text.matchAll(ADDED)) {
      const shape = shapes.get(name)
      if (shape === undefined) continue
      for (const line of body.split(/,\s*(?=ADD |ALTER |DROP )/)) alter(shape, line.trim())
    }
  }
  return shapes
}

type Growing = {
  readonly name: string
  readonly columns: Map<string, ColumnType>
  readonly keys: string[][]
  readonly required: Set<string>
}

function takeLine({ columns, keys, required }: Growing, line: string): void {
  const unique = UNIQUE.exec(line)
  if (unique !== null) {
    keys.push(namesIn(unique[1]!))
    return
  }
  const [, name = '', type = '', rest = ''] = COLUMN.exec(line) ?? []
  const known = TYPES[type]
  if (known === undefined) return
  columns.set(name, known)
  if (/PRIMARY KEY|UNIQUE/.test(rest)) keys.push([name])
  if (rest.includes('NOT NULL') && !/DEFAULT|GENERATED/.test(rest)) required.add(name)
}

function alter(shape: Growing, clause: string): void {
  const added = /^ADD (?:COLUMN )?(?:IF NOT EXISTS )?/.exec(clause)
  if (added !== null) takeLine(shape, clause.slice(added[0].length).replace(/\s+/g, ' '))
  const dropped = /^DROP COLUMN (?:IF EXISTS )?"?(\w+)"?/.exec(clause)
  if (dropped !== null) shape.columns.delete(dropped[1]!)
}

const namesIn = (text: string): string[] => text.split(',').map((each) => each.trim().replaceAll('"', ''))
