/**
 * One recorder for each data folder. The lock is a file that names its process; a recorder that died leaves it behind, and
 * the next one takes it over when that process is gone.
 *
 * A process id is used again by the system, so the time at which the process began is kept beside it where the system
 * tells it (Linux).
 */
import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
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
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'recorder.lock')
  const mine: Holder = { pid: process.pid, began: beganOf(process.pid), command }
  const text = JSON.stringify(mine)
  for (let attempt = 0; attempt < TRIES; attempt++) {
    try {
      writeFileSync(path, text, { flag: 'wx', mode: 0o600 })
      return {
        release() {
          if (readHolder(path)?.pid === mine.pid) rmQuietly(path)
        },
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const holder = readHolder(path)
    if (holder !== undefined && isAlive(holder)) throw new DataLockError(folder, holder)
    // Moved aside first: of two that find a dead lock, one moves it and the other tries again.
    const aside = `${path}.${randomUUID()}`
    try {
      renameSync(path, aside)
      rmQuietly(aside)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  throw new DataLockError(folder, { pid: 0, began: undefined, command: 'unknown' })
}

function readHolder(path: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8')) as Holder
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
