/**
 * The simulation's disk as somebody sees it who only reads: with faults of its own, so that the world of the recorder is
 * the same with readers and without. A fault is asked for in the turn of the call, which is what this rests on.
 */
import type { MemoryDisk, Operation } from '#journal'
import type { Disk, DiskReader } from '#ports'

export class ReaderDisk implements Disk {
  readonly #disk: MemoryDisk
  readonly #fault: (operation: Operation) => string | undefined

  constructor(disk: MemoryDisk, fault: (operation: Operation) => string | undefined) {
    this.#disk = disk
    this.#fault = fault
  }

  list(path: string): Promise<string[]> {
    return this.#asReader(() => this.#disk.list(path))
  }

  async open(path: string): Promise<DiskReader> {
    const reader = await this.#asReader(() => this.#disk.open(path))
    return {
      read: (into, offset) => this.#asReader(() => reader.read(into, offset)),
      size: () => reader.size(),
      close: () => reader.close(),
    }
  }

  makeFolder = refuse
  create = refuse
  reopen = refuse
  rename = refuse
  remove = refuse
  syncFolder = refuse

  #asReader<Answer>(look: () => Answer): Answer {
    const { fault } = this.#disk
    this.#disk.fault = this.#fault
    try {
      return look()
    } finally {
      this.#disk.fault = fault
    }
  }
}

function refuse(): never {
  throw new Error('a reader changes nothing')
}
