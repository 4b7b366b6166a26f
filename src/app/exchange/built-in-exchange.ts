/**
 * The built-in exchange in a thread of its own, so that it and the recorder do not take turns in one event loop. One that
 * crashed or hung is started anew on the same port with the same key: the recorder's connections come back by themselves.
 */
import type { ExchangeOptions } from '#exchange'
import {
  SupervisedThread,
  type ThreadEvent,
  type ThreadLimits,
  type ThreadStatus,
} from '../threads/supervised-thread.ts'

/** What a recorder needs to connect to it. */
export type ExchangeAddress = {
  readonly url: string
  readonly restUrl: string
  readonly keyPem: string
  readonly port: number
  /** The markets that could be traded when it began to listen. */
  readonly tickers: readonly string[]
}

export class BuiltInExchange {
  readonly #thread: SupervisedThread<ExchangeAddress>
  /** Told of restarts. */
  onEvent: ((event: ThreadEvent) => void) | undefined

  constructor(options: ExchangeOptions, limits: Partial<ThreadLimits> = {}) {
    this.#thread = new SupervisedThread({
      file: new URL('./exchange-worker.ts', import.meta.url),
      data: (before) => (before === undefined ? options : { ...options, port: before.port, keyPem: before.keyPem }),
      onEvent: (event) => this.onEvent?.(event),
      limits,
    })
  }

  /** Throws what the exchange found wrong. */
  start(): Promise<ExchangeAddress> {
    return this.#thread.start()
  }

  /** Where it listens, once it does. */
  get address(): ExchangeAddress | undefined {
    return this.#thread.answer
  }

  status(): ThreadStatus {
    return this.#thread.status()
  }

  close(): Promise<void> {
    return this.#thread.close()
  }
}
