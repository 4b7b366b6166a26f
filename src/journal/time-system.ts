/** The machine's time as a {@link Time}. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Time } from '#ports'
import { pause } from './retry.ts'

export const SYSTEM_TIME: Time = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  sleep: pause,
  every: (ms, run) => {
    const timer = setInterval(run, ms).unref()
    return () => clearInterval(timer)
  },
  turn: () => nextTurn(),
}
