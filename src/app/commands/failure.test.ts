import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tellFailure } from './failure.ts'

test('what the system says of a place is told with what to do about it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kalshiflow-failure-'))
  const file = join(folder, 'file')
  writeFileSync(file, '')
  const error = await readdir(join(file, 'journal')).catch((found: unknown) => found)
  rmSync(folder, { recursive: true })
  expect(tellFailure(error)).toBe(
    `kalshiflow: ${file}/journal: there is a file where a folder is needed: name another place (ENOTDIR)`,
  )
})

test('an error of ours is told in its own words, a fault of the program with its stack', () => {
  expect(tellFailure(Object.assign(new Error('found a, needed b'), { code: 'FLOW_X' }))).toBe(
    'kalshiflow: found a, needed b (FLOW_X)',
  )
  expect(tellFailure(new Error('no'))).toContain('failure.test.ts')
})
