/**
 * A disk of a few MiB that can really be full: tmpfs in a user and mount namespace, which only programs started in it see.
 * From outside its files are reached through /proc, so that a test may ask the recorder and read its journal.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type SmallDisk = {
  /** Its folder as programs inside see it, and as this process reaches it. */
  readonly inside: string
  readonly outside: string
  /** What stands before a command so that it runs inside. */
  readonly through: readonly string[]
  close(): Promise<void>
}

/** `asRoot`: without a user namespace, for programs that must be able to become another user; only root may. */
export async function openSmallDisk(mebibytes: number, { asRoot = false } = {}): Promise<SmallDisk> {
  const inside = mkdtempSync(join(tmpdir(), 'kalshiflow-disk-'))
  const mount = `mount -t tmpfs -o size=${mebibytes}m none '${inside}' && echo mounted && exec cat`
  const holder: ChildProcess = spawn('unshare', [asRoot ? '-m' : '-Urm', 'sh', '-c', mount], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [said] = (await once(holder.stdout!, 'data')) as [Buffer]
  if (!said.toString().includes('mounted')) throw new Error(`no tmpfs could be mounted: ${said}`)
  const { pid } = holder
  return {
    inside,
    outside: `/proc/${pid}/root${inside}`,
    through: ['nsenter', '-t', String(pid), ...(asRoot ? ['-m'] : ['-U', '-m', '--preserve-credentials'])],
    close: async () => {
      const ended = once(holder, 'close')
      holder.stdin!.end()
      await ended
      rmSync(inside, { recursive: true, force: true })
    },
  }
}
