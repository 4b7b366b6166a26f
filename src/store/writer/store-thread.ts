/**
 * The writer in a thread of its own, so that folding and encoding take no turn of the recorder's event loop. Started anew
 * with backoff when it crashed or fell silent; told the durable position through shared memory, asked the rest by message.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Position } from '#domain'
import type { Target } from './connection.ts'
import { DurableMark } from './durable-mark.ts'
import { StoreError, type StoreErrorCode } from './errors.ts'
import type { StoreEvent, StoreWriterOptions } from './store-options.ts'
import type { DrainResult, StoreStatus } from './store-status.ts'

/** The writer's options that can cross to another thread. */
export type StoreThreadOptions = Omit<StoreWriterOptions, 'durable' | 'disk' | 'time' | 'database' | 'onEvent'> & {
  readonly database: Target
}

export type StoreWorkerOptions = StoreThreadOptions & {
  readonly onEvent?: (event: StoreThreadEvent) => void
  /** Without a word for so long, the thread is taken for hung and ended. Default 30,000. */
  readonly silenceMsMax?: number
}

export type StoreThreadEvent =
  | StoreEvent
  /** The thread crashed or hung. */
  | { readonly kind: 'restarted'; readonly restarts: number; readonly why: string; readonly retryMs: number }

export type StoreWorkerStatus = StoreStatus & { readonly restarts: number }

export type StoreWorker = {
  /** Tells how far the journal may be read. Cheap: call it as often as it moves. */
  durable(position: Position): void
  status(): StoreWorkerStatus
  /** Writes everything durable without waiting for full batches; at most so long. */
  drain(deadlineMs: number): Promise<DrainResult>
  /** Ends the thread. What is not committed is read again at the next start. */
  stop(): Promise<void>
  /** Resolves when the store must not go on: {@link StoreError}, or another error with a `FLOW_…` code. */
  readonly refused: Promise<Error>
}

/** What the thread is started with. */
export type StoreThreadData = { readonly options: StoreThreadOptions; readonly durable: SharedArrayBuffer }

export type ToThread = { readonly kind: 'drain'; readonly deadlineMs: number } | { readonly kind: 'stop' }

export type FromThread =
  | { readonly kind: 'status'; readonly status: StoreStatus }
  | { readonly kind: 'event'; readonly event: StoreEvent }
  | { readonly kind: 'drained'; readonly result: DrainResult }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string; readonly fields: StoreError['fields'] }

const SILENCE_MS_MAX = 30_000
const RESTART_MS_MIN = 100
const RESTART_MS_MAX = 30_000
/** A thread that lived so long had nothing wrong with its start. */
const SOUND_MS = 60_000
const STOP_MS_MAX = 2_000

const UNHEARD: StoreStatus = {
  state: 'opening',
  position: { segment: 0, offset: 0 },
  durable: { segment: 0, offset: 0 },
  behindBytes: 0,
  behindMs: 0,
  rowsPerSecond: 0,
  rows: 0,
  transactions: 0,
  quarantined: 0,
  unreadable: 0,
  failures: 0,
  lastError: undefined,
}

/** Starts the thread. Never throws for the database: it is waited for. */
export function startStoreWorker(options: StoreWorkerOptions): StoreWorker {
  return new StoreThread(options)
}

class StoreThread implements StoreWorker {
  readonly refused: Promise<Error>
  readonly #options: StoreThreadOptions
  readonly #onEvent: (event: StoreThreadEvent) => void
  readonly #silenceMsMax: number
  readonly #mark = new DurableMark()
  readonly #stopping = new AbortController()
  readonly #drains = new Set<(result: DrainResult) => void>()
  readonly #watch: NodeJS.Timeout
  #refuse: (error: Error) => void = () => {}
  #worker: Worker | undefined
  #exited: Promise<void> = Promise.resolve()
  #status = UNHEARD
  /** Of threads that are gone. */
  #before = { rows: 0, transactions: 0, quarantined: 0 }
  #heardMs = 0
  #startedMs = 0
  #restarts = 0
  #quickDeaths = 0
  #isRefused = false

  constructor({ onEvent = () => {}, silenceMsMax = SILENCE_MS_MAX, ...options }: StoreWorkerOptions) {
    this.#options = options
    this.#onEvent = onEvent
    this.#silenceMsMax = silenceMsMax
    this.refused = new Promise((resolve) => {
      this.#refuse = resolve
    })
    this.#watch = setInterval(() => this.#endIfSilent(), Math.max(10, silenceMsMax / 4))
    this.#watch.unref()
    this.#start()
  }

