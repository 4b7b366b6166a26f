/**
 * Which process a number means. A process number alone is used again, soon so in a container; with the boot and the
 * moment the process started it is unique on this machine.
 *
 * Linux is read from /proc; elsewhere `ps` is asked. Two machines or two process namespaces on one folder cannot see each
 * other here.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'

export type ProcessIdentity = { readonly pid: number; readonly start: string }

/** A process that is there and may not be looked at. */
const UNREADABLE = 'unreadable'
const onLinux = process.platform === 'linux'
let bootId: string | undefined
let self: ProcessIdentity | undefined

/** This process. */
export function identifySelf(): ProcessIdentity {
  self ??= identify(process.pid) ?? { pid: process.pid, start: '0' }
  return self
}

/** The living process of that number; `undefined` when there is none, or it has ended and only waits to be collected. */
export function identify(pid: number): ProcessIdentity | undefined {
  const start = startOf(pid)
  return start === undefined ? undefined : { pid, start }
}

/** Whether exactly that process lives. In doubt it does: the dead do no harm for a while, ending the living would. */
export function isLiving({ pid, start }: ProcessIdentity): boolean {
  const found = startOf(pid)
  return found === start || found === UNREADABLE
}

/** As {@link isLiving}, cheap enough to ask often: without /proc it does not notice that a number was used again. */
export function seemsLiving(identity: ProcessIdentity): boolean {
  return onLinux ? isLiving(identity) : isThere(identity.pid)
}

/** The words a process was started with and the folder it works in, as far as they may be read. */
export function describeProcess(pid: number): { readonly command: string; readonly folder: string | undefined } {
  if (!onLinux) return { command: askPs(pid, 'command=') ?? '', folder: undefined }
  const command = readOr(`/proc/${pid}/cmdline`, '').replaceAll('\0', ' ')
  // Only the same user and root may follow this link.
  return { command, folder: linkOr(`/proc/${pid}/cwd`) }
}

function startOf(pid: number): string | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0 || !isThere(pid)) return undefined
  if (!onLinux) {
    const started = askPs(pid, 'lstart=')
    return started === undefined ? undefined : shorten(started)
  }
  const stat = readOr(`/proc/${pid}/stat`, '')
  // Gone in the meantime, or a process of somebody else that the system hides.
  if (stat === '') return isThere(pid) ? UNREADABLE : undefined
  // The command's name, in brackets, may hold anything; the fields are counted from its end (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state] = fields
  const ticks = fields[19]
  if (ticks === undefined || state === 'Z' || state === 'X') return undefined
  bootId ??= readOr('/proc/sys/kernel/random/boot_id', '')
  return shorten(`${bootId}${ticks}`)
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function shorten(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

function askPs(pid: number, field: string): string | undefined {
  try {
    const options = { encoding: 'utf8', timeout: 5_000, env: { PATH: '/bin:/usr/bin', LC_ALL: 'C' } } as const
    const said = execFileSync('ps', ['-ww', '-o', field, '-p', String(pid)], {
      ...options,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return said.trim() || undefined
  } catch {
    return undefined
  }
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return otherwise
  }
}

function linkOr(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
