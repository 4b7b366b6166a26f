/** SIGKILL at random instants, at 2,000 frames a second: what was sent, journaled, stored, doubled, lost and declared. */
import { expect, test } from 'vitest'
import { expectStored } from '../recorder/stored-journal.ts'
import { withFolder } from '../store/database-support.ts'
import { rowOf } from '../support/frame-accounting.ts'
import { killAgainAndAgain } from './kills.ts'
import { countHoles } from './told-holes.ts'

const KILLS = Number(process.env['KILLS'] ?? 20)
const SEED = Number(process.env['SEED'] ?? 1)
/** A commit interval of 5 ms and the disk's sync, on a machine that has other work; one kill may meet it in a long pause. */
const WINDOW_MEDIAN_MS_MAX = 250
const WINDOW_MS_MAX = 5_000

test(`killed ${KILLS} times, it has every frame once, but for the last moment before each kill, which it declares`, () =>
  withFolder(async (data) => {
    const killed = await killAgainAndAgain(data, { kills: KILLS, seed: SEED, ratePerSecond: 2_000 }, (line) =>
      process.stdout.write(`${line}\n`),
    )
    const { frames, deltas, trades } = await expectStored(data)
    const holes = await countHoles(data)
    const windows = [...killed.windowsMs].sort((a, b) => a - b)
    const [median = 0, longest = 0] = [windows[windows.length >> 1], windows.at(-1)].map((ms) => Math.round(ms ?? 0))
    process.stdout.write(
      `${rowOf(`SIGKILL ×${KILLS} (seed ${SEED})`, killed, { 'in flow': killed.inFlow, 'frames journaled': frames, 'of them deltas stored': deltas, 'trades stored': trades, holes: JSON.stringify(holes), 'window ms median': median, longest })}\n`,
    )
    expect(killed).toMatchObject({ doubled: 0, invented: 0, undeclared: [], isComplete: true })
    expect(Object.keys(killed.lost).filter((cause) => cause !== 'process_down' && cause !== 'stopped')).toEqual([])
    expect(Object.keys(holes)).toEqual(['process_down'])
    expect(holes['process_down']).toBeGreaterThanOrEqual(killed.inFlow)
    expect(holes['process_down']).toBeLessThanOrEqual(KILLS)
    expect(killed.inFlow).toBeGreaterThanOrEqual(Math.floor(KILLS / 2))
    expect(median).toBeLessThan(WINDOW_MEDIAN_MS_MAX)
    expect(longest).toBeLessThan(WINDOW_MS_MAX)
  }))
