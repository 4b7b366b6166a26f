/**
 * Which user the server runs as. PostgreSQL refuses to run as root, so root hands it to a user without rights; everybody
 * else runs it as themselves. A database that exists already belongs to somebody, and stays theirs.
 */
import { stat } from 'node:fs/promises'
import { DatabaseError } from './database-error.ts'
import { runProgram, type ServerUser } from './run-program.ts'

const CANDIDATES = ['postgres', '_postgres', 'nobody']

/** The user to run the server of `cluster` as; `undefined`: as ourselves. Throws FLOW_DB_OWNER, FLOW_DB_FOLDER. */
export async function chooseServerUser(cluster: string): Promise<ServerUser | undefined> {
  const ourUid = process.getuid!()
  const owner = await stat(cluster).catch(() => undefined)
  if (owner !== undefined && ourUid !== 0 && owner.uid !== ourUid) {
    throw new DatabaseError(
      'FLOW_DB_OWNER',
      `the database in ${cluster} belongs to user ${owner.uid} and we are user ${ourUid}: run as that user or as root, or name another folder with --data`,
      { folder: cluster, owner: owner.uid, user: ourUid },
    )
  }
  if (ourUid !== 0) return undefined
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  for (const name of CANDIDATES) {
    const uid = await askId('-u', name)
    const gid = await askId('-g', name)
    if (uid !== undefined && gid !== undefined && uid !== 0) return { uid, gid }
  }
  throw new DatabaseError(
    'FLOW_DB_FOLDER',
    `PostgreSQL does not run as root, and none of the users ${CANDIDATES.join(', ')} exists: run as an ordinary user, or set DATABASE_URL`,
  )
}

/** Whether that user may do this to that path: the system itself is asked, so access lists and mounts count. */
export async function mayUse(
  user: ServerUser | undefined,
  path: string,
  what: 'enter' | 'run' | 'write',
): Promise<boolean> {
  const test = { enter: 'cd -- "$0"', run: '[ -x "$0" ] && [ -r "$0" ]', write: 'cd -- "$0" && [ -w . ]' }[what]
  const { code } = await runProgram('/bin/sh', ['-c', test, path], { user, limitMs: 10_000 })
  return code === 0
}

async function askId(flag: '-u' | '-g', name: string): Promise<number | undefined> {
  const { code, out } = await runProgram('id', [flag, name], { limitMs: 10_000 })
  const id = Number(out.trim())
  return code === 0 && Number.isSafeInteger(id) && out.trim() !== '' ? id : undefined
}
