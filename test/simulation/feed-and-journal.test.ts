/**
 * Feed, journal, store and API view in worlds that go wrong: one process, one seed, no socket, no file, no real time. What each world does
 * is in weather.ts, what must hold in invariants.ts.
 *
 * A seed that breaks something prints the command that repeats it; `SEED=123` runs that seed alone and tells every frame.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { INVARIANTS } from './invariants.ts'
import { complaints, INVARIANT_NAMES, runSeeds, seedAskedFor, sumOf } from './runs.ts'
import { type Outcome, SETTLE_MS_MAX, simulate } from './simulation.ts'

const asked = seedAskedFor()
const seeds = asked === undefined ? Array.from({ length: 50 }, (_, index) => index + 1) : [asked]

describe(`a recorder, its store and its copy on a lossy link, a failing disk and a failing database (${seeds.length} seeds)`, () => {
  let outcomes: Outcome[] = []
  beforeAll(async () => {
    outcomes = await runSeeds(seeds)
  }, 200_000)

  test.each(INVARIANT_NAMES.map((name) => [name, INVARIANTS[name]] as const))('%s: %s', (name) => {
    expect(complaints(outcomes, name)).toBe('')
  })

  test.runIf(asked === undefined)('has met every fault, and every answer to one', () => {
    const faults = sumOf(outcomes, 'faults')
    for (const fault of FAULTS) expect(faults[fault] ?? 0, fault).toBeGreaterThan(0)
    const reached = sumOf(outcomes, 'reached')
    for (const answer of ANSWERS) expect(reached[answer] ?? 0, answer).toBeGreaterThan(0)
    for (const { seed, settledMs, booksCompared, statesCompared, readers } of outcomes) {
      expect(settledMs, `seed ${seed}`).toBeLessThan(SETTLE_MS_MAX)
      expect(
        booksCompared * statesCompared * readers.viewsCompared * readers.rows,
        `seed ${seed} compared something`,
      ).toBeGreaterThan(0)
    }
  })

  test('is the same world again with the same seed', async () => {
    const [first] = outcomes
    expect(await simulate(first!.seed)).toEqual(first)
  })
})

const FAULTS = [
  'drop',
  'repeat',
  'delay',
  'corrupt',
  'unknown_type',
  'stall',
  'disconnect',
  'lost_in_flight',
  'handshake_429',
  'handshake_failed',
  'handshake_hung',
  'command_ignored',
  'error_10',
  'error_18',
  'error_25',
  'error_27',
  'untold_change',
  'emptied_book',
  'operator',
  'wall_step',
  'disk_full',
  'write_failed',
  'sync_failed',
  'create_failed',
  'frame_refused',
  'process_killed',
  'power_loss',
  'half_open',
  'new_field',
  'database_refused',
  'database_cut',
  'database_cut_after',
  'database_late',
  'database_hang',
  'database_away',
  'store_crashed',
  'second_store',
  'store_read_failed',
  'view_read_failed',
  'view_cut',
  'view_restarted',
]

const ANSWERS = [
  'torn_tail_cut',
  'backpressure_pause',
  'backpressure_resume',
  'backpressure_stall',
  'backpressure_room',
  'owed',
  'lost_sequence_break',
  'lost_terminal_error',
  'lost_subscribe_timeout',
  'lost_own_backpressure',
  'disk_full',
  'disk_room',
]
