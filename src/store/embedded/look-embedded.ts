/** What there is of an embedded server, without starting, making or linking anything: for `doctor`. */
import { join, resolve } from 'node:path'
import { findPackage, hasLinks, tryOut } from './binaries.ts'
import { readClusterVersion } from './cluster.ts'
import { readAccess, urlOf } from './database-access.ts'
import { codeOf, DatabaseError, textOf } from './database-error.ts'
import { findPostmaster } from './postmaster.ts'

export type EmbeddedLook = {
  /** The version of the platform's programs; `unlinked` before their first start; or why they do not run. */
  readonly binaries:
    | { readonly kind: 'run'; readonly version: string; readonly major: number }
    | { readonly kind: 'unlinked' }
    | { readonly kind: 'absent'; readonly why: string }
  /** The major version of the files that are there. */
  readonly cluster: number | 'absent' | 'unreadable'
  /** With the password; `undefined` while no server of the folder takes connections. */
  readonly url: string | undefined
}

export async function lookAtEmbedded(dataFolder: string): Promise<EmbeddedLook> {
  const access = await readAccess(dataFolder).catch(() => undefined)
  // A server is known by the folder that its process was started with, which is whole.
  const cluster = resolve(join(access?.home ?? dataFolder, 'postgres'))
  const postmaster = await findPostmaster(cluster).catch(() => undefined)
  return {
    binaries: await lookAtBinaries(),
    // Its files may belong to a user of its own, whose folder we cannot enter: they are there then.
    cluster: await readClusterVersion(cluster).catch((error) => (codeOf(error) === 'EACCES' ? 'unreadable' : 'absent')),
    url: access !== undefined && postmaster?.status === 'ready' ? urlOf(access) : undefined,
  }
}

async function lookAtBinaries(): Promise<EmbeddedLook['binaries']> {
  try {
    const native = findPackage()
    if (!(await hasLinks(native))) return { kind: 'unlinked' }
    const { version, major } = await tryOut(native, undefined)
    return { kind: 'run', version, major }
  } catch (error) {
    return { kind: 'absent', why: error instanceof DatabaseError ? error.message : textOf(error) }
  }
}
