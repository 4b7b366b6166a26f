/** Every switch of `--faults` stands in the table of docs/exchange.md and is met by a test of the recorder that bears its name. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { FAULT_KINDS } from '#exchange'

const ROOT = resolve(import.meta.dirname, '../..')
const table = readFileSync(join(ROOT, 'docs/exchange.md'), 'utf8')
const tests = readFileSync(join(ROOT, 'test/recorder/fault-switches.test.ts'), 'utf8')

test.each(Object.keys(FAULT_KINDS))('%s is documented and used by a test', (name) => {
  expect(table).toMatch(new RegExp(`^\\| \`${name}[=@]`, 'm'))
  expect(tests).toMatch(new RegExp(`test(\\.each\\(.*\\))?\\('${name}: `))
  expect(tests).toMatch(new RegExp(`['\`,]${name}[=@]`))
})
