/**
 * A lease on the server of a data folder. While anybody holds one, the server runs, and is started again at the same
 * address when it dies; whoever gives the last one back stops it. A holder that was killed counts for nothing.
 *
 *   open ── lock: lease, server running ──► held ── server gone ──► lock: running again ──► held
 *                                             └── release ── lock: last one? stop it
 */
import { mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { urlOf } from './database-access.ts'
import { codeOf, DatabaseError, textOf } from './database-error.ts'
import type { OnDatabaseEvent } from './database-event.ts'
import { ensureRunning, type RunningServer, type ServerOptions, STOP_LIMITS_MS } from './embedded-server.ts'
import { findPostmaster, stopPostmaster } from './postmaster.ts'
import { announce, listPresent, type Presence, withdraw } from './presence.ts'
import { seemsLiving } from './process-identity.ts'
import { limitLog, logPath } from './server-log.ts'
import { withLock } from './start-lock.ts'

export type EmbeddedOptions = {
  readonly dataFolder: string
  readonly onEvent: OnDatabaseEvent
  readonly signal?: AbortSignal | undefined
  readonly binariesFolder?: string | undefined
}

/** Longer than a recovery after a crash may take. */
const LOCK_LIMIT_MS = 660_000
const WATCH_EVERY_MS = 200
const LOG_LOOK_EVERY_MS = 60_000
const RESTART_MS_FIRST = 250
const RESTART_MS_MAX = 10_000
/** A server that lived this long has proven itself, and the next death is met at once again. */
const PROVEN_MS = 60_000

export class EmbeddedLease {
  readonly kind = 'embedded'
  readonly url: string
  readonly serverVersion: string
  readonly #server: ServerOptions
  readonly #folder: string
  readonly #presence: Presence
  readonly #ending = new AbortController()
  readonly #watching: Promise<void>
  #running: RunningServer
  #released: Promise<void> | undefined

  constructor(server: ServerOptions, folder: string, presence: Presence, running: RunningServer) {
    this.#server = server
    this.#folder = folder
    this.#presence = presence
    this.#running = running
    this.url = urlOf(running.access)
    this.serverVersion = running.version
    this.#watching = this.#watch()
  }

  /** Gives the lease back; the last holder waits here until the server has stopped. Safe to call again. */
  release(): Promise<void> {
    this.#released ??= this.#release()
    return this.#released
  }

  async #release(): Promise<void> {
    this.#ending.abort()
    await this.#watching
    const { onEvent } = this.#server
    await withLock(this.#folder, { onEvent, limitMs: LOCK_LIMIT_MS }, async () => {
      withdraw(this.#folder, this.#presence)
      if (listPresent(this.#folder, 'lease').length > 0) return
      const cluster = join(this.#running.access.home ?? this.#server.dataFolder, 'postgres')
      const postmaster = await findPostmaster(cluster)
      if (postmaster === undefined) return
      const startedMs = performance.now()
      const how = await stopPostmaster(postmaster, STOP_LIMITS_MS)
      onEvent({ kind: 'database_stopped', how, ms: Math.round(performance.now() - startedMs) })
    })
  }

  async #watch(): Promise<void> {
    const { signal } = this.#ending
    let retryInMs = RESTART_MS_FIRST
    let aliveSinceMs = performance.now()
    let logLookedMs = aliveSinceMs
    while (await pause(WATCH_EVERY_MS, signal)) {
      const nowMs = performance.now()
      if (nowMs - logLookedMs > LOG_LOOK_EVERY_MS) {
        logLookedMs = nowMs
        limitLog(logPath(this.#server.dataFolder))
      }
      if (seemsLiving(this.#running.postmaster)) continue
      this.#server.onEvent({ kind: 'database_died', pid: this.#running.postmaster.pid })
      if (nowMs - aliveSinceMs > PROVEN_MS) retryInMs = RESTART_MS_FIRST
      else if (!(await pause(retryInMs, signal))) return
      retryInMs = await this.#restart(retryInMs, signal)
      aliveSinceMs = performance.now()
    }
  }

  /** Tries until the server runs or the lease is given back; returns the next wait. */
  async #restart(retryInMs: number, signal: AbortSignal): Promise<number> {
    const { onEvent } = this.#server
    const startedMs = performance.now()
    for (let failures = 1; ; failures++) {
      try {
        const running = await withLock(this.#folder, { onEvent, limitMs: LOCK_LIMIT_MS, signal }, () =>
          ensureRunning(this.#server, true),
        )
        this.#running = running
        onEvent({
          kind: 'database_restarted',
          pid: running.postmaster.pid,
          afterMs: Math.round(performance.now() - startedMs),
        })
        return Math.min(RESTART_MS_MAX, retryInMs * 2)
      } catch (error) {
        if (signal.aborted) return retryInMs
        retryInMs = Math.min(RESTART_MS_MAX, retryInMs * 2)
        onEvent({ kind: 'database_restart_failed', reason: textOf(error), failures, retryInMs })
        if (!(await pause(retryInMs, signal))) return retryInMs
      }
    }
  }
}

/** A lease on the server of that folder, which runs when this resolves. Throws {@link DatabaseError}. */
export async function openEmbedded(options: EmbeddedOptions): Promise<EmbeddedLease> {
  const { onEvent, signal, binariesFolder } = options
  const { dataFolder, folder } = await makeFolders(options.dataFolder)
  const server = { dataFolder, onEvent, binariesFolder }
  try {
    return await withLock(folder, { onEvent, limitMs: LOCK_LIMIT_MS, signal }, async () => {
      const others = listPresent(folder, 'lease').length
      const presence = announce(folder, 'lease')
      try {
        return new EmbeddedLease(server, folder, presence, await ensureRunning(server, others > 0))
      } catch (error) {
        withdraw(folder, presence)
        throw error
      }
    })
  } catch (error) {
    if (error instanceof DatabaseError || signal?.aborted) throw error
    throw unusable(dataFolder, error)
  }
}

async function makeFolders(asked: string): Promise<{ readonly dataFolder: string; readonly folder: string }> {
  try {
    await mkdir(asked, { recursive: true })
    // The server is known by the folder it was started with, so that must always be the same words.
    const dataFolder = await realpath(asked)
    const folder = join(dataFolder, 'postgres-leases')
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return { dataFolder, folder }
  } catch (cause) {
    throw unusable(asked, cause)
  }
}

function unusable(folder: string, cause: unknown): DatabaseError {
  const message = `the data folder ${folder} cannot be used for a database: ${textOf(cause)}. Mend that, or name another one with --data`
  return new DatabaseError('FLOW_DB_FOLDER', message, { folder, reason: codeOf(cause) }, cause)
}

/** Whether the time passed; `false` when the lease is given back first. Keeps no program alive by itself. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal, ref: false })
    return true
  } catch {
    return false
  }
}
