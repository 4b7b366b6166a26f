/**
 * The wall clock set an hour ahead and back, and drawn near by small steps, under a recorder that is at work: libfaketime
 * changes what it reads of the wall and leaves the steady clock alone. The exchange and the database keep the real time.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type ClockStepBody, RECORD } from '#domain'
import { decodeJson, FileDisk, openCursor } from '#journal'
import { accountOf, expectStored, startRecording, untilValid } from '../recorder/stored-journal.ts'
import { withFolder } from '../store/database-support.ts'
import { accountFor, rowOf } from '../support/frame-accounting.ts'
import { readFrameNumbers } from '../support/frame-numbers.ts'
import { startPostgres } from '../support/postgres.ts'
import { until } from '../support/recording.ts'
import { FAKETIME_LIBRARY, NO_FAKETIME } from './abilities.ts'
import { type ExchangeProcess, startExchangeProcess } from './exchange-process.ts'
import { countHoles } from './told-holes.ts'

const HOUR_S = 3_600
/** The recorder looks at the wall once a second. */
const NOTICED_MS = 2_500
/** Steps as a clock that is slewed fast makes them: 10 ms in every 200, one part in twenty. */
const SLEW = { steps: 20, stepS: 0.01, everyMs: 200 }

/** A recorder whose wall clock is off by what stands in a file. */
function withClock(exchange: ExchangeProcess, data: string, file: string, database: string) {
  return startRecording(exchange, data, {
    args: ['--database', database],
    settings: {
      LD_PRELOAD: FAKETIME_LIBRARY ?? '',
      DONT_FAKE_MONOTONIC: '1',
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_CACHE_DURATION: '1',
    },
  })
}

test.skipIf(FAKETIME_LIBRARY === undefined)(
  `the wall an hour ahead, an hour back, and slewed: each step is a new epoch, and no frame is lost (${NO_FAKETIME})`,
  () =>
    withFolder(async (data) => {
      const file = join(data, 'faketime')
      const set = (offsetS: number) => writeFileSync(file, `${offsetS < 0 ? '' : '+'}${offsetS.toFixed(3)}s\n`)
      set(0)
      const postgres = await startPostgres()
      const exchange = await startExchangeProcess(['--capture', 'demo', '--loop', '--rate', '2000'])
      const program = withClock(exchange, data, file, postgres.url)
      const steps = async () => (await clockSteps(data)).length
      try {
        await untilValid(data)
        for (const offsetS of [HOUR_S, 0, -HOUR_S, 0]) {
          const before = await steps()
          set(offsetS)
          await until('the step is told', async () => (await steps()) > before)
          await sleep(500)
        }
        for (let step = 1; step <= SLEW.steps; step++) {
          set(step * SLEW.stepS)
          await sleep(SLEW.everyMs)
        }
        await sleep(NOTICED_MS)
        expect(await steps()).toBe(4)
        await untilValid(data)
        program.kill('SIGTERM')
        const ended = await program.ended
        expect([ended.code, accountOf(ended)]).toMatchObject([0, { isComplete: true, store: { quarantined: 0 } }])
        const stored = await expectStored(data, postgres.url)
        const account = accountFor(await exchange.sent(), await readFrameNumbers(data))
        const told = await clockSteps(data)
        process.stdout.write(
          `${rowOf('wall clock +1 h, back, −1 h, back, slewed', account, { epochs: told.length + 1, 'frames journaled': stored.frames, 'of them deltas stored': stored.deltas })}\n`,
        )
        expect(account).toMatchObject({ doubled: 0, invented: 0, undeclared: [] })
        expect(Object.keys(account.lost).filter((cause) => cause !== 'stopped')).toEqual([])
        const hours = told.map(({ oldNs, newNs }) => Math.round(Number(BigInt(newNs) - BigInt(oldNs)) / 3.6e12))
        expect(hours).toEqual([1, -1, -1, 1])
        expect(await countHoles(data)).toEqual({})
      } finally {
        program.kill('SIGKILL')
        await program.ended
        await exchange.close()
        await postgres.stop()
      }
    }),
)

async function clockSteps(data: string): Promise<ClockStepBody[]> {
  const steps: ClockStepBody[] = []
  for await (const block of openCursor({ disk: new FileDisk(), folder: `${data}/journal` })) {
    while (block.next()) if (block.type === RECORD.CLOCK_STEP) steps.push(decodeJson<ClockStepBody>(block.body())!)
  }
  return steps
}
