/**
 * The disk under the data folder: what is free, what the folder takes, and what is left of it in days. Looks now and then,
 * a file at a time, so that the recorder's thread never waits for it.
 */
import { opendir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'

/** A disk with less free is told of as a trouble, and one with less than a hundredth of it is not started on. */
export const FREE_BYTES_LOW = 1024 ** 3
export const FREE_BYTES_MIN = 16 * 1024 ** 2

const FREE_EVERY_MS = 10_000
const USED_EVERY_MS = 20_000
/** Files looked at in one round; a folder with more is counted in part and says so. */
const FILES_MAX = 100_000

export type DiskFigures = {
  /** For this user; `undefined` where the system does not say. */
  readonly freeBytes: number | undefined
  /** Of all files in the data folder. */
  readonly usedBytes: number | undefined
}

export class DiskFullError extends Error {
  override readonly name = 'DiskFullError'
  readonly code = 'FLOW_DISK_FULL'
}

/** Throws {@link DiskFullError} when recording would end before it began. */
export function checkFree(folder: string, freeBytes: number | undefined): void {
  if (freeBytes === undefined || freeBytes >= FREE_BYTES_MIN) return
  throw new DiskFullError(
    `found ${Math.floor(freeBytes / 1024 ** 2)} MiB free on the disk of ${folder}, needed at least ${FREE_BYTES_MIN / 1024 ** 2}: ` +
      'make room, or name a folder on another disk with --data',
  )
}

export async function freeBytesOf(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  } catch {
    return undefined
  }
}

export class DiskWatch {
  readonly #folder: string
  readonly #stopping = new AbortController()
  readonly #timers: NodeJS.Timeout[] = []
  #isCounting = false
  figures: DiskFigures = { freeBytes: undefined, usedBytes: undefined }

  constructor(folder: string) {
    this.#folder = folder
  }

  async start(): Promise<void> {
    this.#timers.push(setInterval(() => void this.#lookAtFree(), FREE_EVERY_MS).unref())
    this.#timers.push(setInterval(() => void this.#count(), USED_EVERY_MS).unref())
    await this.#lookAtFree()
    void this.#count()
  }

  stop(): void {
    this.#stopping.abort()
    for (const each of this.#timers) clearInterval(each)
  }

  async #lookAtFree(): Promise<void> {
    this.figures = { ...this.figures, freeBytes: await freeBytesOf(this.#folder) }
  }

  async #count(): Promise<void> {
    if (this.#isCounting) return
    this.#isCounting = true
    const usedBytes = await bytesIn(this.#folder, this.#stopping.signal)
    this.#isCounting = false
    if (!this.#stopping.signal.aborted) this.figures = { ...this.figures, usedBytes }
  }
}

/** Bytes of all files in a folder, one after the other; files that vanish meanwhile count nothing. */
async function bytesIn(folder: string, signal: AbortSignal): Promise<number> {
  let bytes = 0
  let files = 0
  const folders = [folder]
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    try {
      for await (const entry of await opendir(next)) {
        if (signal.aborted || ++files > FILES_MAX) return bytes
        const path = join(next, entry.name)
        if (entry.isDirectory()) folders.push(path)
        else if (entry.isFile()) bytes += await stat(path).then(({ blocks }) => blocks * 512, nothing)
      }
    } catch {
      // It is gone, or not ours to look at: a database's own folder under another user.
    }
  }
  return bytes
}

const nothing = (): number => 0
