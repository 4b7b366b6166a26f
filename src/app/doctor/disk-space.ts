/** Room on the disk of the data folder, and for how many days at the rate of the last run that it holds. */
import { statfs } from 'node:fs/promises'
import { FileDisk, listSegments } from '#journal'
import { FREE_BYTES_LOW, FREE_BYTES_MIN } from '../service/disk-watch.ts'
import { bad, type Check, type Finding, good, warn } from './check.ts'
import { nearestFolder } from './probe-folder.ts'

const DAYS_LEFT_FEW = 7
const FILES_LEFT_FEW = 10_000
const DAY_NS = 86_400_000_000_000n
/** A journal shorter than this says nothing of a day. */
const SPAN_NS_MIN = 3_600_000_000_000n

export const diskSpace: Check = {
  name: 'disk-space',
  limitMs: 15_000,
  async look({ dataFolder }) {
    const { folder } = nearestFolder(dataFolder)
    const { bavail, bsize, blocks, ffree, files } = await statfs(folder)
    const bytesPerDay = await pastRate(`${dataFolder}/journal`)
    const space = { freeBytes: bavail * bsize, totalBytes: blocks * bsize, bytesPerDay }
    return judgeSpace({ ...space, freeFiles: files === 0 ? undefined : ffree }, folder)
  },
}

/** Stored bytes a day of the journal that is there; `undefined` for one of less than an hour. */
async function pastRate(folder: string): Promise<number | undefined> {
  const segments = await listSegments(new FileDisk(), folder).catch(() => [])
  const times = segments.flatMap(({ createdNs }) => (createdNs === undefined ? [] : [createdNs]))
  const [first, last] = [times[0], times.at(-1)]
  if (first === undefined || last === undefined || last - first < SPAN_NS_MIN) return undefined
  const bytes = segments.slice(0, -1).reduce((sum, { storedBytes }) => sum + storedBytes, 0)
  return (bytes * Number(DAY_NS)) / Number(last - first)
}

export type Space = {
  readonly freeBytes: number
  readonly totalBytes: number
  readonly bytesPerDay: number | undefined
  /** `undefined` where the file system does not count files. */
  readonly freeFiles: number | undefined
}

export function judgeSpace({ freeBytes, totalBytes, bytesPerDay, freeFiles }: Space, folder: string): Finding {
  const days = bytesPerDay === undefined || bytesPerDay <= 0 ? undefined : freeBytes / bytesPerDay
  const rate = days === undefined ? '' : `; about ${Math.floor(days)} days for the journal at its past rate`
  const found = `${gib(freeBytes)} of ${gib(totalBytes)} GiB free at ${folder}${rate}`
  const figures = {
    free_bytes: freeBytes,
    total_bytes: totalBytes,
    days_left: days === undefined ? null : Math.round(days * 10) / 10,
    free_files: freeFiles ?? null,
  }
  const remedy = 'Make room, or name a folder on another disk with --data. Nothing is deleted by itself.'
  if (freeBytes < FREE_BYTES_MIN) return bad({ found, needed: '16 MiB to start at all', remedy, figures })
  if (freeFiles !== undefined && freeFiles < FILES_LEFT_FEW)
    return warn({ found: `${found}; ${freeFiles} files left`, needed: 'room for more files (inodes)', remedy, figures })
  if (freeBytes < FREE_BYTES_LOW) return warn({ found, needed: '1 GiB', remedy, figures })
  if (days !== undefined && days < DAYS_LEFT_FEW)
    return warn({ found, needed: `${DAYS_LEFT_FEW} days`, remedy, figures })
  return good(found, figures)
}

const gib = (bytes: number): string => (bytes / 1024 ** 3).toFixed(1)
