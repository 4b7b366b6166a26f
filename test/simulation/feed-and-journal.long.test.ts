/** The same worlds as feed-and-journal.test.ts, 250 others; with those of feed-and-journal-more.long.test.ts 500. */
import { beforeAll, describe, expect, test } from 'vitest'
import { INVARIANTS } from './invariants.ts'
import { complaints, INVARIANT_NAMES, runSeeds } from './runs.ts'
import type { Outcome } from './simulation.ts'

const FIRST_SEED = 51
const SEEDS = 250

describe(`a recorder, its store and its copy where everything fails (${SEEDS} further seeds)`, () => {
  let outcomes: Outcome[] = []
  beforeAll(async () => {
    outcomes = await runSeeds(Array.from({ length: SEEDS }, (_, index) => FIRST_SEED + index))
  }, 240_000)

  test.each(INVARIANT_NAMES.map((name) => [name, INVARIANTS[name]] as const))('%s: %s', (name) => {
    expect(complaints(outcomes, name)).toBe('')
  })
})
