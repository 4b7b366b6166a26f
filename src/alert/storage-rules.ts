/** The alarms of what is kept: journal, disk, archive, database, and the threads beside the recorder. */
import { tellTime } from './quantity.ts'
import type { Rule } from './rule.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const GIB = 1024 ** 3
const START_MS = MINUTE

export const STORAGE_RULES: readonly Rule[] = [
  {
    name: 'journal_failed',
    severity: 'critical',
    holdMs: 0,
    clearMs: MINUTE,
    about: 'The journal takes nothing any more: nothing is recorded.',
    todo: 'Mend the disk, then start the recorder anew.',
    judge: ({ journal: { failed } }) => failed,
  },
  {
    name: 'journal_failing',
    severity: 'critical',
    holdMs: 15 * SECOND,
    clearMs: MINUTE,
    about: 'The disk refuses writes; frames wait in memory, and are lost when that is full.',
    todo: 'Look for journal_write_failed in the log: the disk, its mount, its quota.',
    judge: ({ journal: { isFailing } }) => (isFailing ? 'a write failed and none has succeeded since' : undefined),
  },
  {
    name: 'journal_late',
    severity: 'critical',
    holdMs: 0,
    clearMs: MINUTE,
    limit: { value: 30 * SECOND, unit: 'ms' },
    about: 'Records wait for the disk and do not become durable.',
    todo: 'The disk hangs, or is far too slow: see what else writes to it.',
    judge: ({ journal: { undurableMs } }, limit) =>
      undurableMs > limit ? `nothing became durable for ${tellTime(undurableMs)}, although records wait` : undefined,
  },
  {
    name: 'backpressure',
    severity: 'critical',
    holdMs: 10 * SECOND,
    clearMs: MINUTE,
    about: 'The disk cannot keep up: sockets are paused, then let go.',
    todo: 'See what else writes to the disk; a faster one, or fewer markets.',
    judge: ({ journal: { backpressure } }) =>
      backpressure === 'flowing' ? undefined : `the disk cannot keep up: connections are ${backpressure}`,
  },
  {
    name: 'journal_damaged',
    severity: 'critical',
    holdMs: 0,
    clearMs: 0,
    about: 'Bytes in the middle of a segment cannot be read; they are kept and readers pass over them.',
    todo: '`kalshiflow verify` says where; restore the segment from the archive. Clears with the next start.',
    judge: ({ journal: { damaged } }) =>
      damaged > 0 ? `${damaged} damaged ${damaged === 1 ? 'place' : 'places'} in the journal` : undefined,
  },
  {
    name: 'journal_slow',
    severity: 'warning',
    holdMs: 5 * MINUTE,
    clearMs: 5 * MINUTE,
    limit: { value: 500, unit: 'ms' },
    about: 'Commits take long: more would be lost with the power.',
    todo: 'See what else writes to the disk; a faster one.',
    judge: ({ journal: { commitP99Ms }, upMs }, limit) =>
      upMs > START_MS && commitP99Ms > limit ? `one commit in a hundred takes ${tellTime(commitP99Ms)}` : undefined,
  },
  {
    name: 'disk_full',
    severity: 'critical',
    holdMs: 0,
    clearMs: MINUTE,
    limit: { value: GIB, unit: 'bytes' },
    about: 'The disk of the data folder is full, or as good as.',
    todo: 'Make room or move the folder; docs/operations.md says what may be deleted.',
    judge: ({ disk: { isFull, freeBytes } }, limit) => {
      if (isFull) return 'the disk is full: nothing is written, books go on'
      if (freeBytes === undefined || freeBytes >= limit) return undefined
      return `${Math.floor(freeBytes / 1024 ** 2)} MiB are left on the disk`
    },
  },
  {
    name: 'disk_days',
    severity: 'warning',
    holdMs: 15 * MINUTE,
    clearMs: 60 * MINUTE,
    limit: { value: 7, unit: 'days' },
    about: 'The disk is full within days at this rate.',
    todo: 'Set an archive target, move the folder to a larger disk, or record less.',
    judge: ({ disk: { daysLeft } }, limit) =>
      daysLeft !== undefined && daysLeft < limit
        ? `the disk is full in ${daysLeft.toFixed(1)} days at this rate`
        : undefined,
  },
  {
    name: 'archive_behind',
    severity: 'warning',
    holdMs: 30 * MINUTE,
    clearMs: 5 * MINUTE,
    about: 'Segments cannot be archived; nothing is deleted meanwhile.',
    todo: 'The reason is the target’s: reach, right, room.',
    judge: ({ archive }) =>
      archive?.error === undefined
        ? undefined
        : `${archive.behindSegments} ${archive.behindSegments === 1 ? 'segment waits' : 'segments wait'} for the archive: ${archive.error}`,
  },
  {
    name: 'store_refused',
    severity: 'critical',
    holdMs: 0,
    clearMs: MINUTE,
    about: 'The store must not go on; recording does.',
    todo: 'The log’s store_refused says what to do; nothing is lost, the journal holds it.',
    judge: ({ store }) => (store?.refused === undefined ? undefined : `nothing is stored: ${store.refused}`),
  },
  {
    name: 'store_away',
    severity: 'warning',
    holdMs: 5 * MINUTE,
    clearMs: MINUTE,
    about: 'The database does not answer; recording goes on, the tables fall behind.',
    todo: 'Start the database; what is missing is stored by itself.',
    judge: ({ store }) =>
      store?.state === 'waiting' || store?.state === 'unavailable'
        ? `the database is away: ${store.error ?? 'it is tried again'}`
        : undefined,
  },
  {
    name: 'store_behind',
    severity: 'warning',
    holdMs: 5 * MINUTE,
    clearMs: MINUTE,
    limit: { value: MINUTE, unit: 'ms' },
    about: 'The tables are behind the journal and do not catch up.',
    todo: 'A slow database: see its own log and disk, or raise RL_ORDERBOOK_SAMPLE_RATE.',
    judge: ({ store }, limit) =>
      store?.state === 'writing' && store.behindMs > limit
        ? `the database is ${tellTime(store.behindMs)} behind`
        : undefined,
  },
  {
    name: 'thread_down',
    severity: 'warning',
    holdMs: 2 * MINUTE,
    clearMs: MINUTE,
    about: 'The API or the built-in exchange is down and does not come back.',
    todo: 'thread_event and api_absent in the log give the reason; recording goes on.',
    judge: ({ threadsDown, upMs, isStopping }) => {
      const down = Object.entries(threadsDown).map(([name, why]) => `${name} (${why})`)
      return down.length > 0 && upMs > START_MS && !isStopping ? `down: ${down.join(', ')}` : undefined
    },
  },
  {
    name: 'thread_restarts',
    severity: 'warning',
    holdMs: 0,
    clearMs: 0,
    limit: { value: 2, unit: 'count' },
    about: 'What runs beside the recorder crashes or hangs and is started anew, more than once.',
    todo: 'thread_event and store_event in the log hold the errors; tell us.',
    judge: ({ lastHour: { restarts } }, limit) =>
      restarts > limit ? `${restarts} restarts of threads in the last hour` : undefined,
  },
]
