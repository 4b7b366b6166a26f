/** PostgreSQL that goes away in the middle of a recording and comes back: no book doubts, no memory is heaped up, nothing is lost. */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startExchange } from '#exchange'
import { withFolder } from '../store/database-support.ts'
import { DEMO } from '../support/captures.ts'
import { startPostgres } from '../support/postgres.ts'
import { accountOf, areAllValid, expectStored, startRecording, untilValid } from './stored-journal.ts'

const AWAY_MS = 30_000
const WARM_MS = 6_000
const BACK_MS = 6_000
/**
 * Most that the recorder's resident memory may grow over its highest before the server went away. The frames of that time
 * are 9 MB: this finds what keeps each attempt or connection, not a batch that is held once too often.
 */
const GROWTH_BYTES_MAX = 48 << 20

/** Resident bytes of a process; `undefined` where the system does not tell (other than Linux). */
function residentBytes(pid: number): number | undefined {
  try {
    const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return kib === undefined ? undefined : Number(kib) * 1024
  } catch {
    return undefined
  }
}

test('thirty seconds without its server leave no trace in a recording of 1,000 frames/s', () =>
  withFolder(async (data) => {
    const postgres = await startPostgres()
    const exchange = await startExchange({
      port: 0,
      keyType: 'ed25519',
      capture: DEMO,
      ratePerSecond: 1_000,
      loop: true,
    })
    const program = startRecording(exchange, data, { args: ['--database', postgres.url] })
    /** Highest resident memory of so many ms, in which every look finds every book valid. */
    const watch = async (ms: number): Promise<number> => {
      let most = 0
      for (const end = performance.now() + ms; performance.now() < end; await sleep(100)) {
        expect(await areAllValid(data)).toBe(true)
        most = Math.max(most, residentBytes(program.child.pid!) ?? 0)
      }
      return most
    }
    try {
      await untilValid(data)
      const before = await watch(WARM_MS)
      await postgres.halt()
      const away = await watch(AWAY_MS)
      await postgres.restart()
      const back = await watch(BACK_MS)
      expect(Math.max(away, back) - before).toBeLessThan(GROWTH_BYTES_MAX)
      program.kill('SIGTERM')
      const ended = await program.ended
      const told = accountOf(ended)
      expect([ended.code, told], ended.err).toMatchObject([
        0,
        { isComplete: true, breaks: 0, store: { state: 'complete' } },
      ])
      expect(program.logged('store_event').map(({ what }) => what)).toEqual(
        expect.arrayContaining(['failed', 'recovered']),
      )
      const { frames } = await expectStored(data, postgres.url)
      expect(frames).toBe(told.frames)
      expect(frames).toBeGreaterThan((WARM_MS + AWAY_MS + BACK_MS) * 0.9)
    } finally {
      program.kill('SIGKILL')
      await program.ended
      await exchange.close()
      await postgres.stop()
    }
  }))
