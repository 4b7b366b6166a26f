/**
 * A {@link Disk} in memory that breaks its word as often as the contract lets it: a real adapter for tests and
 * simulations. It keeps what a program sees apart from what would survive a power loss.
 *
 *   write ──► seen, pending      sync ──► pending becomes durable      failed sync ──► some of it does, and none is pending
 *   names ──► seen, pending      syncFolder ──► the folder's names become durable
 *   powerLoss ──► of what is pending, chance keeps whole sectors and changes of names, here and there
 *
 * The same seed and the same calls give the same losses.
 */
import type { Disk, DiskFile, DiskReader } from '#ports'
import { SeededRandom } from './random-sources.ts'

const SECTOR_BYTES = 512

type Write = { readonly offset: number; readonly bytes: Uint8Array } | { readonly truncatedTo: number }

type FileState = { seen: Buffer; durable: Buffer; pending: Write[] }

/** What one operation did to the names of a folder; a power loss keeps all of it or nothing. */
type NameChange = readonly (readonly [name: string, file: FileState | undefined])[]

type Folder = {
  readonly names: Map<string, FileState>
  durableNames: Map<string, FileState>
  changes: NameChange[]
}

export type Operation =
  | 'list'
  | 'create'
  | 'open'
  | 'read'
  | 'write'
  | 'sync'
  | 'truncate'
  | 'rename'
  | 'remove'
  | 'syncFolder'

export type MemoryDiskOptions = {
  readonly seed?: number
  /** Bytes that all files may hold together. A write beyond it is done in part and fails with ENOSPC. */
  readonly quotaBytes?: number
  /** Asked before each operation: a Node code makes it fail with that, `undefined` lets it pass. May wait. */
  readonly fault?: (operation: Operation, path: string) => string | undefined | Promise<string | undefined>
}

export class MemoryDisk implements Disk {
  /** May be changed at any time: space was freed, or somebody filled the disk. */
  quotaBytes: number
  fault: NonNullable<MemoryDiskOptions['fault']>

  readonly #random: SeededRandom
  readonly #folders = new Map<string, Folder>()
  /** Handles of an earlier life are dead. */
  #life = 0

  constructor(options: MemoryDiskOptions = {}) {
    this.quotaBytes = options.quotaBytes ?? Number.POSITIVE_INFINITY
    this.fault = options.fault ?? (() => undefined)
    this.#random = new SeededRandom(options.seed ?? 1)
  }

