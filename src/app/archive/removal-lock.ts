/**
 * One program at a time removes segments of a data folder: what was removed is written down in one file. Apart from the
 * recorder's own lock, so that no archiving, however long, keeps a recorder from starting.
 */
import { join } from 'node:path'
import { DataLockError, lockData } from '../recorder/data-lock.ts'

export class AlreadyRemoving extends Error {
  override readonly name = 'AlreadyRemoving'
  readonly code = 'FLOW_ARCHIVE_IN_USE'
}

/** Throws {@link AlreadyRemoving} when a living program has it. */
export function lockRemoval(dataFolder: string, command: string): { release(): void } {
  try {
    return lockData(join(dataFolder, 'archive'), command)
  } catch (cause) {
    if (!(cause instanceof DataLockError)) throw cause
    throw new AlreadyRemoving(
      `process ${cause.pid} removes archived segments of ${dataFolder} already (a recorder with KALSHIFLOW_KEEP_DAYS does): stop that one, or leave it to it`,
      { cause },
    )
  }
}
