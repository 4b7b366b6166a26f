/**
 * Runs the playback in real time: plays what is due, hands it to the sockets, waits.
 *
 * Late slots are caught up at once, so the mean rate holds whatever the timers do (they are about 1 ms coarse). At `max`
 * a socket that holds more than the high-water mark stops the clock for everyone until it has read; one that takes
 * nothing for `slowSocketMs` is cut, so that no wait is without end.
 */
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'
import type { Connection } from '../wire/connection.ts'
import type { Playback } from './playback.ts'

export type ClockOptions = {
  readonly isMax: boolean
  readonly highWaterBytes: number
  readonly slowSocketMs: number
  readonly connections: () => Iterable<Connection>
  readonly cut: (connection: Connection) => void
  readonly signal: AbortSignal
}

const BATCH_SLOTS = 512
const IDLE_WAIT_MS = 1
const LONGEST_WAIT_MS = 60_000

/** Resolves when the playback is done or the signal fires. */
export async function runClock(playback: Playback, startedMs: number, options: ClockOptions): Promise<void> {
  const { signal } = options
  while (!playback.isDone && !signal.aborted) {
    const receivers = playBatch(playback, performance.now() - startedMs)
    for (const connection of options.connections()) connection.flush()
    if (playback.isDone) break
    if (options.isMax) {
      await waitForSlowSockets(options)
      await (receivers === 0 ? wait(IDLE_WAIT_MS) : nextTurn())
      continue
    }
    const aheadMs = playback.dueMs(playback.slot) - (performance.now() - startedMs)
    await (aheadMs > 0 ? waitUpTo(aheadMs, signal) : nextTurn())
  }
}

/** Plays the slots that are due, at most one batch; returns how many frames were sent. */
function playBatch(playback: Playback, elapsedMs: number): number {
  let receivers = 0
  for (let count = 0; count < BATCH_SLOTS && !playback.isDone; count++) {
    if (playback.dueMs(playback.slot) > elapsedMs) break
    receivers += playback.play()
  }
  return receivers
}

async function waitUpTo(aheadMs: number, signal: AbortSignal): Promise<void> {
  await wait(Math.min(Math.max(1, aheadMs), LONGEST_WAIT_MS), undefined, { signal }).catch(() => undefined)
}

async function waitForSlowSockets({
  connections,
  highWaterBytes,
  slowSocketMs,
  cut,
  signal,
}: ClockOptions): Promise<void> {
  for (const connection of connections()) {
    let leastBytes = connection.bufferedBytes
    let tookAtMs = performance.now()
    while (connection.isOpen && connection.bufferedBytes > highWaterBytes && !signal.aborted) {
      await wait(IDLE_WAIT_MS)
      if (connection.bufferedBytes < leastBytes) {
        leastBytes = connection.bufferedBytes
        tookAtMs = performance.now()
      } else if (performance.now() - tookAtMs > slowSocketMs) cut(connection)
    }
  }
}
