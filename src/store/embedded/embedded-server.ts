/**
 * Gets the server of a data folder running, whatever was there before: nothing, a living server, a dead one's remains,
 * files of another version. The caller holds the start lock, so nobody else does the same meanwhile.
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type Binaries, findPackage, prepareBinaries } from './binaries.ts'
import { keepAside, makeCluster, readClusterVersion, renewPassword } from './cluster.ts'
import {
  DATABASE,
  type DatabaseAccess,
  findFreePort,
  makePassword,
  readAccess,
  urlOf,
  writeAccess,
} from './database-access.ts'
import { codeOf, DatabaseError, textOf } from './database-error.ts'
import type { OnDatabaseEvent } from './database-event.ts'
import { chooseHome } from './database-home.ts'
import { findPostmaster, launch, type Postmaster, stopPostmaster } from './postmaster.ts'
import type { ServerUser } from './run-program.ts'
import { limitLog, logPath } from './server-log.ts'
import { chooseServerUser, mayUse } from './server-user.ts'

export type ServerOptions = {
  /** Absolute, without links. */
  readonly dataFolder: string
  readonly onEvent: OnDatabaseEvent
  /** The folder with `bin`, `lib` and `share`; this platform's package when not given. */
  readonly binariesFolder?: string | undefined
}

export type RunningServer = {
  readonly postmaster: Postmaster
  readonly access: DatabaseAccess
  readonly version: string
}

/** How long a stop may take before the next, harder way. */
export const STOP_LIMITS_MS = { fast: 30_000, immediate: 10_000, killed: 5_000 } as const
/** Remains of a server that was killed are gone within seconds; a port that another program took may never come back. */
const START_TRIES = 12
const RETRY_MS_FIRST = 100
const RETRY_MS_MAX = 2_000
/** Reading the log after a crash may take this long, and so may a stop. */
const ADOPT_LIMIT_MS = 600_000
const ADOPT_POLL_MS = 20
const ANSWER_LIMIT_MS = 10_000
const NO_SUCH_DATABASE = '3D000'
const WRONG_PASSWORD = '28P01'

/**
 * A server that answers with our password. `keepPort`: others hold leases, so the address must stay.
 * Throws FLOW_DB_NO_BINARY, FLOW_DB_FOLDER, FLOW_DB_OWNER, FLOW_DB_INIT, FLOW_DB_START.
 */
export async function ensureRunning(options: ServerOptions, keepPort: boolean): Promise<RunningServer> {
  const { dataFolder, onEvent } = options
  const known = await readAccess(dataFolder)
  const cluster = join(known?.home ?? dataFolder, 'postgres')
  const adopted = await adopt(cluster, known, keepPort, onEvent)
  if (adopted !== undefined) return adopted

  const startedMs = performance.now()
  const native = options.binariesFolder ?? findPackage()
  const prepared = await prepareFiles(options, native, known, cluster)
  let { access } = prepared
  let mayRenew = true
  const log = logPath(dataFolder)
  limitLog(log)
  let retryInMs = RETRY_MS_FIRST
  for (let tries = 1; ; tries++) {
    const result = await launch({ ...prepared, port: access.port, log, onEvent })
    let reason: string
    if (result.kind === 'ready') {
      const { postmaster } = result
      try {
        const version = await askVersion(access)
        const ms = Math.round(performance.now() - startedMs)
        onEvent({ kind: 'database_started', pid: postmaster.pid, port: access.port, ms })
        return { postmaster, access, version }
      } catch (error) {
        await stopPostmaster(postmaster, STOP_LIMITS_MS)
        // The files came from elsewhere, such as a backup, with a password of their own.
        if (codeOf(error) === WRONG_PASSWORD && mayRenew) {
          mayRenew = false
          await renewPassword(prepared.cluster, prepared.binaries, prepared.user, access.password)
          onEvent({ kind: 'database_password_renewed' })
          continue
        }
        reason = textOf(error)
      }
    } else reason = result.reason
    if (result.kind === 'failed' || tries >= START_TRIES) throw wouldNotStart(prepared.cluster, reason)
    if (result.kind === 'port_taken' && !keepPort) {
      access = { ...access, port: await findFreePort() }
      await writeAccess(dataFolder, access)
      continue
    }
    onEvent({ kind: 'database_start_retried', reason, retryInMs })
    await sleep(retryInMs)
    retryInMs = Math.min(RETRY_MS_MAX, retryInMs * 2)
    const other = await adopt(prepared.cluster, access, keepPort, onEvent)
    if (other !== undefined) return other
  }
}

