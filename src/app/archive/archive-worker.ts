/** The archiver's thread: looks, archives what is sealed, removes what may go, tells, and waits. Started by archive-thread.ts. */
import { setPriority } from 'node:os'
import { workerData } from 'node:worker_threads'
import { type ArchiveEvent, type ArchiveResult, archiveJournal, openTarget } from '#archive'
import { serveThread, tellOwner } from '../threads/thread-side.ts'

export type ArchiveSettings = {
  readonly dataFolder: string
  readonly to: string
  readonly endpoint: string | undefined
  readonly keepDays: number | undefined
  readonly everyMs: number
}

/**
 * What the owner says: nothing before this segment need be kept for the store, `null` while that is not known; or that there
 * is something new to archive.
 */
export type ToArchiver = { readonly readBefore: number | null } | { readonly look: true }

export type ArchiveNews =
  | ArchiveEvent
  | { readonly kind: 'looked'; readonly result: Omit<ArchiveResult, 'failures'>; readonly lastError: string | null }

/** After looks that failed: doubled each time, up to an hour. */
const RETRY_MS_MAX = 3_600_000

const settings = workerData as ArchiveSettings
const stopping = new AbortController()
let readBefore: number | undefined
let failedLooks = 0
let wake: () => void = () => {}

// On Linux priority belongs to a thread, and 0 means the calling one.
if (process.platform === 'linux') setPriority(0, 19)

async function look(): Promise<void> {
  const { dataFolder, to, endpoint, keepDays } = settings
  const target = await openTarget({ to, endpoint })
  try {
    const { failures, ...result } = await archiveJournal({
      dataFolder,
      target,
      proof: 'digest',
      signal: stopping.signal,
      onEvent: tellOwner,
      ...(keepDays === undefined ? {} : { retention: { keepDays, nowMs: Date.now(), readBefore } }),
    })
    failedLooks = failures.length > 0 ? failedLooks + 1 : 0
    tellOwner({ kind: 'looked', result, lastError: failures.at(-1)?.message ?? null } satisfies ArchiveNews)
  } finally {
    target.close()
  }
}

async function run(): Promise<void> {
  while (!stopping.signal.aborted) {
    try {
      await look()
    } catch (error) {
      // Our own disk, most likely: it is full, or sick.
      failedLooks++
      const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException
      tellOwner({ kind: 'failed', segment: 0, code, message } satisfies ArchiveNews)
    }
    const waitMs = Math.min(RETRY_MS_MAX, settings.everyMs * 2 ** Math.min(failedLooks, 20))
    await new Promise<void>((done) => {
      const timer = setTimeout(done, waitMs)
      wake = () => {
        clearTimeout(timer)
        done()
      }
    })
  }
}

await serveThread(
  async () => {
    void run()
    return {
      answer: undefined,
      close: async () => {
        stopping.abort()
        wake()
      },
    }
  },
  (message) => {
    const said = message as ToArchiver
    if ('look' in said) wake()
    else readBefore = said.readBefore ?? undefined
  },
)