  durable(position: Position): void {
    this.#mark.set(position)
  }

  status(): StoreWorkerStatus {
    const { rows, transactions, quarantined } = this.#status
    return {
      ...this.#status,
      durable: this.#mark.position,
      rows: rows + this.#before.rows,
      transactions: transactions + this.#before.transactions,
      quarantined: quarantined + this.#before.quarantined,
      restarts: this.#restarts,
    }
  }

  async drain(deadlineMs: number): Promise<DrainResult> {
    const end = performance.now() + deadlineMs
    for (;;) {
      const leftMs = end - performance.now()
      const { position } = this.#status
      const given = { isComplete: false, position, durable: this.#mark.position }
      if (leftMs <= 0 || this.#isRefused || this.#stopping.signal.aborted) return given
      const answer = await this.#askToDrain(leftMs)
      // A thread that died was no answer: the next one is asked.
      if (answer !== undefined) return answer
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    clearInterval(this.#watch)
    const worker = this.#worker
    if (worker === undefined) return
    worker.postMessage({ kind: 'stop' } satisfies ToThread)
    const overdue = setTimeout(() => void worker.terminate(), STOP_MS_MAX)
    await this.#exited
    clearTimeout(overdue)
  }

  async #askToDrain(deadlineMs: number): Promise<DrainResult | undefined> {
    const gone = new AbortController()
    const drained = new Promise<DrainResult>((resolve) => this.#drains.add(resolve))
    this.#worker?.postMessage({ kind: 'drain', deadlineMs } satisfies ToThread)
    const over = sleep(Math.min(deadlineMs + DRAIN_GRACE_MS, DRAIN_LOOK_MS), undefined, { signal: gone.signal })
    const answer = await Promise.race([drained, over.catch(() => undefined)])
    gone.abort()
    this.#drains.clear()
    return answer
  }

  #start(): void {
    const isSource = import.meta.url.endsWith('.ts')
    const data: StoreThreadData = { options: this.#options, durable: this.#mark.buffer }
    const worker = new Worker(new URL(isSource ? './store-worker.ts' : './store-worker.js', import.meta.url), {
      workerData: data,
      ...(isSource ? { execArgv: ['--conditions=source'] } : {}),
    })
    this.#worker = worker
    this.#startedMs = performance.now()
    this.#heardMs = this.#startedMs
    let why = 'the thread ended'
    worker.on('message', (message: FromThread) => this.#hear(message))
    worker.on('error', (error) => {
      why = error.message
    })
    this.#exited = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#worker = undefined
        resolve()
        if (!this.#stopping.signal.aborted && !this.#isRefused) void this.#restart(why)
      })
    })
  }

  async #restart(why: string): Promise<void> {
    const { rows, transactions, quarantined } = this.#status
    this.#before.rows += rows
    this.#before.transactions += transactions
    this.#before.quarantined += quarantined
    this.#status = { ...this.#status, state: 'opening', rows: 0, transactions: 0, quarantined: 0, lastError: why }
    this.#restarts++
    this.#quickDeaths = performance.now() - this.#startedMs < SOUND_MS ? this.#quickDeaths + 1 : 0
    const retryMs = Math.min(RESTART_MS_MIN * 2 ** Math.min(this.#quickDeaths, 20), RESTART_MS_MAX)
    this.#onEvent({ kind: 'restarted', restarts: this.#restarts, why, retryMs })
    await sleep(retryMs, undefined, { signal: this.#stopping.signal }).catch(() => {})
    if (!this.#stopping.signal.aborted) this.#start()
  }

  #endIfSilent(): void {
    if (this.#worker === undefined || performance.now() - this.#heardMs < this.#silenceMsMax) return
    void this.#worker.terminate()
    this.#heardMs = performance.now()
  }

  #hear(message: FromThread): void {
    this.#heardMs = performance.now()
    switch (message.kind) {
      case 'status':
        this.#status = message.status
        return
      case 'event':
        this.#onEvent(message.event)
        return
      case 'drained':
        for (const resolve of this.#drains) resolve(message.result)
        return
      case 'refused': {
        this.#isRefused = true
        const { code, message: text, fields } = message
        this.#status = { ...this.#status, state: 'stopped', lastError: text }
        this.#refuse(new StoreError(code as StoreErrorCode, text, fields))
        return
      }
    }
  }
}

/** How long an answer may be on its way past the deadline. */
const DRAIN_GRACE_MS = 200
/** How often a thread is asked again: it may have been started anew in between. */
const DRAIN_LOOK_MS = 1_000
