/**
 * An archive in a folder: another disk, a mount, a share. An object is written beside its place, synced, put in place by a
 * link that fails when there is one already, and its folder is synced.
 *
 * The folder must be there: a disk that is not mounted must not become a folder on the disk that it is to relieve.
 */
import { createReadStream } from 'node:fs'
import { link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ArchiveError } from './errors.ts'
import type { ArchiveTarget, ObjectBody, ObjectHead } from './target.ts'

export class FolderTarget implements ArchiveTarget {
  readonly name: string

  constructor(folder: string) {
    this.name = folder
  }

  async head(key: string): Promise<ObjectHead | undefined> {
    await this.#mustBeThere()
    try {
      return { bytes: (await stat(join(this.name, key))).size, sha256: undefined }
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      throw this.#unreachable(error)
    }
  }

  async put(key: string, body: ObjectBody): Promise<void> {
    await this.#mustBeThere()
    const path = join(this.name, key)
    const part = `${path}.part`
    try {
      if ((await mkdir(dirname(path), { recursive: true })) !== undefined) await syncFolder(this.name)
      await rm(part, { force: true })
      const file = await open(part, 'wx', 0o644)
      try {
        await file.writeFile(body.open())
        await file.sync()
      } finally {
        await file.close()
      }
      await putInPlace(part, path)
      await syncFolder(dirname(path))
    } catch (error) {
      await rm(part, { force: true }).catch(() => {})
      if (codeOf(error) === 'EEXIST')
        throw new ArchiveError('FLOW_ARCHIVE_DIFFERENT', `${path} came to be there meanwhile`, error)
      throw this.#unreachable(error)
    }
  }

  async *read(key: string): AsyncIterable<Uint8Array> {
    try {
      yield* createReadStream(join(this.name, key))
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw this.#unreachable(error)
      throw new ArchiveError('FLOW_ARCHIVE_MISSING', `${join(this.name, key)} is not there`, error)
    }
  }

  async list(prefix: string): Promise<string[]> {
    await this.#mustBeThere()
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1)
    try {
      const entries = await readdir(join(this.name, folder), { withFileTypes: true, recursive: true })
      return entries
        .filter((entry) => entry.isFile() && !entry.name.endsWith('.part'))
        .map((entry) => join(entry.parentPath, entry.name).slice(join(this.name, '/').length))
        .filter((key) => key.startsWith(prefix))
        .sort()
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return []
      throw this.#unreachable(error)
    }
  }

  close(): void {}

  async #mustBeThere(): Promise<void> {
    const found = await stat(this.name).catch((error: unknown) => {
      throw this.#unreachable(error)
    })
    if (found.isDirectory()) return
    throw new ArchiveError(
      'FLOW_ARCHIVE_TARGET',
      `the archive ${this.name} is no folder: name one, or s3://bucket/prefix`,
    )
  }

  #unreachable(error: unknown): ArchiveError {
    if (error instanceof ArchiveError) return error
    const code = codeOf(error)
    const what =
      code === 'ENOENT'
        ? 'is not there: mount it, or make the folder once by hand'
        : `cannot be used (${code}): ${(error as Error).message}`
    return new ArchiveError('FLOW_ARCHIVE_UNREACHABLE', `the archive ${this.name} ${what}`, error)
  }
}

/** File systems without links: a name that is taken is then looked for first. */
const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

async function putInPlace(part: string, path: string): Promise<void> {
  try {
    await link(part, path)
    await rm(part)
  } catch (error) {
    if (!NO_LINKS.has(codeOf(error))) throw error
    const isTaken = await stat(path).then(
      () => true,
      () => false,
    )
    if (isTaken) throw Object.assign(new Error(`${path} is there`), { code: 'EEXIST' })
    await rename(part, path)
  }
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException).code ?? 'UNKNOWN')
