/** DATA/postgres.log: what the server writes to standard error, kept to two files of bounded size. */
import { closeSync, copyFileSync, openSync, readSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'

const LIMIT_BYTES = 4 * 1024 * 1024
const TAIL_BYTES = 4 * 1024

export function logPath(dataFolder: string): string {
  return join(dataFolder, 'postgres.log')
}

/** Moves a log that has grown past the limit to `postgres.log.1`. A living server goes on writing to the emptied file. */
export function limitLog(path: string, limitBytes: number = LIMIT_BYTES): void {
  try {
    if (statSync(path).size <= limitBytes) return
    copyFileSync(path, `${path}.1`)
    truncateSync(path, 0)
  } catch {
    // No log, or a disk without room for two: the server matters more than its log.
  }
}

/** The size of the log now, to read from later; 0 when there is none. */
export function logSize(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

/** What was written since, at most the last 4 KiB of it. */
export function readLogSince(path: string, fromByte: number): string {
  try {
    const size = statSync(path).size
    const from = Math.max(fromByte, size - TAIL_BYTES)
    const bytes = Buffer.alloc(Math.max(0, size - from))
    const file = openSync(path, 'r')
    try {
      return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, from)).toString('utf8')
    } finally {
      closeSync(file)
    }
  } catch {
    return ''
  }
}
