/**
 * Where the server's own files stand: in the data folder, or, where the server's user cannot work there, in a folder of
 * ours named after it. Whether a place will do is tried out, not worked out: modes, access lists, mounts and file systems
 * without owners all count.
 */
import { createHash, randomBytes } from 'node:crypto'
import { chmod, chown, lstat, mkdir, rm, stat } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseError, textOf } from './database-error.ts'
import type { ServerUser } from './run-program.ts'
import { mayUse } from './server-user.ts'

export type Home = {
  readonly folder: string
  /** Why it is not the data folder; `undefined` when it is. */
  readonly reason: string | undefined
}

/** The first place that will do. Throws FLOW_DB_FOLDER, with what is wrong with each, when none does. */
export async function chooseHome(dataFolder: string, user: ServerUser | undefined): Promise<Home> {
  const reason = await findFault(dataFolder, user, false)
  if (reason === undefined) return { folder: dataFolder, reason: undefined }
  const faults = [`${dataFolder}: ${reason}`]
  for (const folder of otherPlaces(dataFolder)) {
    const fault = await findFault(folder, user, true)
    if (fault === undefined) return { folder, reason }
    faults.push(`${folder}: ${fault}`)
  }
  const message = `no folder for the database: ${faults.join('; ')}. Choose a --data folder that the user can use, or set DATABASE_URL`
  throw new DatabaseError('FLOW_DB_FOLDER', message, { folder: dataFolder })
}

/** Makes an empty folder that only the server's user may enter. */
export async function makePrivateFolder(folder: string, user: ServerUser | undefined): Promise<void> {
  await mkdir(folder, { mode: 0o700 })
  if (user !== undefined) await chown(folder, user.uid, user.gid)
  await chmod(folder, 0o700)
}

function otherPlaces(dataFolder: string): string[] {
  const key = createHash('sha256').update(dataFolder).digest('hex').slice(0, 16)
  const uid = process.getuid!()
  const lasting = uid === 0 ? '/var/lib/kalshiflow' : join(homedir(), '.local', 'state', 'kalshiflow')
  return [join(lasting, key), join(tmpdir(), `kalshiflow-${uid}-${key}`)]
}

/** What keeps the server's user from having a private folder there; `undefined`: nothing. */
async function findFault(
  folder: string,
  user: ServerUser | undefined,
  mustBeOurs: boolean,
): Promise<string | undefined> {
  const trial = join(folder, `postgres-trial-${randomBytes(4).toString('hex')}`)
  try {
    await mkdir(folder, { recursive: true, mode: 0o755 })
    const found = await lstat(folder)
    // In a shared place anybody could have made it first, and would own what goes into it.
    const isOurs = found.isDirectory() && found.uid === process.getuid!() && (found.mode & 0o022) === 0
    if (mustBeOurs && !isOurs) return 'it is there already and others may change it'
    await makePrivateFolder(trial, user)
    if (((await stat(trial)).mode & 0o077) !== 0) return 'its file system cannot keep a folder private'
    if (!(await mayUse(user, trial, 'write'))) return `user ${user?.uid ?? process.getuid!()} cannot reach it`
    return undefined
  } catch (error) {
    return textOf(error)
  } finally {
    await rm(trial, { recursive: true, force: true }).catch(() => {})
  }
}
