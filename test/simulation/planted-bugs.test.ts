/** The list of planted bugs is kept: scripts/planted-bugs.ts plants them, which takes minutes. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { PLANTED_BUGS } from './planted-bugs.ts'

const root = resolve(import.meta.dirname, '../..')

test.each(PLANTED_BUGS.map((bug) => [bug.name, bug] as const))(
  '%s: can be planted',
  (_name, { file, find, replace }) => {
    const text = readFileSync(resolve(root, file), 'utf8')
    expect(text.split(find).length - 1, `${file} holds the line once`).toBe(1)
    expect(replace).not.toBe(find)
  },
)
