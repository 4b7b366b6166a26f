/** The recorder and its own database server, killed again and again: every frame of the journal is a row once, and only once. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startExchange } from '#exchange'
import { serversUnder, withFolder } from '../store/database-support.ts'
import { DEMO } from '../support/captures.ts'
import type { Running } from '../support/program.ts'
import { until } from '../support/recording.ts'
import { accountOf, expectStored, startRecording, untilValid } from './stored-journal.ts'

const ROUNDS = 20
const WAIT_MS_MIN = 200
const WAIT_MS_MAX = 2_000
/** Rounds in which the database server is killed while the recorder goes on, and in which both are at once; odd ones. */
const SERVER_KILLED: ReadonlySet<number> = new Set([5, 15])
const BOTH_KILLED: ReadonlySet<number> = new Set([9, 17])
/** How long a recorder goes on after its server was killed: it starts another one meanwhile. */
const WITHOUT_SERVER_MS = 1_000

/** No row waits for another, so that nearly every instant lies within a transaction: a kill between two proves nothing. */
const ALWAYS_WRITING = { RL_ORDERBOOK_BATCH_SIZE: '1' }
/** Making a database takes 2 s, and a server that was killed is recovered at its next start. */
const OPEN_MS_MAX = 30_000

/** Spread evenly between the two, early and late ones mixed: 7 and 20 have no common divisor. */
const waitMs = (round: number): number =>
  WAIT_MS_MIN + ((WAIT_MS_MAX - WAIT_MS_MIN) * ((round * 7) % ROUNDS)) / (ROUNDS - 1)

const isStoring = (program: Running): boolean => program.logged('store_event').some(({ what }) => what === 'opened')

const kill = (pids: readonly number[]): void => {
  for (const pid of pids) process.kill(pid, 'SIGKILL')
}

test('killed at twenty instants, its server at four of them, it has stored every frame once at the end', () =>
  withFolder(async (data) => {
    const exchange = await startExchange({
      port: 0,
      keyType: 'ed25519',
      capture: DEMO,
      ratePerSecond: 1_000,
      loop: true,
    })
    let program = startRecording(exchange, data, { settings: ALWAYS_WRITING })
    try {
      for (let round = 0; round < ROUNDS; round++) {
        // Even rounds count from the start, so that some never open the database; odd ones from when rows are written.
        if (round % 2 === 1) await until('the store writes', () => isStoring(program), OPEN_MS_MAX)
        await sleep(waitMs(round))
        const servers = serversUnder(data)
        if (SERVER_KILLED.has(round)) {
          expect(servers).not.toEqual([])
          kill(servers)
          await sleep(WITHOUT_SERVER_MS)
        }
        expect(program.child.exitCode, program.err()).toBe(null)
        program.kill('SIGKILL')
        if (BOTH_KILLED.has(round)) kill(servers)
        expect((await program.ended).signal).toBe('SIGKILL')
        program = startRecording(exchange, data, { settings: ALWAYS_WRITING })
      }
      await untilValid(data)
      await until('the store writes', () => isStoring(program), OPEN_MS_MAX)
      await sleep(1_000)
      program.kill('SIGTERM')
      const ended = await program.ended
      expect([ended.code, accountOf(ended)], ended.err).toMatchObject([
        0,
        { isComplete: true, store: { state: 'complete', quarantined: 0 } },
      ])
      const { frames, deltas } = await expectStored(data)
      expect(frames).toBeGreaterThan(ROUNDS * 200)
      expect(deltas).toBeGreaterThan(ROUNDS * 150)
    } finally {
      program.kill('SIGKILL')
      await program.ended
      await exchange.close()
    }
  }))
