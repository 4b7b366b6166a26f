/**
 * Files whose names say which living process stands behind them: `lease-4711-9f2c…-a1b2c3d4`. The name is the whole
 * content, so making one is atomic and there is no half-written one; one whose process has ended counts for nothing and
 * is removed by whoever sees it. Leases and the start lock are both such files.
 */
import { randomBytes } from 'node:crypto'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { identifySelf, isLiving, type ProcessIdentity } from './process-identity.ts'

export type PresenceKind = 'lease' | 'lock'
export type Presence = ProcessIdentity & { readonly name: string }

/** Makes a file in this process's name and returns what to withdraw later. */
export function announce(folder: string, kind: PresenceKind): Presence {
  const { pid, start } = identifySelf()
  const name = `${kind}-${pid}-${start}-${randomBytes(4).toString('hex')}`
  writeFileSync(join(folder, name), '', { flag: 'wx', mode: 0o600 })
  return { pid, start, name }
}

/** Removes the file; one that is gone already is fine. */
export function withdraw(folder: string, presence: Presence): void {
  rmSync(join(folder, presence.name), { force: true })
}

/** Everybody living who announced this kind, ourselves too. Files of the dead are removed where that is allowed. */
export function listPresent(folder: string, kind: PresenceKind): Presence[] {
  const present: Presence[] = []
  for (const name of readdirSync(folder)) {
    const found = /^([a-z]+)-(\d+)-([0-9a-f]+)-[0-9a-f]{8}$/.exec(name)
    if (found?.[1] !== kind) continue
    const presence = { pid: Number(found[2]), start: found[3]!, name }
    if (isLiving(presence)) {
      present.push(presence)
      continue
    }
    try {
      withdraw(folder, presence)
    } catch {
      // Somebody else's folder: the file counts for nothing all the same.
    }
  }
  return present
}
