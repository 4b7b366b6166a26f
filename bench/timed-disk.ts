/** The file system as a journal's disk, with a note of how long each fdatasync took. */
import { FileDisk } from '#journal'
import type { Disk, DiskFile, DiskReader } from '#ports'

export class TimedDisk implements Disk {
  readonly #disk = new FileDisk()
  readonly #synced: () => void
  readonly syncMs: number[] = []

  /** `synced` is called right after each fdatasync, before the journal has moved its durable position. */
  constructor(synced: () => void = () => {}) {
    this.#synced = synced
  }

  makeFolder(path: string): Promise<void> {
    return this.#disk.makeFolder(path)
  }

  list(path: string): Promise<string[]> {
    return this.#disk.list(path)
  }

  async create(path: string): Promise<DiskFile> {
    return this.#timed(await this.#disk.create(path))
  }

  open(path: string): Promise<DiskReader> {
    return this.#disk.open(path)
  }

  async reopen(path: string): Promise<DiskFile> {
    return this.#timed(await this.#disk.reopen(path))
  }

  rename(from: string, to: string): Promise<void> {
    return this.#disk.rename(from, to)
  }

  remove(path: string): Promise<void> {
    return this.#disk.remove(path)
  }

  syncFolder(path: string): Promise<void> {
    return this.#disk.syncFolder(path)
  }

  #timed(file: DiskFile): DiskFile {
    return {
      write: (bytes, offset) => file.write(bytes, offset),
      sync: async () => {
        const fromMs = performance.now()
        await file.sync()
        this.syncMs.push(performance.now() - fromMs)
        this.#synced()
      },
      truncate: (length) => file.truncate(length),
      close: () => file.close(),
    }
  }
}
