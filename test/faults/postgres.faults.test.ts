/** The recorder's own PostgreSQL frozen, stopped and killed while 2,000 frames a second come in: not a frame waits for it. */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { accountOf, expectStored, startRecording, untilValid } from '../recorder/stored-journal.ts'
import { serversUnder, withFolder } from '../store/database-support.ts'
import { accountFor, rowOf } from '../support/frame-accounting.ts'
import { readFrameNumbers } from '../support/frame-numbers.ts'
import { until } from '../support/recording.ts'
import { hasProc, NO_PROC } from './abilities.ts'
import { untilCaughtUp } from './caught-up.ts'
import { startExchangeProcess } from './exchange-process.ts'
import { countHoles } from './told-holes.ts'

const FROZEN_MS = 2_000
/** A killed server is recovered at its next start. */
const AGAIN_MS_MAX = 30_000

/** What an operator, the kernel or a hanging disk does to a server; the last one to all of its processes. */
const FAULTS = ['frozen', 'stopped fast', 'stopped at once', 'killed', 'killed with all its backends'] as const

test.skipIf(!hasProc)(
  `${FAULTS.join(', ')}: every frame is journaled meanwhile, and a row once afterwards (${NO_PROC})`,
  () =>
    withFolder(async (data) => {
      const exchange = await startExchangeProcess(['--capture', 'demo', '--loop', '--rate', '2000'])
      const program = startRecording(exchange, data)
      try {
        await untilValid(data)
        for (const fault of FAULTS) {
          await untilCaughtUp(data)
          // Its backends go by names of their own.
          const [postmaster] = serversUnder(data) as [number]
          const all = [postmaster, ...childrenOf(postmaster)]
          if (fault === 'frozen') {
            signal(all, 'SIGSTOP')
            await sleep(FROZEN_MS)
            signal(all, 'SIGCONT')
          } else if (fault === 'stopped fast') signal([postmaster], 'SIGINT')
          else if (fault === 'stopped at once') signal([postmaster], 'SIGQUIT')
          else signal(fault === 'killed' ? [postmaster] : all, 'SIGKILL')
          if (fault !== 'frozen')
            await until('another server runs', () => serversUnder(data).some((pid) => pid !== postmaster), AGAIN_MS_MAX)
        }
        await untilCaughtUp(data)
        program.kill('SIGTERM')
        const ended = await program.ended
        expect([ended.code, accountOf(ended)]).toMatchObject([0, { isComplete: true, store: { quarantined: 0 } }])
        const stored = await expectStored(data)
        const account = accountFor(await exchange.sent(), await readFrameNumbers(data))
        process.stdout.write(
          `${rowOf(`PostgreSQL: ${FAULTS.join(', ')}`, account, { 'frames journaled': stored.frames, 'of them deltas stored': stored.deltas })}\n`,
        )
        expect(account).toMatchObject({ doubled: 0, invented: 0, undeclared: [] })
        // What came while it stopped, and nothing before.
        expect(Object.keys(account.lost).filter((cause) => cause !== 'stopped')).toEqual([])
        expect(await countHoles(data)).toEqual({})
      } finally {
        program.kill('SIGKILL')
        await program.ended
        await exchange.close()
      }
    }),
)

const signal = (pids: readonly number[], name: NodeJS.Signals): void => {
  for (const pid of pids) {
    try {
      process.kill(pid, name)
    } catch {
      // It ended meanwhile, with its parent.
    }
  }
}

/** From /proc/PID/stat; the name before it may hold spaces. */
function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return 0
  }
}

const childrenOf = (pid: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((each) => parentOf(each) === pid)
