/**
 * The server's files: made where there are none, kept aside where they are of another major version or no database at
 * all. Nothing is ever deleted here but what an interrupted attempt of ours left behind.
 */
import { randomBytes } from 'node:crypto'
import { chown, lstat, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Binaries } from './binaries.ts'
import { USER } from './database-access.ts'
import { codeOf, DatabaseError } from './database-error.ts'
import type { OnDatabaseEvent } from './database-event.ts'
import { makePrivateFolder } from './database-home.ts'
import { runProgram, type ServerUser } from './run-program.ts'
import { initArguments } from './server-settings.ts'

const INIT_LIMIT_MS = 120_000
const UNFINISHED = 'postgres-unfinished-'

/**
 * What stands there: the major version of a database, `absent`, or `unreadable` for anything else.
 */
export async function readClusterVersion(cluster: string): Promise<number | 'absent' | 'unreadable'> {
  if ((await lstat(cluster).catch(() => undefined)) === undefined) return 'absent'
  try {
    const text = await readFile(join(cluster, 'PG_VERSION'), 'utf8')
    return /^\d+\s*$/.test(text) ? Number(text) : 'unreadable'
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return 'unreadable'
    throw error
  }
}

/** Renames what stands there and says so. */
export async function keepAside(
  cluster: string,
  found: string,
  needed: string,
  onEvent: OnDatabaseEvent,
): Promise<void> {
  const time = new Date().toISOString().replaceAll(/[:.]/g, '-')
  const keptAt = join(dirname(cluster), `${basename(cluster)}-${found.replaceAll(/\W+/g, '-')}-${time}`)
  await rename(cluster, keptAt)
  onEvent({ kind: 'database_kept_aside', found, needed, keptAt })
}

/** Makes a database of our own, whole or not at all. Throws FLOW_DB_INIT. */
export async function makeCluster(
  cluster: string,
  binaries: Binaries,
  user: ServerUser | undefined,
  password: string,
): Promise<void> {
  const home = dirname(cluster)
  await clearUnfinished(home)
  const unfinished = join(home, `${UNFINISHED}${randomBytes(4).toString('hex')}`)
  await makePrivateFolder(unfinished, user)
  const made = join(unfinished, 'files')
  const passwordFile = join(unfinished, 'password')
  try {
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
    if (user !== undefined) await chown(passwordFile, user.uid, user.gid)
    const { code, failure, err } = await runProgram(binaries.initdb, initArguments(made, USER, passwordFile), {
      user,
      limitMs: INIT_LIMIT_MS,
    })
    if (code !== 0)
      throw failed(
        cluster,
        failure ??
          (err.trim().split('\n').at(-1) || `initdb ended ${code === null ? 'by a signal' : `with code ${code}`}`),
      )
    await rename(made, cluster)
    await syncFolder(home)
  } finally {
    await removeAll(unfinished)
  }
}

/**
 * Gives the database another password, for when the one it has is not known any more. It must not be running: this is
 * PostgreSQL's single-user mode, which asks for no password and opens no port. Throws FLOW_DB_INIT.
 */
export async function renewPassword(
  cluster: string,
  binaries: Binaries,
  user: ServerUser | undefined,
  password: string,
): Promise<void> {
  const { code, err } = await runProgram(binaries.postgres, ['--single', '-D', cluster, 'postgres'], {
    user,
    input: `ALTER USER ${USER} PASSWORD '${password}'\n`,
    limitMs: INIT_LIMIT_MS,
  })
  const fault = /(?:ERROR|FATAL|PANIC): {2}.*/.exec(err)?.[0]
  if (code !== 0 || fault !== undefined) throw failed(cluster, fault ?? `single-user mode ended with code ${code}`)
}

async function clearUnfinished(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    if (name.startsWith(UNFINISHED)) await removeAll(join(home, name))
  }
}

/** Removes a folder into which the `initdb` of a program that was killed may still write for a moment. */
async function removeAll(folder: string): Promise<void> {
  // What cannot be removed now is in nobody's way, and is tried again at the next making.
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }).catch(() => {})
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function failed(cluster: string, why: string): DatabaseError {
  const message = `a database could not be made in ${cluster}: ${why}. Free space or choose another --data folder, or set DATABASE_URL`
  return new DatabaseError('FLOW_DB_INIT', message, { folder: cluster })
}
