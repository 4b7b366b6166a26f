/**
 * Journal and PostgreSQL on one disk that is filled to the last byte: the database fails as it does, recording stops with
 * its cause, and with room both go on: every frame that is in the journal is a row, once.
 */
import { chmodSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { askRecorder } from '#app'
import { areAllValid, untilValid } from '../recorder/stored-journal.ts'
import { accountFor } from '../support/frame-accounting.ts'
import { readFrameNumbers } from '../support/frame-numbers.ts'
import { pointedAt, runThrough } from '../support/program.ts'
import { until } from '../support/recording.ts'
import { canMountAsRoot, NO_ROOT_MOUNT } from './abilities.ts'
import { untilCaughtUp } from './caught-up.ts'
import { startExchangeProcess } from './exchange-process.ts'
import { openSmallDisk } from './small-disk.ts'

const DISK_MIB = 400
/** How long it stays full: the database meets it in its log, its tables and its checkpoints. */
const STAYS_FULL_MS = 12_000

test.skipIf(!canMountAsRoot)(
  `a full disk under journal and database: both go on with room, and every frame journaled is a row once (${NO_ROOT_MOUNT})`,
  async () => {
    const disk = await openSmallDisk(DISK_MIB, { asRoot: true })
    // PostgreSQL runs as another user and has to reach its folder.
    chmodSync(disk.outside, 0o755)
    const ballast = join(disk.outside, 'ballast')
    const data = join(disk.outside, 'data')
    const inside = join(disk.inside, 'data')
    const exchange = await startExchangeProcess(['--markets', '20', '--rate', '2000', '--life', '1h'])
    const markets = exchange.tickers.join(',')
    const program = runThrough(
      disk.through,
      ['record', '--no-serve', '--data', inside, '--markets', markets, '--json'],
      pointedAt(exchange),
    )
    try {
      await until('it answers', () => areAllValid(data).catch(() => false), 60_000)
      await untilCaughtUp(data)
      const status = () => askRecorder(data, { ask: 'status' })
      fill(ballast)
      await until('recording has stopped', async () => (await status()).disk?.full === true, 30_000)
      await sleep(STAYS_FULL_MS)
      expect(program.child.exitCode).toBe(null)
      expect(await areAllValid(data)).toBe(true)
      const { store, frames_unrecorded } = await status()
      const met = `store ${store?.state}, ${store?.failures} failures, ${store?.restarts} restarts, ${frames_unrecorded} frames unrecorded`
      rmSync(ballast)
      await until('recording goes on', async () => (await status()).disk?.full === false, 30_000)
      await untilValid(data)
      await untilCaughtUp(data)
      program.kill('SIGTERM')
      const ended = await program.ended
      expect(ended.code).toBe(1)
      const account = accountFor(await exchange.sent(), await readFrameNumbers(data))
      const events = program.logged('database_event').map(({ what }) => what)
      process.stdout.write(`full disk with database: ${met}; database: ${events.join(', ')}\n`)
      expect(account).toMatchObject({ doubled: 0, invented: 0, undeclared: [] })
      expect(account.lost['disk_full']).toBeGreaterThan(0)
      const verify = runThrough(disk.through, ['verify', '--data', inside, '--json'])
      const proved = await verify.ended
      expect([proved.code, JSON.parse(proved.out).faults]).toEqual([0, []])
    } finally {
      program.kill('SIGKILL')
      await program.ended
      await exchange.close()
      await disk.close()
    }
  },
)

function fill(file: string): void {
  for (let part = 0; statfsSync(join(file, '..')).bavail > 0; part++) {
    try {
      writeFileSync(file, Buffer.alloc(16 << 20), { flag: part === 0 ? 'w' : 'a' })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }
}
