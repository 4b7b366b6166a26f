/**
 * One connection to the database, made anew when it failed: with a limit on every wait, since a server whose machine is
 * gone answers nothing at all, and with ever longer pauses between two failures.
 */
import type { Time } from '#ports'
import type { StoreConnection, StoreDatabase } from './store-database.ts'

const BACKOFF_MS_MIN = 50

export type DatabaseClientOptions = {
  readonly database: StoreDatabase
  readonly time: Time
  readonly backoffMsMax: number
  /** Raised: nothing is waited for any more. */
  readonly signal: AbortSignal
  readonly onFailed: (failure: { readonly code: string; readonly message: string; readonly retryMs: number }) => void
}

export class DatabaseClient {
  readonly #options: DatabaseClientOptions
  #connection: StoreConnection | undefined
  /** In a row. */
  #failures = 0
  #lastError: string | undefined

  constructor(options: DatabaseClientOptions) {
    this.#options = options
  }

  get failures(): number {
    return this.#failures
  }

  get lastError(): string | undefined {
    return this.#lastError
  }

  /** What `work` answers. Past the limit the connection is cut, and `work` fails by that. */
  async use<Answer>(limitMs: number, work: (connection: StoreConnection) => Promise<Answer>): Promise<Answer> {
    const connection = await this.#connected()
    const done = new AbortController()
    let isOverdue = false
    void this.#options.time.sleep(limitMs, done.signal).then(() => {
      if (done.signal.aborted) return
      isOverdue = true
      connection.dispose()
    })
    try {
      return await work(connection)
    } catch (error) {
      if (isOverdue) throw new Error(`the database did not answer within ${limitMs} ms`, { cause: error })
      throw error
    } finally {
      done.abort()
    }
  }

  /** Lets the connection go and waits before the next attempt. */
  async failed(error: unknown): Promise<void> {
    const { time, backoffMsMax, signal, onFailed } = this.#options
    this.dispose()
    this.#lastError = messageOf(error)
    const retryMs = Math.min(BACKOFF_MS_MIN * 2 ** Math.min(this.#failures, 20), backoffMsMax)
    this.#failures++
    onFailed({ code: codeOf(error), message: this.#lastError, retryMs })
    await time.sleep(retryMs, signal)
  }

  /** Answers how many failures there were in a row before. */
  succeeded(): number {
    const failures = this.#failures
    this.#failures = 0
    return failures
  }

  /** Lets the connection go; the next use makes another. */
  dispose(): void {
    this.#connection?.dispose()
    this.#connection = undefined
  }

  async #connected(): Promise<StoreConnection> {
    if (this.#connection === undefined) {
      const connection = await this.#options.database.connect()
      if (this.#options.signal.aborted) connection.dispose()
      this.#connection = connection
    }
    return this.#connection
  }
}

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message || error.name : String(error)

/** SQLSTATE, or what the socket says; `UNKNOWN` without either. */
function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : 'UNKNOWN'
}
