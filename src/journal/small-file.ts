/** Small files beside the segments: read whole, and replaced whole, so that nobody ever sees half of one. */
import type { Disk } from '#ports'
import { codeOf } from './errors.ts'
import { RawBytes } from './segment-bytes.ts'

/** Its bytes; `undefined` when there is none. */
export async function readSmallFile(disk: Disk, path: string): Promise<Uint8Array | undefined> {
  try {
    const bytes = new RawBytes(await disk.open(path))
    try {
      return Uint8Array.from(await bytes.window(0, await bytes.size()))
    } finally {
      await bytes.close()
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Replaces the file at once; durable when it resolves. */
export async function replaceSmallFile(disk: Disk, folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const part = `${folder}/${name}.part`
  await removeIfThere(disk, part)
  const file = await disk.create(part)
  try {
    await file.write(bytes, 0)
    await file.sync()
  } finally {
    await file.close()
  }
  await disk.rename(part, `${folder}/${name}`)
  await disk.syncFolder(folder)
}

export async function removeIfThere(disk: Disk, path: string): Promise<void> {
  try {
    await disk.remove(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}