/** The server that runs already, if it lets us in; one that is stopping is waited for. */
async function adopt(
  cluster: string,
  known: DatabaseAccess | undefined,
  isLeased: boolean,
  onEvent: OnDatabaseEvent,
): Promise<RunningServer | undefined> {
  const deadlineMs = performance.now() + ADOPT_LIMIT_MS
  for (;;) {
    const postmaster = await findPostmaster(cluster)
    if (postmaster === undefined) return undefined
    // Nobody knows its password any more, so nobody can be using it.
    if (known === undefined) {
      await stopPostmaster(postmaster, STOP_LIMITS_MS)
      return undefined
    }
    if (postmaster.status === 'ready') {
      const access = { ...known, port: postmaster.port }
      try {
        const version = await askVersion(access)
        onEvent({ kind: 'database_adopted', pid: postmaster.pid, port: postmaster.port })
        return { postmaster, access, version }
      } catch (error) {
        const isLockedOut = codeOf(error) === WRONG_PASSWORD
        if (isLockedOut && !isLeased) {
          await stopPostmaster(postmaster, STOP_LIMITS_MS)
          return undefined
        }
        // One that is about to end refuses too; whether it does shows in the next round.
        if (isLockedOut || performance.now() > deadlineMs) throw shutOut(cluster, postmaster, error)
      }
    }
    if (performance.now() > deadlineMs) throw shutOut(cluster, postmaster, `it says "${postmaster.status}"`)
    await sleep(ADOPT_POLL_MS)
  }
}

type Prepared = {
  readonly binaries: Binaries
  readonly cluster: string
  readonly user: ServerUser | undefined
  readonly access: DatabaseAccess
}

/** The programs, the files and the address, each made if it is missing. */
async function prepareFiles(
  { dataFolder, onEvent }: ServerOptions,
  native: string,
  known: DatabaseAccess | undefined,
  knownCluster: string,
): Promise<Prepared> {
  const user = await chooseServerUser(knownCluster)
  const isUsable = await mayUse(user, knownCluster, 'write')
  const place = isUsable ? { folder: known?.home ?? dataFolder, reason: undefined } : await chooseHome(dataFolder, user)
  const home = place.folder
  const cluster = join(home, 'postgres')
  if (place.reason !== undefined) {
    onEvent({ kind: 'database_elsewhere', wanted: dataFolder, folder: home, reason: place.reason })
  }
  const binaries = await prepareBinaries(native, home, user, onEvent)

  const found = await readClusterVersion(cluster)
  // A database outside belongs to the data folder whose access file names it; without that it is an earlier folder's.
  const isOrphan = found !== 'absent' && known?.home === undefined && home !== dataFolder
  const mustMake = found !== binaries.major || isOrphan
  const access: DatabaseAccess = {
    port: known?.port ?? (await findFreePort()),
    password: (mustMake ? undefined : known?.password) ?? makePassword(),
    home: home === dataFolder ? undefined : home,
  }
  if (!mustMake && known !== undefined) return { binaries, cluster, user, access }

  // The password is on disk before the database that needs it.
  await writeAccess(dataFolder, access)
  if (!mustMake) {
    await renewPassword(cluster, binaries, user, access.password)
    onEvent({ kind: 'database_password_renewed' })
    return { binaries, cluster, user, access }
  }
  if (found !== 'absent') {
    const what = found === 'unreadable' ? 'no database' : isOrphan ? 'of an earlier data folder' : `PostgreSQL ${found}`
    await keepAside(cluster, what, `PostgreSQL ${binaries.major}`, onEvent)
  }
  const startedMs = performance.now()
  await makeCluster(cluster, binaries, user, access.password)
  const ms = Math.round(performance.now() - startedMs)
  onEvent({ kind: 'database_created', folder: cluster, serverVersion: binaries.version, ms })
  return { binaries, cluster, user, access }
}

/** The server's version as it tells it, for example `18.4`. Makes our database where it is missing. */
async function askVersion(access: DatabaseAccess): Promise<string> {
  const connect = (database?: string) => ({
    connectionString: urlOf(access, database),
    connectionTimeoutMillis: ANSWER_LIMIT_MS,
    query_timeout: ANSWER_LIMIT_MS,
  })
  try {
    return await askOnce(connect())
  } catch (error) {
    if (codeOf(error) !== NO_SUCH_DATABASE) throw error
  }
  await askOnce(connect('postgres'), `CREATE DATABASE ${DATABASE}`)
  return await askOnce(connect())
}

async function askOnce(config: pg.ClientConfig, statement?: string): Promise<string> {
  const client = new pg.Client(config)
  client.on('error', () => {})
  try {
    await client.connect()
    if (statement !== undefined) await client.query(statement)
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version')
    return rows[0]!.server_version
  } finally {
    await client.end().catch(() => {})
  }
}

function shutOut(cluster: string, { pid }: Postmaster, cause: unknown): DatabaseError {
  const message = `the database server of ${cluster}, process ${pid}, runs and does not let us in: ${textOf(cause)}. End that process and try again`
  return new DatabaseError('FLOW_DB_START', message, { folder: cluster, pid }, cause)
}

function wouldNotStart(cluster: string, reason: string): DatabaseError {
  const message = `the database in ${cluster} would not start: ${reason}. Mend that and start again, or set DATABASE_URL`
  return new DatabaseError('FLOW_DB_START', message, { folder: cluster })
}
