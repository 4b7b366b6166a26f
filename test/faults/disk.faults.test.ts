/**
 * A disk of 16 MB that is full: by the journal itself, and then, to the last byte, by another file. Recording stops with its
 * cause, books live on, health is 503; with room it goes on, and the journal is whole again but for the hole it declares.
 */
import { rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { askRecorder } from '#app'
import { get, urlOf } from '../app/service-support.ts'
import { accountOf, areAllValid, untilValid } from '../recorder/stored-journal.ts'
import { accountFor, rowOf } from '../support/frame-accounting.ts'
import { readFrameNumbers } from '../support/frame-numbers.ts'
import { pointedAt, runThrough } from '../support/program.ts'
import { auditJournal, until } from '../support/recording.ts'
import { canMountTmpfs, NO_TMPFS } from './abilities.ts'
import { startExchangeProcess } from './exchange-process.ts'
import { openSmallDisk } from './small-disk.ts'
import { countHoles } from './told-holes.ts'

const DISK_MIB = 16
const BALLAST_MIB = 7
const FULL_MS_MAX = 60_000
/** How long it stays full: books have to live on for as long. */
const STAYS_FULL_MS = 1_500

test.skipIf(!canMountTmpfs)(
  `a disk of ${DISK_MIB} MB, full by itself and then by another: every frame is in the journal once or in the hole (${NO_TMPFS})`,
  async () => {
    const disk = await openSmallDisk(DISK_MIB)
    const ballast = join(disk.outside, 'ballast')
    const data = join(disk.outside, 'data')
    writeFileSync(ballast, Buffer.alloc(BALLAST_MIB << 20))
    const exchange = await startExchangeProcess(['--markets', '20', '--rate', '4000', '--life', '1h'])
    const markets = exchange.tickers.join(',')
    const program = runThrough(
      disk.through,
      ['record', '--no-store', '--data', join(disk.inside, 'data'), '--markets', markets, '--json'],
      { ...pointedAt(exchange), KALSHIFLOW_SEAL: 'no' },
    )
    try {
      const url = await urlOf(program)
      await untilValid(data)
      const health = async () => (await get(`${url}/rl/health`).catch(() => ({ status: 0 }))).status
      const status = () => askRecorder(data, { ask: 'status' })
      const expectFull = async () => {
        await until('health says so', async () => (await health()) === 503, FULL_MS_MAX)
        const { markets, frames } = await status()
        await sleep(STAYS_FULL_MS)
        expect(program.child.exitCode).toBe(null)
        expect(await areAllValid(data)).toBe(true)
        const later = await status()
        expect([later.markets, later.frames > frames]).toEqual([markets, true])
      }
      const expectRoom = async () => {
        rmSync(ballast)
        await until('health is good again', async () => (await health()) === 200, FULL_MS_MAX)
        await untilValid(data)
      }

      await expectFull()
      await expectRoom()
      fillToTheBrim(ballast)
      await expectFull()
      await expectRoom()

      program.kill('SIGTERM')
      const ended = await program.ended
      // Frames are missing, and it says so.
      expect([ended.code, accountOf(ended).isComplete]).toEqual([1, false])
      const journal = await readFrameNumbers(data)
      const account = accountFor(await exchange.sent(), journal)
      const closed = journal.gaps.filter(({ cause, toNs }) => cause === 'disk_full' && toNs !== undefined)
      process.stdout.write(`${rowOf(`disk of ${DISK_MIB} MB full, twice`, account, { holes: closed.length })}\n`)
      expect(account).toMatchObject({ doubled: 0, invented: 0, undeclared: [] })
      expect(account.lost['disk_full']).toBeGreaterThan(0)
      expect(Object.keys(account.lost).filter((cause) => cause !== 'disk_full' && cause !== 'stopped')).toEqual([])
      expect(closed.length).toBeGreaterThanOrEqual(2)
      expect((await auditJournal(data)).differing).toEqual([])
      expect(await countHoles(data)).toEqual({ disk_full: closed.length })
      const verify = ['verify', '--no-database', '--data', join(disk.inside, 'data')]
      const { code, err } = await runThrough(disk.through, verify).ended
      expect([code, err]).toEqual([0, ''])
    } finally {
      program.kill('SIGKILL')
      await program.ended
      await exchange.close()
      await disk.close()
    }
  },
)

/** Another program takes what is left, to the last block. */
function fillToTheBrim(file: string): void {
  try {
    writeFileSync(file, Buffer.alloc(DISK_MIB << 20))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
  expect(statfsSync(file).bavail).toBe(0)
}
