/**
 * One program at a time starts, stops or takes a lease on the server of a data folder.
 *
 * Who wants the lock announces itself and then looks: if anybody else living has announced itself, it withdraws and tries
 * again a random moment later. Of two that announce, the later one sees the earlier, so never do both go on; a dead
 * program's file counts for nothing, so there is no stale lock to break.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { DatabaseError } from './database-error.ts'
import type { OnDatabaseEvent } from './database-event.ts'
import { announce, listPresent, type Presence, withdraw } from './presence.ts'

export type LockOptions = {
  readonly onEvent: OnDatabaseEvent
  /** How long to wait for another program. It must outlast a server's recovery after a crash. */
  readonly limitMs: number
  readonly signal?: AbortSignal | undefined
}

const PAUSE_MS = 20

/** Runs `work` while holding the lock of the folder. Throws FLOW_DB_LOCK when the limit runs out first. */
export async function withLock<T>(folder: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const held = await acquire(folder, options)
  try {
    return await work()
  } finally {
    withdraw(folder, held)
  }
}

async function acquire(folder: string, { onEvent, limitMs, signal }: LockOptions): Promise<Presence> {
  const deadlineMs = performance.now() + limitMs
  let told: number | undefined
  for (;;) {
    signal?.throwIfAborted()
    const holder = listPresent(folder, 'lock')[0]
    if (holder === undefined) {
      const ours = announce(folder, 'lock')
      if (listPresent(folder, 'lock').every(({ name }) => name === ours.name)) return ours
      withdraw(folder, ours)
    } else {
      if (performance.now() > deadlineMs) throw tooLong(folder, holder, limitMs)
      if (told !== holder.pid) onEvent({ kind: 'database_waiting', holderPid: holder.pid })
      told = holder.pid
    }
    await sleep(PAUSE_MS * (0.25 + Math.random()), undefined, { signal })
  }
}

function tooLong(folder: string, { pid }: Presence, limitMs: number): DatabaseError {
  const seconds = Math.round(limitMs / 1_000)
  const message = `process ${pid} has been starting or stopping the database of ${folder} for more than ${seconds} s: end that process and try again`
  return new DatabaseError('FLOW_DB_LOCK', message, { folder, pid, seconds })
}
