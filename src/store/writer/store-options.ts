/** What a writer is told, and what it tells. */
import type { Position } from '#domain'
import { type ReadFault, SYSTEM_TIME } from '#journal'
import type { Disk, Time } from '#ports'
import type { Target } from './connection.ts'
import { StoreError } from './errors.ts'
import type { Limits } from './sql.ts'
import type { StoreDatabase } from './store-database.ts'

export type StoreWriterOptions = {
  readonly journalFolder: string
  /** A connection URL, or what `pg` takes, or a database by another adapter. */
  readonly database: Target | StoreDatabase
  /** Everything before it may be read. */
  readonly durable: () => Position
  readonly disk?: Disk
  readonly time?: Time
  /** Default `kalshiflow`. */
  readonly schema?: string
  /** Rows that start a transaction at once. Default 100. */
  readonly batchRows?: number
  /** How long the first row waits for others. Default 1000. */
  readonly flushIntervalMs?: number
  /** Rows in one transaction; two of them are held in memory. Default 10,000. */
  readonly rowsMax?: number
  /** Deltas of a market that may become one row of a level; 1 keeps each. */
  readonly sampleRate?: number
  /** Other journals may have rows in this schema. */
  readonly severalJournals?: boolean
  readonly limits?: Limits
  /** The longest wait between two attempts. Default 10,000. */
  readonly backoffMsMax?: number
  readonly onEvent?: (event: StoreEvent) => void
}

export type StoreEvent =
  | { readonly kind: 'opened'; readonly position: Position; readonly behindBytes: number }
  /** The database failed, or refused for another reason than the data. `code`: SQLSTATE or the socket's. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly retryMs: number }
  | { readonly kind: 'recovered'; readonly failures: number }
  /** The answer to a COMMIT was lost; the watermark says that it had happened. */
  | { readonly kind: 'commit_confirmed'; readonly position: Position }
  | { readonly kind: 'standby'; readonly position: Position }
  | { readonly kind: 'refused_rows'; readonly code: string; readonly message: string }
  | { readonly kind: 'unreadable'; readonly fault: ReadFault }

const LIMITS: Limits = { lockMs: 5_000, statementMs: 60_000, idleMs: 30_000 }

export type StoreSettings = {
  readonly time: Time
  readonly batchRows: number
  readonly flushIntervalMs: number
  readonly rowsMax: number
  readonly sampleRate: number
  readonly backoffMsMax: number
  readonly limits: Limits
}

/** The defaults filled in. Throws FLOW_STORE_OPTION for a number out of its range. */
export function settingsOf(options: StoreWriterOptions): StoreSettings {
  const { batchRows = 100, flushIntervalMs = 1_000, rowsMax = 10_000, sampleRate = 1, backoffMsMax = 10_000 } = options
  const numbers = { batchRows, flushIntervalMs, rowsMax, sampleRate, backoffMsMax }
  for (const [name, value] of Object.entries(numbers)) {
    if (Number.isSafeInteger(value) && value >= 1) continue
    throw new StoreError('FLOW_STORE_OPTION', `${name} must be a whole number from 1, found ${value}`, {
      [name]: value,
    })
  }
  return { ...numbers, time: options.time ?? SYSTEM_TIME, limits: options.limits ?? LIMITS }
}
