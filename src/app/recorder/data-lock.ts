/**
 * One recorder for each data folder. The lock is a file that names its process; a recorder that died leaves it behind, and
 * the next one takes it over when that process is gone.
 *
 * A process id is used again by the system, so the time at which the process began is kept beside it where the system
 * tells it (Linux).
 */
import { randomUUID } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export class DataLockError extends Error {
  override readonly name = 'DataLockError'
  readonly code = 'FLOW_DATA_IN_USE'
  readonly pid: number

  constructor(folder: string, { pid, command }: Holder) {
    super(`${folder} is in use by process ${pid} (${command}): stop that one, or name another folder with --data`)
    this.pid = pid
  }
}

type Holder = { readonly pid: number; readonly began: string | undefined; readonly command: string }

const TRIES = 5

/** Takes the folder, making it if need be. Throws {@link DataLockError} when a living recorder has it. */
export function lockData(folder: string, command: string): { release(): void } {
  makeFolder(folder)
  const path = join(folder, 'recorder.lock')
  const mine: Holder = { pid: process.pid, began: beganOf(process.pid), command }
  const text = JSON.stringify(mine)
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if (linkInPlace(text, path)) {
      return {
        release() {
          if (readText(path) === text) rmQuietly(path)
        },
      }
    }
    const found = readText(path)
    const holder = parseHolder(found)
    if (holder !== undefined && isAlive(holder)) throw new DataLockError(folder, holder)
    if (found !== undefined) removeDead(path, found)
  }
  throw new DataLockError(folder, parseHolder(readText(path)) ?? { pid: 0, began: undefined, command: 'unknown' })
}

export class DataFolderError extends Error {
  override readonly name = 'DataFolderError'
  readonly code = 'FLOW_DATA_FOLDER'
}

/** Makes sure that the folder is there and may be written, or says in words why not. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
    const probe = join(folder, `.probe-${randomUUID()}`)
    writeFileSync(probe, '')
    rmQuietly(probe)
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException
    const why: Record<string, string> = {
      EACCES: 'this user may not write there',
      EPERM: 'this user may not write there',
      EROFS: 'the disk is mounted read-only',
      ENOENT: 'it cannot be made (read-only disk, or a broken link)',
      ENOSPC: 'the disk is full',
      EDQUOT: 'the disk quota is used up',
      EEXIST: 'there is a file of that name',
      ENOTDIR: 'a part of the path is a file',
    }
    const text = `${folder} cannot be the data folder: ${why[code] ?? 'it cannot be written'} (${code}); mend that, or name another with --data`
    throw new DataFolderError(text, { cause })
  }
}

/** Whether a living recorder has the folder. */
export function isRecording(folder: string): boolean {
  const holder = parseHolder(readText(join(folder, 'recorder.lock')))
  return holder !== undefined && isAlive(holder)
}

/** Puts a whole file in place, or answers `false` when there is one: nobody ever reads half a lock. */
function linkInPlace(text: string, path: string): boolean {
  const draft = `${path}.${randomUUID()}`
  writeFileSync(draft, text, { flag: 'wx', mode: 0o600 })
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  } finally {
    rmQuietly(draft)
  }
}

/**
 * Removes a dead lock. It is moved aside first and looked at: another recorder may have put its own there meanwhile, and
 * that one is put back.
 */
function removeDead(path: string, dead: string): void {
  const aside = `${path}.${randomUUID()}`
  try {
    renameSync(path, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  try {
    if (readText(aside) !== dead) linkSync(aside, path)
  } catch {
    // A third one was quicker: it has the folder, and the one moved aside finds its lock gone when it lets go.
  } finally {
    rmQuietly(aside)
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function parseHolder(text: string | undefined): Holder | undefined {
  try {
    const holder = JSON.parse(text ?? '') as Holder
    return Number.isSafeInteger(holder.pid) && holder.pid > 0 ? holder : undefined
  } catch {
    return undefined
  }
}

function isAlive({ pid, began }: Holder): boolean {
  if (pid === process.pid) return beganOf(pid) === began
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' && beganOf(pid) === began
  }
  return began === undefined || beganOf(pid) === began
}

/** When a process began, in clock ticks since boot; `undefined` where the system does not tell. */
function beganOf(pid: number): string | undefined {
  try {
    // The name in the second field may hold spaces and brackets: fields are counted from its last bracket.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

function rmQuietly(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Somebody else was quicker.
  }
}
