/**
 * The API in a thread of its own, so that no client's request takes a turn of the recorder's event loop. It follows the
 * recorder like any other reader; one that crashed or hung is started anew on the same port.
 */
import type { ApiEvent, ApiOptions } from '#api'
import { tellApiEvent } from '../log/api-log.ts'
import type { Log } from '../log/log.ts'
import { SupervisedThread, type ThreadLimits, type ThreadStatus } from '../threads/supervised-thread.ts'

/** All of the options that can cross to another thread. */
export type ApiThreadOptions = Omit<ApiOptions, 'onEvent'>

/** Where it listens, and what its clients can make it hold at most. */
export type ApiAnswer = {
  readonly url: string
  readonly bounds: { readonly requestBytes: number; readonly webSocketBytes: number }
}

export class ApiThread {
  readonly #thread: SupervisedThread<ApiAnswer>

  constructor(options: ApiThreadOptions, log: Log, limits: Partial<ThreadLimits> = {}) {
    this.#thread = new SupervisedThread({
      file: new URL('./api-worker.ts', import.meta.url),
      // A free port that was found once is asked for again: whoever has the page open finds it there.
      data: (before) => (before === undefined ? options : { ...options, port: Number(new URL(before.url).port) }),
      onEvent: ({ kind, ...fields }) =>
        log[kind === 'restarting' ? 'error' : 'warn']({ event: 'thread_event', thread: 'api', what: kind, ...fields }),
      onTold: (event) => tellApiEvent(log, event as ApiEvent),
      limits,
    })
  }

  /** Throws, with the API's own code, when it cannot be had: a port that is taken, for one. */
  start(): Promise<ApiAnswer> {
    return this.#thread.start()
  }

  status(): ThreadStatus & { readonly url: string | undefined } {
    return { ...this.#thread.status(), url: this.#thread.answer?.url }
  }

  close(): Promise<void> {
    return this.#thread.close()
  }
}