  /** The power goes: what was not synced survives by chance, and every open file is closed. */
  powerLoss(): void {
    this.#life += 1
    for (const folder of this.#folders.values()) {
      const mood = this.#random.unit()
      for (const change of folder.changes) if (this.#random.unit() < mood) apply(folder.durableNames, change)
      folder.changes = []
      folder.names.clear()
      for (const [name, file] of folder.durableNames) folder.names.set(name, file)
      for (const file of folder.names.values()) {
        this.#persistByChance(file)
        file.seen = Buffer.from(file.durable)
      }
    }
  }

  /** Bytes of all files as seen. */
  get usedBytes(): number {
    let used = 0
    for (const { names } of this.#folders.values()) for (const file of names.values()) used += file.seen.length
    return used
  }

  /** A file's bytes as seen, for a test that reads or spoils them; `undefined` when there is none. */
  peek(path: string): Buffer | undefined {
    const { folder, name } = this.#find(path)
    return folder?.names.get(name)?.seen
  }

  /** Puts a file there, durable at once. */
  plant(path: string, bytes: Uint8Array): void {
    const file: FileState = { seen: Buffer.from(bytes), durable: Buffer.from(bytes), pending: [] }
    const { folderPath, name } = this.#find(path)
    const folder = this.#folder(folderPath)
    folder.names.set(name, file)
    folder.durableNames.set(name, file)
  }

  async makeFolder(path: string): Promise<void> {
    this.#folder(path)
  }

  async list(path: string): Promise<string[]> {
    await this.#mayFail('list', path)
    const folder = this.#folders.get(path)
    if (folder === undefined) throw failure('ENOENT', 'list', path)
    return [...folder.names.keys()]
  }

  async create(path: string): Promise<DiskFile> {
    await this.#mayFail('create', path)
    const { folder, name } = this.#find(path)
    if (folder === undefined) throw failure('ENOENT', 'create', path)
    if (folder.names.has(name)) throw failure('EEXIST', 'create', path)
    const file: FileState = { seen: Buffer.alloc(0), durable: Buffer.alloc(0), pending: [] }
    change(folder, [[name, file]])
    return this.#handle(file, path)
  }

  async open(path: string): Promise<DiskReader> {
    await this.#mayFail('open', path)
    const file = this.#existing('open', path)
    const life = this.#life
    return {
      read: async (into, offset) => {
        await this.#mayFail('read', path, life)
        return file.seen.copy(
          into,
          0,
          Math.min(offset, file.seen.length),
          Math.min(offset + into.length, file.seen.length),
        )
      },
      size: async () => file.seen.length,
      close: async () => {},
    }
  }

  async reopen(path: string): Promise<DiskFile> {
    await this.#mayFail('open', path)
    return this.#handle(this.#existing('open', path), path)
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#mayFail('rename', from)
    const file = this.#existing('rename', from)
    const source = this.#find(from)
    const target = this.#find(to)
    if (target.folder === undefined) throw failure('ENOENT', 'rename', to)
    if (source.folder === target.folder) {
      change(target.folder, [
        [target.name, file],
        [source.name, undefined],
      ])
    } else {
      change(target.folder, [[target.name, file]])
      change(source.folder!, [[source.name, undefined]])
    }
  }

  async remove(path: string): Promise<void> {
    await this.#mayFail('remove', path)
    this.#existing('remove', path)
    const { folder, name } = this.#find(path)
    change(folder!, [[name, undefined]])
  }

  async syncFolder(path: string): Promise<void> {
    await this.#mayFail('syncFolder', path)
    const folder = this.#folders.get(path)
    if (folder === undefined) throw failure('ENOENT', 'syncFolder', path)
    folder.durableNames = new Map(folder.names)
    folder.changes = []
  }

  #handle(file: FileState, path: string): DiskFile {
    const life = this.#life
    return {
      write: async (bytes, offset) => {
        await this.#mayFail('write', path, life)
        const grows = Math.max(0, offset + bytes.length - file.seen.length)
        const room = Math.max(0, this.quotaBytes - this.usedBytes)
        const fits = grows <= room ? bytes : bytes.subarray(0, Math.max(0, bytes.length - (grows - room)))
        const write = { offset, bytes: Uint8Array.from(fits) }
        file.seen = applied(file.seen, write)
        file.pending.push(write)
        if (fits.length < bytes.length) throw failure('ENOSPC', 'write', path)
      },
      sync: async () => {
        try {
          await this.#mayFail('sync', path, life)
        } catch (error) {
          if (life === this.#life) this.#persistByChance(file)
          throw error
        }
        for (const write of file.pending) file.durable = applied(file.durable, write)
        file.pending = []
      },
      truncate: async (length) => {
        await this.#mayFail('truncate', path, life)
        file.seen = applied(file.seen, { truncatedTo: length })
        file.pending.push({ truncatedTo: length })
      },
      close: async () => {},
    }
  }

  /** Whole sectors of what is pending reach the medium or do not; nothing stays pending. */
  #persistByChance(file: FileState): void {
    for (const write of file.pending) {
      if ('truncatedTo' in write) {
        if (this.#random.unit() < 0.5) file.durable = applied(file.durable, write)
        continue
      }
      const mood = this.#random.unit()
      for (let at = 0; at < write.bytes.length; ) {
        const sectorEnd = SECTOR_BYTES - ((write.offset + at) % SECTOR_BYTES)
        const bytes = write.bytes.subarray(at, at + sectorEnd)
        if (this.#random.unit() < mood) file.durable = applied(file.durable, { offset: write.offset + at, bytes })
        at += bytes.length
      }
    }
    file.pending = []
  }

  async #mayFail(operation: Operation, path: string, life = this.#life): Promise<void> {
    const code = await this.fault(operation, path)
    if (life !== this.#life) throw failure('EIO', operation, path)
    if (code !== undefined) throw failure(code, operation, path)
  }

  #existing(operation: Operation, path: string): FileState {
    const { folder, name } = this.#find(path)
    const file = folder?.names.get(name)
    if (file === undefined) throw failure('ENOENT', operation, path)
    return file
  }

  #find(path: string): { folderPath: string; folder: Folder | undefined; name: string } {
    const cut = path.lastIndexOf('/')
    const folderPath = path.slice(0, Math.max(cut, 0))
    return { folderPath, folder: this.#folders.get(folderPath), name: path.slice(cut + 1) }
  }

  /** Folders are durable at once: what a journal must get right is the names in its own. */
  #folder(path: string): Folder {
    const folder = this.#folders.get(path) ?? { names: new Map(), durableNames: new Map(), changes: [] }
    this.#folders.set(path, folder)
    return folder
  }
}

/** The bytes after a write; a hole before it reads as zeros. */
function applied(bytes: Buffer, write: Write): Buffer {
  if ('truncatedTo' in write) {
    const cut = Buffer.alloc(write.truncatedTo)
    bytes.copy(cut)
    return cut
  }
  const result = Buffer.alloc(Math.max(bytes.length, write.offset + write.bytes.length))
  bytes.copy(result)
  result.set(write.bytes, write.offset)
  return result
}

function change(folder: Folder, names: NameChange): void {
  apply(folder.names, names)
  folder.changes.push(names)
}

function apply(names: Map<string, FileState>, changed: NameChange): void {
  for (const [name, file] of changed) {
    if (file === undefined) names.delete(name)
    else names.set(name, file)
  }
}

const failure = (code: string, operation: Operation, path: string): Error =>
  Object.assign(new Error(`${code}: ${operation} '${path}'`), { code })
