/**
 * What recorded production frames show, beside what the simulated world may differ from it. docs/exchange-world.md says
 * where each comes from. The ends are for the mean over the seeds of one run.
 */
import { measureWorld, type WorldAsked, type WorldFigures } from './world-figures.ts'

export type Target = {
  readonly what: string
  readonly recorded: string
  readonly low: number
  readonly high: number
  readonly read: (figures: WorldFigures) => number
}

/** The world that is compared: as many markets as a client may well follow, some of them busy. */
export const COMPARED = { markets: 200, framesPerSecond: 1000 } as const

export const TARGETS: readonly Target[] = [
  {
    what: 'frames a second, over those asked for',
    recorded: '1',
    low: 0.95,
    high: 1.05,
    read: ({ framesPerSecond }) => framesPerSecond / COMPARED.framesPerSecond,
  },
  {
    what: 'busy markets: p50 of an active second, over the mean',
    recorded: '0.70 to 0.80',
    low: 0.65,
    high: 0.85,
    read: ({ burst }) => burst.p50,
  },
  {
    what: 'busy markets: p99 over the mean',
    recorded: '4.3 to 4.8',
    low: 3.5,
    high: 5.8,
    read: ({ burst }) => burst.p99,
  },
  {
    what: 'busy markets: most over the mean',
    recorded: '9.6 to 10.6',
    low: 6,
    high: 25,
    read: ({ burst }) => burst.max,
  },
  {
    what: 'deltas in pairs +q −q',
    recorded: '0.50 to 0.54',
    low: 0.42,
    high: 0.58,
    read: ({ pairShare }) => pairShare,
  },
  {
    what: 'deltas with a fraction of a contract',
    recorded: '0.13 to 0.18',
    low: 0.13,
    high: 0.18,
    read: ({ fractionalShare }) => fractionalShare,
  },
  { what: 'plain books: YES levels, p50', recorded: '8', low: 4, high: 13, read: ({ levels }) => levels.yes },
  { what: 'plain books: NO levels, p50', recorded: '24', low: 19, high: 28, read: ({ levels }) => levels.no },
  { what: 'plain books: most levels', recorded: '99', low: 60, high: 180, read: ({ levels }) => levels.max },
  { what: 'busy books: levels a side, p50', recorded: '75', low: 65, high: 95, read: ({ busyLevels }) => busyLevels },
  { what: 'plain books: spread in cents, p50', recorded: '3', low: 2, high: 4, read: ({ spreadCents }) => spreadCents },
  {
    what: 'plain books with one side',
    recorded: '0.29',
    low: 0.2,
    high: 0.38,
    read: ({ oneSidedShare }) => oneSidedShare,
  },
  {
    what: 'plain books that are empty',
    recorded: '0.067',
    low: 0.02,
    high: 0.11,
    read: ({ emptyShare }) => emptyShare,
  },
  { what: 'trade size, p50', recorded: '17 to 40', low: 17, high: 40, read: ({ tradeSize }) => tradeSize.p50 },
  { what: 'trade size, p99', recorded: '2,000', low: 1200, high: 2400, read: ({ tradeSize }) => tradeSize.p99 },
  {
    what: 'trades within 1 ms of the one before',
    recorded: '0.19 to 0.26',
    low: 0.19,
    high: 0.29,
    read: ({ tradesTogether }) => tradesTogether,
  },
  {
    what: 'deltas that leave a book crossed or locked',
    recorded: '0.0004',
    low: 0.0001,
    high: 0.001,
    read: ({ crossedShare }) => crossedShare,
  },
  { what: 'crossed after its ts_ms', recorded: '0', low: 0, high: 0, read: ({ crossedLater }) => crossedLater },
  {
    what: 'longest run of crossed deltas',
    recorded: '19',
    low: 1,
    high: 19,
    read: ({ crossedRunMax }) => crossedRunMax,
  },
  {
    what: 'busy books: cancels in the largest purge',
    recorded: '304 to 785',
    low: 150,
    high: 785,
    read: ({ purges }) => purges.max,
  },
]

export type Compared = Target & { readonly found: number; readonly isWithin: boolean }

/** Measures one world for each seed, and compares the mean over them with the targets. */
export function compare(seeds: readonly number[], seconds: number): readonly Compared[] {
  const measured = seeds.map((seed) => measureWorld({ ...COMPARED, seed, seconds } satisfies WorldAsked))
  return TARGETS.map((target) => {
    const values = measured.map(target.read).filter((value) => !Number.isNaN(value))
    const found = values.reduce((sum, value) => sum + value, 0) / values.length
    return { ...target, found, isWithin: found >= target.low && found <= target.high }
  })
}
