/**
 * Runs the world in real time: carries out what is due, moment by moment, hands it to the sockets, waits.
 *
 * Timers are about 1 ms coarse and the loop may be busy: what is late is caught up at once, in order, and says in its
 * `ts_ms` when it was due. Between two slices of catching up clients are heard.
 */
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'
import type { Stage } from '../venue.ts'

/** Real time spent on carrying out before the sockets and the clients have their turn. */
const SLICE_MS = 10
const LONGEST_WAIT_MS = 1_000

export type Moments = {
  /** Unix ms of the next moment at which something is due. */
  nextMs(): number
  /** Carries out what is due at this moment. */
  advance(toMs: number): void
}

/** Resolves when the signal fires. */
export async function runWorld(
  { signal, sockets }: Pick<Stage, 'signal' | 'sockets'>,
  nowMs: () => number,
  moments: Moments,
): Promise<void> {
  while (!signal.aborted) {
    const sliceEndMs = performance.now() + SLICE_MS
    let dueMs = moments.nextMs()
    while (dueMs <= nowMs() && performance.now() < sliceEndMs) {
      moments.advance(dueMs)
      dueMs = moments.nextMs()
    }
    for (const socket of sockets()) socket.flush()
    const aheadMs = dueMs - nowMs()
    if (aheadMs <= 0) await nextTurn()
    else await wait(Math.min(Math.max(1, aheadMs), LONGEST_WAIT_MS), undefined, { signal }).catch(() => undefined)
  }
}
