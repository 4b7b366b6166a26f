/**
 * Questions to the database, for answers that reach further back than the copy: a few at once, each with a limit of time.
 * The database is opened at the first question, and goes on being opened when it is away; the copy answers then.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { checkSchemaName, type DatabaseLease, DEFAULT_SCHEMA, openDatabase, quoteName } from '#store'
import type { Limits } from '../api-limits.ts'
import type { ApiEvent, ApiOptions } from '../api-options.ts'

const RETRY_MS_MIN = 500
const RETRY_MS_MAX = 30_000
/** How long a question waits for a database that is being opened. */
const OPEN_WAIT_MS = 2_000
/** Questions that wait for one of the connections; more are answered from the copy. */
const WAITING_MAX = 50

export class StoreReader {
  /** Quoted. */
  readonly schema: string
  readonly #options: ApiOptions
  readonly #limits: Limits
  readonly #tell: (event: ApiEvent) => void
  readonly #ending = new AbortController()
  #opening: Promise<void> | undefined
  #lease: DatabaseLease | undefined
  #pool: pg.Pool | undefined
  #isAway = false

  constructor(options: ApiOptions, limits: Limits, tell: (event: ApiEvent) => void) {
    this.#options = options
    this.#limits = limits
    this.#tell = tell
    this.schema = quoteName(checkSchemaName(options.schema ?? DEFAULT_SCHEMA))
  }

  get isOpen(): boolean {
    return this.#pool !== undefined && !this.#isAway
  }

  /** The rows; `undefined` when the database cannot be asked now. */
  async ask<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[]): Promise<Row[] | undefined> {
    this.#opening ??= this.#open()
    if (this.#pool === undefined) await Promise.race([this.#opening, sleep(OPEN_WAIT_MS, undefined, { ref: false })])
    const pool = this.#pool
    if (pool === undefined || pool.waitingCount >= WAITING_MAX) return undefined
    try {
      const { rows } = await pool.query<Row>(text, [...values])
      this.#setAway(undefined)
      return rows
    } catch (error) {
      this.#setAway(error as Error)
      return undefined
    }
  }

  async close(): Promise<void> {
    this.#ending.abort()
    await this.#opening
    await this.#pool?.end().catch(() => {})
    await this.#lease?.release().catch(() => {})
  }

  #setAway(error: Error | undefined): void {
    if (this.#isAway === (error !== undefined)) return
    this.#isAway = error !== undefined
    this.#tell(error === undefined ? { kind: 'store_open' } : { kind: 'store_away', reason: error.message })
  }

  async #open(): Promise<void> {
    const { signal } = this.#ending
    const { databaseUrl, dataFolder } = this.#options
    for (let retryMs = RETRY_MS_MIN; !signal.aborted; retryMs = Math.min(RETRY_MS_MAX, retryMs * 2)) {
      try {
        const lease = await openDatabase({ databaseUrl, dataFolder, signal })
        if (signal.aborted) return await lease.release()
        this.#lease = lease
        this.#pool = this.#poolOf(lease.url)
        this.#tell({ kind: 'store_open' })
        return
      } catch (error) {
        if (signal.aborted) return
        this.#tell({ kind: 'store_away', reason: (error as Error).message })
        await sleep(retryMs, undefined, { signal, ref: false }).catch(() => {})
      }
    }
  }

  #poolOf(connectionString: string): pg.Pool {
    const { queryMsMax, queriesMax } = this.#limits
    const pool = new pg.Pool({
      connectionString,
      application_name: 'kalshiflow api',
      max: queriesMax,
      connectionTimeoutMillis: queryMsMax,
      statement_timeout: queryMsMax,
      query_timeout: queryMsMax + 1_000,
      idle_in_transaction_session_timeout: queryMsMax,
      idleTimeoutMillis: 30_000,
      allowExitOnIdle: true,
    })
    // A connection that ends between two questions is made again for the next one.
    pool.on('error', () => {})
    return pool
  }
}
