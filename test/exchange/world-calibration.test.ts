/** The simulated world beside recorded frames, within the tolerances of docs/exchange-world.md. `bench/world.ts` prints the same with more seeds. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { compare, TARGETS } from '../../bench/world-targets.ts'

const root = resolve(import.meta.dirname, '../..')

test('frames, bursts, pairs, fractions, books, trades and crossings are near those recorded', {
  timeout: 60_000,
}, () => {
  const outside = compare([1, 2, 3], 90)
    .filter(({ isWithin }) => !isWithin)
    .map(({ what, found, low, high }) => `${what}: ${found}, allowed ${low} to ${high}`)
  expect(outside).toEqual([])
})

test('docs/exchange-world.md states every figure with the tolerance that is tested', () => {
  const text = readFileSync(join(root, 'docs/exchange-world.md'), 'utf8')
  for (const { what, recorded, low, high } of TARGETS) {
    expect(text).toMatch(
      new RegExp(`\\| ${what.replaceAll('+', '\\+')} \\| ${recorded} \\| [^|]+ \\| ${low} to ${high} \\|`),
    )
  }
})
