/**
 * A worker thread that is kept running: started anew with backoff when it crashed, and ended and started anew when it fell
 * silent. Counts both, tells its owner, and knows nothing of what the thread does.
 *
 * The worker calls {@link serveThread} of thread-side.ts: it beats, says when it is ready, and is told when to end.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'

/** What a worker says: that it lives, that it is ready (with its answer), that it cannot start, or what its owner should hear. */
export type FromWorker =
  | { readonly kind: 'beat' }
  | { readonly kind: 'ready'; readonly answer: unknown }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'told'; readonly event: unknown }

export type ThreadEvent =
  | { readonly kind: 'restarting'; readonly why: string; readonly restarts: number; readonly retryMs: number }
  | { readonly kind: 'ready_again'; readonly restarts: number }

export type ThreadStatus = {
  readonly state: 'starting' | 'ready' | 'waiting' | 'ended'
  readonly restarts: number
  /** Why it is not ready, or was not the last time. */
  readonly lastError: string | undefined
}

/** The same for the control socket; what is `undefined` is left out. */
export function summariesOf(threads: Readonly<Record<string, ThreadStatus | undefined>>) {
  const there = Object.entries(threads).filter((each): each is [string, ThreadStatus] => each[1] !== undefined)
  return Object.fromEntries(
    there.map(([name, { state, restarts, lastError }]) => [name, { state, restarts, last_error: lastError ?? null }]),
  )
}

export type ThreadOptions<Answer> = {
  /** The worker's file, as it is named in the sources (`…-worker.ts`). */
  readonly file: URL
  /** What the thread is started with; `before` is what the one before it answered. */
  readonly data: (before: Answer | undefined) => unknown
  readonly onEvent?: (event: ThreadEvent) => void
  /** What the worker tells. */
  readonly onTold?: (event: unknown) => void
  readonly limits?: Partial<ThreadLimits>
}

export type ThreadLimits = {
  /** Without a beat for so long, the thread is taken for hung. Longer than any pause of a thread that is well. */
  readonly silenceMsMax: number
  /** How long it may take to be ready: loading its code takes a while on a busy machine. */
  readonly startMsMax: number
  readonly retryMsMin: number
  readonly retryMsMax: number
  /** A thread that lived so long had nothing wrong with its start: the next wait is the shortest again. */
  readonly soundMs: number
  /** How long it may take to end by itself when it is told to. */
  readonly closeMsMax: number
}

export const THREAD_LIMITS: ThreadLimits = {
  silenceMsMax: 10_000,
  startMsMax: 60_000,
  retryMsMin: 1_000,
  retryMsMax: 30_000,
  soundMs: 60_000,
  closeMsMax: 1_500,
}

/** The worker said why it cannot start, in its own code. */
export class ThreadRefused extends Error {
  override readonly name = 'ThreadRefused'
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

export class SupervisedThread<Answer> {
  readonly #options: ThreadOptions<Answer>
  readonly #limits: ThreadLimits
  readonly #stopping = new AbortController()
  #worker: Worker | undefined
  #exited: Promise<void> = Promise.resolve()
  #answer: Answer | undefined
  #state: ThreadStatus['state'] = 'starting'
  #restarts = 0
  #quickEnds = 0
  #lastError: string | undefined
  #heardMs = 0
  #startedMs = 0
  #watch: NodeJS.Timeout | undefined
  #lookedMs = 0
  /** Why the thread was ended by us. */
  #silent: string | undefined

  constructor(options: ThreadOptions<Answer>) {
    this.#options = options
    this.#limits = { ...THREAD_LIMITS, ...options.limits }
  }

  /** What the thread that is or was ready last has answered. */
  get answer(): Answer | undefined {
    return this.#answer
  }

