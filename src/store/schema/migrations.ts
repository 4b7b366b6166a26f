/**
 * The numbered SQL files of migrations/, read in order, each with the checksum that the database remembers it by.
 *
 * A file that was released is never edited, only followed by another.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SchemaError } from './errors.ts'
import { quoteName } from './names.ts'

export type Migration = {
  /** 1, 2, 3 … without holes. */
  readonly version: number
  /** The file's name without number and ending. */
  readonly name: string
  /** Hex sha256 of the file. */
  readonly checksum: string
  /** As in the file: `:"schema"` stands for the schema. */
  readonly sql: string
}

const FOLDER = join(import.meta.dirname, 'migrations')
const FILE = /^(\d{4})_([a-z0-9_]+)\.sql$/

/** Every migration this program knows, in order. Throws `FLOW_SCHEMA_FILES` when a number is missing or given twice. */
export async function readMigrations(folder: string = FOLDER): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  const migrations = await Promise.all(names.map((name) => readMigration(folder, name)))
  const misplaced = migrations.find(({ version }, index) => version !== index + 1)
  if (migrations.length > 0 && misplaced === undefined) return migrations
  throw new SchemaError(
    'FLOW_SCHEMA_FILES',
    `The SQL files in ${folder} must be numbered 0001, 0002 … without holes; found ${names.join(', ') || 'none'}. Install the program again.`,
    { folder },
  )
}

/** The statements of a migration for `schema`. */
export const renderMigration = (migration: Migration, schema: string): string =>
  migration.sql.replaceAll(':"schema"', () => quoteName(schema))

async function readMigration(folder: string, file: string): Promise<Migration> {
  const [, number = '0', name = file] = FILE.exec(file) ?? []
  const sql = await readFile(join(folder, file), 'utf8')
  return { version: Number(number), name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
}
