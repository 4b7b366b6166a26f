/**
 * The store beside a recorder: the database's lease, the writer's thread, and what both have to tell. Recording never waits
 * for it: it opens while frames come in, and what is not stored at the end is stored at the next start.
 */
import { formatPosition } from '#domain'
import type { StoreSummary } from '#live'
import {
  type DatabaseEvent,
  type DatabaseLease,
  openDatabase,
  type StoreThreadEvent,
  type StoreWorker,
  startStoreWorker,
} from '#store'
import type { Config } from '../config/config.ts'
import type { Log } from '../log/log.ts'
import { RepeatedLines } from '../log/log-repeats.ts'
import type { Recorder } from '../recorder/recorder.ts'

/** What the store leaves behind: told at the end. */
export type StoreAccount = {
  readonly state: 'complete' | 'behind' | 'refused' | 'unavailable'
  readonly rows: number
  readonly transactions: number
  readonly quarantined: number
  readonly restarts: number
  /** Everything before it is in the database. */
  readonly position: string
  /** Why it is not complete. */
  readonly detail?: string
}

export type RecorderStore = {
  /** How it is, from the beginning on: for the control socket and the panel. */
  summary(): StoreSummary
  /** Stores what is durable, at most for so long, and ends the writer; the database stays. */
  drain(deadlineMs: number): Promise<StoreAccount>
  /** Lets the database go, at most for so long; a server that is just starting goes after it. */
  release(deadlineMs: number): Promise<void>
}

/** Of a store that is meant and not begun. */
export const NOT_STARTED: StoreSummary = {
  state: 'opening',
  position: '0:0',
  behind_bytes: 0,
  behind_ms: 0,
  rows: 0,
  rows_per_second: 0,
  transactions: 0,
  quarantined: 0,
  failures: 0,
  restarts: 0,
  last_error: null,
  refused: null,
}

const RETRY_MS_MIN = 1_000
const RETRY_MS_MAX = 30_000

/** Opens the database in the background and stores what the recorder makes durable. */
export function startRecorderStore(config: Config, dataFolder: string, recorder: Recorder, log: Log): RecorderStore {
  return new BesideRecorder(config, dataFolder, recorder, log)
}

class BesideRecorder implements RecorderStore {
  readonly #config: Config
  readonly #dataFolder: string
  readonly #recorder: Recorder
  readonly #log: Log
  readonly #repeats: RepeatedLines
  readonly #stopping = new AbortController()
  readonly #opening: Promise<void>
  #lease: DatabaseLease | undefined
  #worker: StoreWorker | undefined
  #refusal: Error | undefined
  #unavailable: string | undefined

  constructor(config: Config, dataFolder: string, recorder: Recorder, log: Log) {
    this.#config = config
    this.#dataFolder = dataFolder
    this.#recorder = recorder
    this.#log = log
    this.#repeats = new RepeatedLines(log, () => performance.now())
    this.#opening = this.#open()
  }

  summary(): StoreSummary {
    const status = this.#worker?.status()
    const refused = this.#refusal?.message ?? null
    const waiting = this.#unavailable === undefined ? 'opening' : 'unavailable'
    return {
      state: refused === null ? (status?.state ?? waiting) : 'refused',
      position: formatPosition(status?.position ?? { segment: 0, offset: 0 }),
      behind_bytes: status?.behindBytes ?? 0,
      behind_ms: status?.behindMs ?? 0,
      rows: status?.rows ?? 0,
      rows_per_second: status?.rowsPerSecond ?? 0,
      transactions: status?.transactions ?? 0,
      quarantined: status?.quarantined ?? 0,
      failures: status?.failures ?? 0,
      restarts: status?.restarts ?? 0,
      last_error: status?.lastError ?? this.#unavailable ?? null,
      refused,
    }
  }

