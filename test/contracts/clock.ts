/** The promises in ports/clock.ts, asked of one adapter. */
import { describe, expect, test } from 'vitest'
import type { Clock } from '#ports'

export type ClockUnderTest = {
  readonly clock: Clock
  /** Lets about this much time pass. */
  pass(ms: number): void | Promise<void>
}

export function keepsTheClockContract(name: string, open: () => ClockUnderTest): void {
  describe(`${name} keeps the clock contract`, () => {
    test('never goes backward', async () => {
      const { clock, pass } = open()
      let before = clock.monotonicNs()
      for (let round = 0; round < 10_000; round++) {
        const now = clock.monotonicNs()
        expect(now).toBeGreaterThanOrEqual(before)
        before = now
      }
      await pass(5)
      expect(clock.monotonicNs() - before).toBeGreaterThan(4e6)
    })

    test('both clocks tell the same interval when nobody steps the wall', async () => {
      const { clock, pass } = open()
      const startNs = clock.monotonicNs()
      const startWallNs = clock.wallNs()
      await pass(50)
      const elapsedNs = clock.monotonicNs() - startNs
      expect(Math.abs(Number(clock.wallNs() - startWallNs) - elapsedNs)).toBeLessThan(20e6)
    })

    test('the wall is Unix time in ns', () => {
      const { clock } = open()
      expect(clock.wallNs()).toBeGreaterThan(1_600_000_000_000_000_000n)
      expect(clock.wallNs()).toBeLessThan(4_000_000_000_000_000_000n)
    })
  })
}
