/** Many seeds, one after the other, and what they came to: for the tests and for the soak. */
import { INVARIANTS, type Invariant } from './invariants.ts'
import { describeViolation, type Outcome, simulate } from './simulation.ts'

/** `SEED=123` runs that one, and tells what happens in it. */
export const seedAskedFor = (): number | undefined =>
  process.env['SEED'] === undefined ? undefined : Number(process.env['SEED'])

export async function runSeeds(seeds: readonly number[]): Promise<Outcome[]> {
  const isTraced = seedAskedFor() !== undefined
  const outcomes: Outcome[] = []
  for (const seed of seeds) outcomes.push(await simulate(seed, (line) => process.stdout.write(`${line}\n`), isTraced))
  return outcomes
}

/**
 * Findings that are written down in docs/testing-simulation.md and not mended yet: told there, and not by every run again.
 * A seed stands here with what it breaks; any other that it breaks is told.
 */
const OPEN: Readonly<Record<number, readonly Invariant[]>> = {
  112: ['S8'],
  526: ['S8'],
}

/** Seeds that broke an invariant, in words, with the command that shows the first again; empty when there are none. */
export function complaints(outcomes: readonly Outcome[], invariant: Invariant): string {
  const broken = outcomes.flatMap(({ seed, violations }) =>
    violations
      .filter((each) => each.invariant === invariant && OPEN[seed]?.includes(invariant) !== true)
      .map((each) => ({ seed, each })),
  )
  if (broken.length === 0) return ''
  const [first] = broken
  const others = broken.length === 1 ? '' : `\n(seeds ${broken.map(({ seed }) => seed).join(', ')} break it)`
  return `${describeViolation(first!.seed, first!.each)}${others}`
}

export function sumOf(outcomes: readonly Outcome[], kind: 'faults' | 'reached'): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const outcome of outcomes) {
    for (const [name, times] of Object.entries(outcome[kind])) sum[name] = (sum[name] ?? 0) + times
  }
  return sum
}

export const INVARIANT_NAMES = Object.keys(INVARIANTS) as Invariant[]
