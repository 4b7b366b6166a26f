/** A share of `npm run fuzz` with fixed seeds, for every run of the tests. */
import { expect, test } from 'vitest'
import { config } from './config.ts'
import { decoder } from './decoder.ts'
import { fuzz } from './fuzz-loop.ts'
import { journal } from './journal.ts'

test.each([
  [decoder, 3_000],
  [journal, 120],
  [config, 400],
])('$name holds against input of anybody’s making', async (target, cases) => {
  const outcome = await fuzz(target, { seed: 1, casesMax: cases, forMs: 60_000, chapterCases: Math.ceil(cases / 3) })
  expect(outcome.failures.map(({ what, seed, cases: until }) => `${what} (--seed ${seed} --cases ${until})`)).toEqual(
    [],
  )
  expect(outcome.cases).toBe(cases)
  expect(Object.keys(outcome.outcomes).length).toBeGreaterThan(2)
})
