/** A place for files of a check: the data folder, or the nearest folder above it that is there. Nothing is made but the file. */
import { randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** The folder itself where it is there, else the one in which it would be made. */
export function nearestFolder(folder: string): { readonly folder: string; readonly isThere: boolean } {
  const wanted = resolve(folder)
  for (let at = wanted; ; at = dirname(at)) {
    const found = statSync(at, { throwIfNoEntry: false })
    if (found?.isDirectory() === true || dirname(at) === at) return { folder: at, isThere: at === wanted }
  }
}

/** A name that nobody has. */
export const probeFile = (folder: string): string => join(folder, `.kalshiflow-doctor-${randomUUID()}`)