  async drain(deadlineMs: number): Promise<StoreAccount> {
    // One that has failed before is not waited for; a first start may still be under way after a short recording.
    const untilMs = performance.now() + deadlineMs
    if (this.#unavailable === undefined) await Promise.race([this.#opening, wait(deadlineMs)])
    this.#stopping.abort()
    const worker = this.#worker
    const leftMs = Math.max(0, untilMs - performance.now())
    const drained = worker === undefined || this.#refusal !== undefined ? undefined : await worker.drain(leftMs)
    await worker?.stop()
    const status = worker?.status()
    const { rows = 0, transactions = 0, quarantined = 0, restarts = 0, lastError } = status ?? {}
    const detail = this.#refusal?.message ?? this.#unavailable ?? lastError
    const state =
      this.#refusal !== undefined
        ? 'refused'
        : drained === undefined
          ? 'unavailable'
          : drained.isComplete
            ? 'complete'
            : 'behind'
    return {
      state,
      rows,
      transactions,
      quarantined,
      restarts,
      position: formatPosition(drained?.position ?? status?.position ?? { segment: 0, offset: 0 }),
      ...(state === 'complete' || detail === undefined ? {} : { detail }),
    }
  }

  async release(deadlineMs: number): Promise<void> {
    if (this.#lease !== undefined)
      await Promise.race([this.#lease.release().catch((error) => this.#failed(error)), wait(deadlineMs)])
    this.#repeats.tell(true)
  }

  async #open(): Promise<void> {
    const { store } = this.#config
    for (let retryMs = RETRY_MS_MIN; !this.#stopping.signal.aborted; retryMs = Math.min(RETRY_MS_MAX, retryMs * 2)) {
      try {
        const lease = await openDatabase({
          databaseUrl: store.databaseUrl?.reveal(),
          dataFolder: this.#dataFolder,
          schema: store.schema,
          onEvent: (event) => this.#databaseEvent(event),
          signal: this.#stopping.signal,
        })
        // It came too late: the recording has ended and nobody would let it go.
        if (this.#stopping.signal.aborted) return await lease.release()
        this.#lease = lease
        this.#unavailable = undefined
        this.#start(lease)
        return
      } catch (error) {
        if (this.#stopping.signal.aborted) return
        this.#failed(error)
        await wait(retryMs, this.#stopping.signal)
      }
    }
  }

  #start(lease: DatabaseLease): void {
    const { store } = this.#config
    this.#log.info({ event: 'database_open', kind: lease.kind, serverVersion: lease.serverVersion })
    const worker = startStoreWorker({
      journalFolder: `${this.#dataFolder}/journal`,
      database: lease.url,
      schema: store.schema,
      batchRows: store.batchRows,
      flushIntervalMs: store.flushIntervalMs,
      // Two batches are held: one on its way, one being made.
      rowsMax: Math.min(ROWS_MAX, Math.max(1, Math.floor(store.queueRowsMax / 2))),
      sampleRate: store.sampleRate,
      onEvent: (event) => this.#storeEvent(event),
    })
    this.#worker = worker
    worker.durable(this.#recorder.journal.durable)
    this.#recorder.onDurable((position) => worker.durable(position))
    void worker.refused.then((error) => {
      this.#refusal = error
      this.#log.error({ event: 'store_refused', error })
    })
  }

  #failed(error: unknown): void {
    const { code = 'UNKNOWN', message } = error as Error & { code?: string }
    this.#unavailable = message
    this.#repeats.write('error', { event: 'database_failed', code, reason: message })
  }

  #databaseEvent({ kind, ...told }: DatabaseEvent): void {
    // A line's `pid` is our own.
    const { pid, ...rest } = told as { readonly pid?: number }
    const fields = pid === undefined ? rest : { ...rest, serverPid: pid }
    const isTrouble = kind === 'database_died' || kind === 'database_restart_failed'
    this.#repeats.write(
      isTrouble ? 'error' : 'info',
      { event: 'database_event', what: kind, ...fields },
      undefined,
      kind,
    )
  }

  #storeEvent({ kind, ...fields }: StoreThreadEvent): void {
    const level = kind === 'opened' || kind === 'recovered' || kind === 'commit_confirmed' ? 'info' : 'warn'
    this.#repeats.write(level, { event: 'store_event', what: kind, ...fields }, undefined, kind)
  }
}

/** Rows in one transaction at most: beyond it nothing gets faster. */
const ROWS_MAX = 10_000

function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, ms)
    timer.unref()
    signal?.addEventListener('abort', () => done(), { once: true })
  })
}
