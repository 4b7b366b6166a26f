/**
 * Runs the playback in real time: plays what is due, hands it to the sockets, waits.
 *
 * Late slots are caught up at once, so the mean rate holds whatever the timers do (they are about 1 ms coarse). At `max`
 * a socket that holds more than the high-water mark stops the clock for everyone until it has read; one that takes
 * nothing for `slowSocketMs` is cut, so that no wait is without end.
 */
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'
import type { Stage, StageSocket } from '../venue.ts'
import type { Playback } from './playback.ts'

export type ClockOptions = {
  readonly isMax: boolean
  readonly highWaterBytes: number
  readonly slowSocketMs: number
}

const BATCH_SLOTS = 512
const IDLE_WAIT_MS = 1
const LONGEST_WAIT_MS = 60_000

/** Resolves when the playback is done or the signal fires. */
export async function runClock(playback: Playback, stage: Stage, options: ClockOptions): Promise<void> {
  const { signal, startedMs } = stage
  while (!playback.isDone && !signal.aborted) {
    const receivers = playBatch(playback, performance.now() - startedMs)
    for (const socket of stage.sockets()) socket.flush()
    if (playback.isDone) break
    if (options.isMax) {
      await waitForSlowSockets(stage, options)
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

async function waitForSlowSockets(stage: Stage, options: ClockOptions): Promise<void> {
  for (const socket of stage.sockets()) await waitForSlowSocket(socket, stage, options)
}

async function waitForSlowSocket(
  socket: StageSocket,
  { cut, signal }: Stage,
  { highWaterBytes, slowSocketMs }: ClockOptions,
): Promise<void> {
  let leastBytes = socket.bufferedBytes
  let tookAtMs = performance.now()
  while (socket.isOpen && socket.bufferedBytes > highWaterBytes && !signal.aborted) {
    await wait(IDLE_WAIT_MS)
    if (socket.bufferedBytes < leastBytes) {
      leastBytes = socket.bufferedBytes
      tookAtMs = performance.now()
    } else if (performance.now() - tookAtMs > slowSocketMs) cut(socket)
  }
}