  status(): ThreadStatus {
    return { state: this.#state, restarts: this.#restarts, lastError: this.#lastError }
  }

  /** Starts the first thread. Throws what it refused to start for, and then there is none: only later ones are started anew. */
  async start(): Promise<Answer> {
    const { silenceMsMax } = this.#limits
    this.#lookedMs = performance.now()
    this.#watch = setInterval(() => this.#endIfSilent(), Math.max(10, silenceMsMax / 4))
    this.#watch.unref()
    try {
      return await this.#run()
    } catch (error) {
      await this.close()
      throw error
    }
  }

  /** Says something to the thread; lost while there is none. */
  post(message: unknown): void {
    this.#worker?.postMessage(message)
  }

  /** Tells the thread to end, ends it when it does not, and starts none any more. */
  async close(): Promise<void> {
    this.#stopping.abort()
    clearInterval(this.#watch)
    this.#state = 'ended'
    const worker = this.#worker
    if (worker === undefined) return
    worker.postMessage('close')
    const overdue = setTimeout(() => void worker.terminate(), this.#limits.closeMsMax)
    await this.#exited
    clearTimeout(overdue)
  }

  /** One thread from its start until it is ready; what becomes of it later is looked after behind the caller's back. */
  #run(): Promise<Answer> {
    return new Promise((ready, fail) => {
      const startedMs = performance.now()
      const isSource = import.meta.url.endsWith('.ts')
      const file = isSource ? this.#options.file : new URL(this.#options.file.href.replace(/\.ts$/, '.js'))
      const worker = new Worker(file, {
        workerData: this.#options.data(this.#answer),
        ...(isSource ? { execArgv: ['--conditions=source'] } : {}),
      })
      this.#worker = worker
      this.#state = 'starting'
      this.#heardMs = startedMs
      this.#startedMs = startedMs
      let why = 'the thread ended by itself'
      let isReady = false
      worker.on('message', (message: FromWorker) => {
        this.#heardMs = performance.now()
        if (message.kind === 'told') this.#options.onTold?.(message.event)
        if (message.kind === 'refused') fail(new ThreadRefused(message.code, message.message))
        if (message.kind === 'refused') why = message.message
        if (message.kind !== 'ready') return
        isReady = true
        this.#answer = message.answer as Answer
        this.#state = 'ready'
        ready(this.#answer)
      })
      worker.on('error', (error) => {
        why = error.message
      })
      this.#exited = new Promise((done) => {
        worker.once('exit', () => {
          this.#worker = undefined
          done()
          if (isReady && !this.#stopping.signal.aborted) void this.#restart(this.#silent ?? why, startedMs)
          else fail(new ThreadRefused('FLOW_THREAD_ENDED', this.#silent ?? why))
          this.#silent = undefined
        })
      })
    })
  }

  async #restart(firstWhy: string, firstStartedMs: number): Promise<void> {
    let why = firstWhy
    let startedMs = firstStartedMs
    for (;;) {
      const { retryMsMin, retryMsMax, soundMs } = this.#limits
      this.#quickEnds = performance.now() - startedMs < soundMs ? this.#quickEnds + 1 : 1
      const retryMs = Math.min(retryMsMax, retryMsMin * 2 ** Math.min(this.#quickEnds - 1, 20))
      this.#restarts++
      this.#state = 'waiting'
      this.#lastError = why
      this.#options.onEvent?.({ kind: 'restarting', why, restarts: this.#restarts, retryMs })
      await sleep(retryMs, undefined, { signal: this.#stopping.signal }).catch(() => {})
      if (this.#stopping.signal.aborted) return
      startedMs = performance.now()
      try {
        await this.#run()
        this.#options.onEvent?.({ kind: 'ready_again', restarts: this.#restarts })
        return
      } catch (error) {
        if (this.#stopping.signal.aborted) return
        why = (error as Error).message
        // One that refused may still be on its way out.
        await this.#exited
      }
    }
  }

  #endIfSilent(): void {
    const nowMs = performance.now()
    // After a pause of our own (a machine that slept) its beats are still on their way to us.
    const wasAway = nowMs - this.#lookedMs > this.#limits.silenceMsMax / 2
    this.#lookedMs = nowMs
    if (wasAway) return
    const isStarting = this.#state === 'starting'
    const silentMs = nowMs - (isStarting ? this.#startedMs : this.#heardMs)
    const { silenceMsMax, startMsMax } = this.#limits
    if (this.#worker === undefined || silentMs < (isStarting ? startMsMax : silenceMsMax)) return
    const seconds = Math.round(silentMs / 100) / 10
    this.#silent = isStarting ? `not ready within ${seconds} s` : `no sign of life for ${seconds} s`
    this.#heardMs = performance.now()
    void this.#worker.terminate()
  }
}
