/**
 * Which real faults this place can bring about: a file system of its own, another wall clock. A test asks here and skips
 * with the reason in its name; nothing is guessed from the name of the machine.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const PROBE_MS = 5_000

/** A small file system that only the started program sees: tmpfs in a user and mount namespace. */
export const canMountTmpfs = works('unshare', ['-Urm', 'sh', '-c', 'mount -t tmpfs -o size=1m none /mnt'])
export const NO_TMPFS = 'needs unshare -Urm, and tmpfs inside it'

/** The same as root, without a user namespace: PostgreSQL runs as another user then. */
export const canMountAsRoot =
  process.getuid?.() === 0 && works('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs -o size=1m none /mnt'])
export const NO_ROOT_MOUNT = 'needs root, and tmpfs in a mount namespace'

/** Processes found by what they were started with. */
export const hasProc = existsSync('/proc/self/cmdline')
export const NO_PROC = 'needs /proc'

/** Debian's libfaketime, and whether a program started with it runs at another time. */
export const FAKETIME_LIBRARY = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1',
].find((path) => existsSync(path))
export const NO_FAKETIME = 'needs libfaketime (apt-get install faketime)'

function works(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore', timeout: PROBE_MS }).status === 0
}
