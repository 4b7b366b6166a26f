/**
 * The file operations that a journal needs, and what they promise. Adapters: the file system, and `MemoryDisk`, which
 * can tear writes, fail syncs and forget what was not synced.
 *
 * Contract (test/contracts/disk.ts):
 * 1. A file's bytes are durable once `sync` resolved after they were written; before that a power loss may keep any of
 *    them or none.
 * 2. A new, renamed or removed name is durable once `syncFolder` of its folder resolved after it.
 * 3. `rename` replaces its target at once: a reader sees the old file or the new one, never neither.
 * 4. A failed `sync` says nothing about any byte written since the last good one; a later good `sync` does not heal it.
 * 5. Errors carry a Node code: `ENOENT`, `EEXIST`, `ENOSPC`, `EIO`.
 */
export interface Disk {
  /** Makes the folder and its parents; no error when it is there. */
  makeFolder(path: string): Promise<void>
  /** Names in a folder, in no order. `ENOENT` when the folder is missing. */
  list(path: string): Promise<string[]>
  /** Creates a file for appending; `EEXIST` when there is one. */
  create(path: string): Promise<DiskFile>
  /** Opens an existing file for reading; `ENOENT` when missing. */
  open(path: string): Promise<DiskReader>
  /** Opens an existing file to cut its end or append. */
  reopen(path: string): Promise<DiskFile>
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  syncFolder(path: string): Promise<void>
}

export interface DiskFile {
  /** Writes all of the bytes at the offset, or rejects. */
  write(bytes: Uint8Array, offset: number): Promise<void>
  /** fdatasync. */
  sync(): Promise<void>
  truncate(length: number): Promise<void>
  close(): Promise<void>
}

export interface DiskReader {
  /** Reads up to `into.length` bytes at the offset; resolves to the number read, 0 at the end. */
  read(into: Uint8Array, offset: number): Promise<number>
  size(): Promise<number>
  close(): Promise<void>
}
