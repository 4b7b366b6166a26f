/** The file system as a {@link Disk}. Adds no policy: every error reaches the caller with its Node code. */
import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import type { Disk, DiskFile, DiskReader } from '#ports'

export class FileDisk implements Disk {
  async makeFolder(path: string): Promise<void> {
    await mkdir(path, { recursive: true })
  }

  list(path: string): Promise<string[]> {
    return readdir(path)
  }

  async create(path: string): Promise<DiskFile> {
    return new OpenFile(await open(path, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR, 0o644))
  }

  async open(path: string): Promise<DiskReader> {
    return new OpenReader(await open(path, 'r'))
  }

  async reopen(path: string): Promise<DiskFile> {
    return new OpenFile(await open(path, 'r+'))
  }

  rename(from: string, to: string): Promise<void> {
    return rename(from, to)
  }

  remove(path: string): Promise<void> {
    return rm(path)
  }

  async syncFolder(path: string): Promise<void> {
    const handle = await open(path, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  }
}

class OpenFile implements DiskFile {
  readonly #handle: FileHandle

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    let written = 0
    while (written < bytes.length) {
      const { bytesWritten } = await this.#handle.write(bytes, written, bytes.length - written, offset + written)
      // Some file systems answer a full disk with a write of nothing; asked again for ever, that would be a hang.
      if (bytesWritten === 0) throw Object.assign(new Error('the disk took none of the bytes'), { code: 'ENOSPC' })
      written += bytesWritten
    }
  }

  sync(): Promise<void> {
    return this.#handle.datasync()
  }

  truncate(length: number): Promise<void> {
    return this.#handle.truncate(length)
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

class OpenReader implements DiskReader {
  readonly #handle: FileHandle

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  async read(into: Uint8Array, offset: number): Promise<number> {
    if (into.length === 0) return 0
    const { bytesRead } = await this.#handle.read(into, 0, into.length, offset)
    return bytesRead
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}
