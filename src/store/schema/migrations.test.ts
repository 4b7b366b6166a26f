import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readMigrations, renderMigration } from './migrations.ts'
import { checkSchemaName, lockKey, quoteName } from './names.ts'

describe('migration files', () => {
  it('are numbered from 1 without holes, and name the schema wherever they name a thing', async () => {
    const migrations = await readMigrations()
    expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1))
    for (const { sql } of migrations) {
      for (const [, schema] of sql.matchAll(/\b(?:TABLE|INTO|FROM|JOIN|REFERENCES|VIEW|UPDATE ON) (\S*)rl_/g))
        expect(schema).toBe(':"schema".')
    }
  })

  it.each([
    { what: 'a number is missing', files: ['0001_one.sql', '0003_three.sql'] },
    { what: 'a number is given twice', files: ['0001_one.sql', '0001_two.sql'] },
    { what: 'a name is no migration’s', files: ['0001_one.sql', 'notes.sql'] },
    { what: 'there are none', files: [] },
  ])('are refused when $what', async ({ files }) => {
    const folder = mkdtempSync(join(tmpdir(), 'kalshiflow-migrations-'))
    for (const file of files) writeFileSync(join(folder, file), 'SELECT 1')
    await expect(readMigrations(folder)).rejects.toMatchObject({ code: 'FLOW_SCHEMA_FILES' })
    rmSync(folder, { recursive: true })
  })

  it('take any schema name literally', () => {
    const migration = { version: 1, name: 'one', checksum: '', sql: 'CREATE TABLE :"schema".rl_x ()' }
    expect(renderMigration(migration, 'a"b$&')).toBe('CREATE TABLE "a""b$&".rl_x ()')
  })
})

describe('a schema’s name', () => {
  it.each(['', 'pg_mine', 'information_schema', 'a\0b', 'x'.repeat(64), 'ä'.repeat(32)])('may not be %j', (name) => {
    expect(() => checkSchemaName(name)).toThrow(expect.objectContaining({ code: 'FLOW_SCHEMA_NAME' }))
  })

  it('may be anything else, for it is quoted', () => {
    expect(checkSchemaName('my "odd" schema')).toBe('my "odd" schema')
    expect(quoteName('my "odd" schema')).toBe('"my ""odd"" schema"')
  })

  it('has lock keys of its own, within 64 bits', () => {
    const keys = [lockKey('migrate', 'a'), lockKey('migrate', 'b'), lockKey('partition', 'a')]
    expect(new Set(keys).size).toBe(3)
    for (const key of keys) expect(BigInt.asIntN(64, BigInt(key)).toString()).toBe(key)
  })
})
