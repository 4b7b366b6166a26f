/**
 * The server's process: whether it lives, starting it, stopping it.
 *
 * It runs in a session of its own, so that Ctrl-C in our terminal and our own end do not reach it. What `postmaster.pid`
 * says is believed only when that process works for that very folder: after a crash the number may mean anybody.
 */
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Binaries } from './binaries.ts'
import { codeOf, DatabaseError } from './database-error.ts'
import type { OnDatabaseEvent } from './database-event.ts'
import { describeProcess, identify, isLiving, type ProcessIdentity } from './process-identity.ts'
import { CHILD_ENVIRONMENT, type ServerUser } from './run-program.ts'
import { logSize, readLogSince } from './server-log.ts'
import { startArguments } from './server-settings.ts'

export type Postmaster = ProcessIdentity & {
  readonly port: number
  readonly status: 'starting' | 'stopping' | 'ready' | 'standby' | undefined
}

export type Launch =
  | { readonly kind: 'ready'; readonly postmaster: Postmaster }
  /** The port was taken between the look and the start. */
  | { readonly kind: 'port_taken'; readonly reason: string }
  /** Processes of a server that died still hold its memory, or another server of this folder is there. */
  | { readonly kind: 'busy'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }

const POLL_MS = 10
/** Recovery after a crash reads at most `max_wal_size` of log; a disk that needs longer than this is not usable. */
const READY_LIMIT_MS = 600_000
const RECOVERING_EVERY_MS = 10_000

/** The living server of that folder; `undefined` when there is none. */
export async function findPostmaster(cluster: string): Promise<Postmaster | undefined> {
  const lines = await readLockFile(cluster)
  const identity = identify(Number(lines[0]))
  if (identity === undefined) return undefined
  const { command, folder } = describeProcess(identity.pid)
  if (folder !== cluster && !`${command} `.includes(`-D ${cluster} `)) return undefined
  return { ...identity, port: Number(lines[3] ?? 0), status: statusIn(lines) }
}

/** Starts the server and waits until it takes connections. The caller holds the start lock. */
export async function launch(options: {
  readonly binaries: Binaries
  readonly cluster: string
  readonly port: number
  readonly user: ServerUser | undefined
  readonly log: string
  readonly onEvent: OnDatabaseEvent
}): Promise<Launch> {
  const { binaries, cluster, port, user, log, onEvent } = options
  await clearStranger(cluster)
  const logFrom = logSize(log)
  const logFile = openSync(log, 'a', 0o600)
  let ended: string | undefined
  const child = spawn(binaries.postgres, startArguments(cluster, port), {
    ...user,
    cwd: '/',
    env: CHILD_ENVIRONMENT,
    stdio: ['ignore', logFile, logFile],
    detached: true,
  })
  closeSync(logFile)
  child.on('error', (error) => {
    ended = `it could not be run: ${error.message}`
  })
  child.on('exit', (code, signal) => {
    ended = `it ended with ${signal ?? `code ${code}`}`
  })
  child.unref()
  const startedMs = performance.now()
  let toldMs = startedMs
  while (ended === undefined) {
    await sleep(POLL_MS)
    const lines = await readLockFile(cluster)
    if (Number(lines[0]) === child.pid && statusIn(lines) === 'ready') {
      const identity = identify(child.pid!)
      if (identity !== undefined) return { kind: 'ready', postmaster: { ...identity, port, status: 'ready' } }
    }
    const nowMs = performance.now()
    if (nowMs - startedMs > READY_LIMIT_MS) {
      child.kill('SIGQUIT')
      return { kind: 'failed', reason: `it was not ready after ${READY_LIMIT_MS / 1_000} s; its log is ${log}` }
    }
    if (nowMs - toldMs > RECOVERING_EVERY_MS) {
      onEvent({ kind: 'database_recovering', afterMs: Math.round(nowMs - startedMs) })
      toldMs = nowMs
    }
  }
  return judge(ended, readLogSince(log, logFrom), log)
}

/** Stops the server: asks fast, then at once, then kills. Throws FLOW_DB_STOP when even that fails. */
export async function stopPostmaster(
  postmaster: ProcessIdentity,
  limitsMs: { readonly fast: number; readonly immediate: number; readonly killed: number },
): Promise<'fast' | 'immediate' | 'killed'> {
  const steps = [
    ['fast', 'SIGINT'],
    ['immediate', 'SIGQUIT'],
    ['killed', 'SIGKILL'],
  ] as const
  for (const [how, signal] of steps) {
    try {
      if (isLiving(postmaster)) process.kill(postmaster.pid, signal)
    } catch (error) {
      if (codeOf(error) !== 'ESRCH') throw unstoppable(postmaster, codeOf(error))
    }
    if (await hasEnded(postmaster, limitsMs[how])) return how
  }
  throw unstoppable(postmaster, 'it does not end')
}

async function hasEnded(postmaster: ProcessIdentity, limitMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + limitMs
  while (isLiving(postmaster)) {
    if (performance.now() > deadlineMs) return false
    await sleep(POLL_MS)
  }
  return true
}

/**
 * PostgreSQL refuses to start while the process its lock file names lives, whoever that is. The file of a dead process it
 * clears by itself, so only a stranger's is removed here. That no process of the old server still uses the files,
 * PostgreSQL checks once more by its shared memory.
 */
async function clearStranger(cluster: string): Promise<void> {
  const [pid] = await readLockFile(cluster)
  if (pid === undefined || identify(Number(pid)) === undefined) return
  if ((await findPostmaster(cluster)) === undefined) await rm(join(cluster, 'postmaster.pid'), { force: true })
}

function judge(ended: string, said: string, log: string): Launch {
  const fatal = /FATAL: {2}(.*)/.exec(said)?.[1]
  const reason = `${ended}${fatal === undefined ? '' : ` (${fatal})`}; its log is ${log}`
  if (/could not bind .*Address already in use|could not create any TCP/.test(said))
    return { kind: 'port_taken', reason }
  if (/still in use|lock file "postmaster\.pid" already exists|lock file .* is empty/.test(said))
    return { kind: 'busy', reason }
  return { kind: 'failed', reason }
}

/** The lines of `postmaster.pid`: process, folder, start, port, socket folder, address, memory, status. Empty: no file. */
async function readLockFile(cluster: string): Promise<string[]> {
  try {
    return (await readFile(join(cluster, 'postmaster.pid'), 'utf8')).split('\n')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

function statusIn(lines: readonly string[]): Postmaster['status'] {
  const status = lines[7]?.trim()
  return status === 'starting' || status === 'stopping' || status === 'ready' || status === 'standby'
    ? status
    : undefined
}

function unstoppable({ pid }: ProcessIdentity, why: string): DatabaseError {
  return new DatabaseError('FLOW_DB_STOP', `the database server, process ${pid}, cannot be stopped: ${why}`, { pid })
}
