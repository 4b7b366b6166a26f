import { setTimeout as sleep } from 'node:timers/promises'
import { ManualClock, SystemClock } from '#journal'
import { keepsTheClockContract } from './clock.ts'

keepsTheClockContract('SystemClock', () => ({ clock: new SystemClock(), pass: (ms) => sleep(ms + 1) }))
keepsTheClockContract('ManualClock', () => {
  const clock = new ManualClock(1_800_000_000_000_000_000n)
  return { clock, pass: (ms) => clock.advance(ms * 1e6) }
})
