/**
 * The disk under the data folder: what is free, what the folder takes, and what is left of it in days. Looks now and then,
 * a file at a time, so that the recorder's thread never waits for it.
 */
import { opendir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { FreeSpace } from '#feed'

/** A disk with less free is told of as a trouble, and one with less than a hundredth of it is not started on. */
export const FREE_BYTES_LOW = 1024 ** 3
export const FREE_BYTES_MIN = 16 * 1024 ** 2
/** A small disk is started on with so much of it free. */
const FREE_SHARE_MIN = 1 / 20

const FREE_EVERY_MS = 1_000
const USED_EVERY_MS = 20_000
/** Files looked at in one round; a folder with more is counted in part and says so. */
const FILES_MAX = 100_000

export type DiskFigures = {
  /** For this user; `undefined` where the system does not say. */
  readonly freeBytes: number | undefined
  readonly totalBytes: number | undefined
  /** Of all files in the data folder. */
  readonly usedBytes: number | undefined
}

export class DiskFullError extends Error {
  override readonly name = 'DiskFullError'
  readonly code = 'FLOW_DISK_FULL'
}

/** Throws {@link DiskFullError} when recording would end before it began. */
export function checkFree(folder: string, free: FreeSpace): void {
  if (free === undefined) return
  const needed = Math.min(FREE_BYTES_MIN, free.totalBytes * FREE_SHARE_MIN)
  if (free.freeBytes >= needed) return
  const inMiB = (bytes: number) => Math.round((bytes / 1024 ** 2) * 10) / 10
  throw new DiskFullError(
    `found ${inMiB(free.freeBytes)} MiB free on the disk of ${folder}, needed at least ${inMiB(needed)}: ` +
      'make room, or name a folder on another disk with --data',
  )
}

/** What is free for this user, and the whole; `undefined` where the system does not say. */
export async function freeSpaceOf(folder: string): Promise<FreeSpace> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder)
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
  } catch {
    return undefined
  }
}

export class DiskWatch {
  readonly #folder: string
  readonly #stopping = new AbortController()
  readonly #timers: NodeJS.Timeout[] = []
  readonly #onLook: (free: FreeSpace) => void
  #isCounting = false
  #isLooking = false
  figures: DiskFigures = { freeBytes: undefined, totalBytes: undefined, usedBytes: undefined }

  /** `onLook` is told about once a second what is free. */
  constructor(folder: string, onLook: (free: FreeSpace) => void = () => {}) {
    this.#folder = folder
    this.#onLook = onLook
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
    // A disk that hangs is asked once.
    if (this.#isLooking) return
    this.#isLooking = true
    const free = await freeSpaceOf(this.#folder)
    this.#isLooking = false
    this.figures = { ...this.figures, freeBytes: free?.freeBytes, totalBytes: free?.totalBytes }
    if (!this.#stopping.signal.aborted) this.#onLook(free)
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
