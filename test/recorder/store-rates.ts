/**
 * A program that records and stores at a rate, asked to stop: every frame it received is a row, at the end or, where the
 * deadline cut it short, after the next run. For the tests of a few seconds and of a minute.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { startExchange } from '#exchange'
import { withFolder } from '../store/database-support.ts'
import { DEMO } from '../support/captures.ts'
import { accountOf, expectStored, startRecording, untilValid } from './stored-journal.ts'

export const recordAndStore = (rate: number, seconds: number): Promise<void> =>
  withFolder(async (data) => {
    const exchange = await startExchange({
      port: 0,
      keyType: 'ed25519',
      capture: DEMO,
      ratePerSecond: rate,
      loop: true,
      copies: 20,
      startAfterMarkets: 120,
    })
    const program = startRecording(exchange, data)
    let again: ReturnType<typeof startRecording> | undefined
    try {
      await untilValid(data)
      await sleep(seconds * 1_000)
      program.kill('SIGTERM')
      const ended = await program.ended
      const told = accountOf(ended)
      expect([0, 3], ended.err).toContain(ended.code)
      expect(told).toMatchObject({ isComplete: true, breaks: 0, malformed: 0 })
      expect(told.frames).toBeGreaterThan(rate * seconds * 0.9)
      let frames = told.frames
      if (ended.code === 3) {
        again = startRecording(exchange, data, { args: ['--for', '2s'] })
        const madeUp = await again.ended
        expect([madeUp.code, accountOf(madeUp).store], madeUp.err).toMatchObject([0, { state: 'complete' }])
        frames += accountOf(madeUp).frames
      }
      expect((await expectStored(data)).frames).toBe(frames)
    } finally {
      program.kill('SIGKILL')
      again?.kill('SIGKILL')
      await Promise.all([program.ended, again?.ended])
      await exchange.close()
    }
  })
