/** Every target for some seconds with seeds of this commit: `npm run fuzz -- --minutes N` draws new ones. */
import { expect, test } from 'vitest'
import { fuzz } from './fuzz-loop.ts'
import { TARGETS } from './targets.ts'

test.each(TARGETS)('$name holds for some seconds', { timeout: 60_000 }, async (target) => {
  const outcome = await fuzz(target, { seed: 1_000, casesMax: Number.MAX_SAFE_INTEGER, forMs: 3_000 })
  expect(outcome.failures.map(({ what, seed, cases }) => `${what} (--seed ${seed} --cases ${cases})`)).toEqual([])
  expect(outcome.cases).toBeGreaterThan(100)
})
