/**
 * The archiver beside a recorder, in a thread of its own that is kept running: copies what is sealed, and takes out of the
 * folder what is old, proved in the archive and read by the store. Nothing waits for it, and its end loses nothing.
 */
import type { ArchiveStatus } from '#live'
import type { Config } from '../config/config.ts'
import type { Log } from '../log/log.ts'
import { SupervisedThread, type ThreadLimits, type ThreadStatus } from '../threads/supervised-thread.ts'
import type { ArchiveNews, ArchiveSettings, ToArchiver } from './archive-worker.ts'
import { lockRemoval } from './removal-lock.ts'

export const ARCHIVE_EVERY_MS = 60_000
/** How often the thread is told how far the store is. */
const BOUND_EVERY_MS = 10_000

export type ArchiveThreadOptions = {
  readonly config: Config['archive']
  readonly dataFolder: string
  /** The segment before which the store needs nothing; `undefined` while nobody knows. */
  readonly readBefore: () => number | undefined
  readonly log: Log
  readonly everyMs?: number
  readonly limits?: Partial<ThreadLimits>
}

export class ArchiveThread {
  readonly #options: ArchiveThreadOptions
  readonly #thread: SupervisedThread<undefined>
  readonly #target: string
  #news: Extract<ArchiveNews, { kind: 'looked' }> | undefined
  #timer: NodeJS.Timeout | undefined
  #removing: { release(): void } | undefined

  /** For {@link startArchiver}. */
  constructor(options: ArchiveThreadOptions, to: string) {
    const { config, dataFolder, log, everyMs = ARCHIVE_EVERY_MS, limits = {} } = options
    this.#options = options
    this.#target = to
    const settings: ArchiveSettings = { dataFolder, to, endpoint: config.endpoint, keepDays: config.keepDays, everyMs }
    this.#thread = new SupervisedThread({
      file: new URL('./archive-worker.ts', import.meta.url),
      data: () => settings,
      limits,
      onTold: (event) => this.#told(event as ArchiveNews),
      onEvent: ({ kind, ...fields }) =>
        log[kind === 'restarting' ? 'error' : 'warn']({
          event: 'thread_event',
          thread: 'archive',
          what: kind,
          ...fields,
        }),
    })
  }

  async start(): Promise<void> {
    const { config, dataFolder } = this.#options
    if (config.keepDays !== undefined) this.#removing = lockRemoval(dataFolder, 'recorder')
    await this.#thread.start()
    this.#tellBound()
    this.#timer = setInterval(() => this.#tellBound(), BOUND_EVERY_MS)
    this.#timer.unref()
  }

  /** A segment was sealed. */
  look(): void {
    this.#tellBound()
    this.#thread.post({ look: true } satisfies ToArchiver)
  }

  status(): ThreadStatus {
    return this.#thread.status()
  }

  /** For the control socket, health and metrics. */
  summary(): ArchiveStatus {
    const { result, lastError } = this.#news ?? {}
    return {
      target: this.#target,
      behind_segments: result?.behind ?? 0,
      proved_segments: result?.proved ?? 0,
      last_success: result?.lastSuccess ?? null,
      last_error: lastError ?? null,
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#thread.close()
    this.#removing?.release()
  }

  #tellBound(): void {
    this.#thread.post({ readBefore: this.#options.readBefore() ?? null } satisfies ToArchiver)
  }

  #told(news: ArchiveNews): void {
    const { log } = this.#options
    switch (news.kind) {
      case 'looked':
        this.#news = news
        return
      case 'archived':
        log.info({ event: 'segment_archived', segment: news.segment, bytes: news.bytes, target: this.#target })
        return
      case 'removed':
        log.warn({ event: 'segment_removed', segment: news.segment, bytes: news.bytes, target: this.#target })
        return
      case 'failed':
        log.error({ event: 'archive_failed', segment: news.segment, code: news.code }, news.message)
    }
  }
}

/** Starts archiving where the configuration names an archive. A thread that cannot start is told and done without. */
export async function startArchiver(options: ArchiveThreadOptions): Promise<ArchiveThread | undefined> {
  const { to } = options.config
  if (to === undefined) return undefined
  const thread = new ArchiveThread(options, to)
  try {
    await thread.start()
    return thread
  } catch (error) {
    const { code = 'FLOW_THREAD_ENDED', message } = error as NodeJS.ErrnoException
    options.log.error({ event: 'archive_failed', segment: 0, code }, message)
    await thread.close()
    return undefined
  }
}
