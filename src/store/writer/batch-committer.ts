/**
 * Puts one batch after the other into the database, each until it is there: what the data is refused for goes to
 * quarantine, every other failure is waited out, and after a lost answer the watermark itself says what happened.
 */
import { comparePositions, formatPosition, type Position } from '#domain'
import type { Time } from '#ports'
import type { RowBatch } from '../rows/row-batch.ts'
import { sqlStateOf } from '../schema/index.ts'
import type { RawRecord } from './careful-rows.ts'
import { type DatabaseClient, messageOf } from './database-client.ts'
import { WatermarkMoved } from './errors.ts'
import { type CommitOutcome, type Committed, commitBatch } from './transaction.ts'

export type BatchCommitterOptions = {
  readonly client: DatabaseClient
  readonly time: Time
  readonly statementMs: number
  readonly signal: AbortSignal
  /** The bytes of a record, for quarantine. */
  readonly readRecord: (position: Position) => Promise<RawRecord | undefined>
  readonly onRefused: (refused: { readonly code: string; readonly message: string }) => void
  /** The answer to a COMMIT was lost, and it had happened. */
  readonly onConfirmed: (position: Position) => void
}

/** What a batch is committed as a part of. */
export type CommitPlace = {
  /** The journal's id. */
  readonly journal: string
  /** Where the watermark must stand. */
  readonly from: Position
  /** Totals of the journal with the batch. */
  readonly counts: Readonly<Record<string, number>>
}

const DAYS_AHEAD_EVERY_MS = 3_600_000

export class BatchCommitter {
  readonly #options: BatchCommitterOptions
  readonly #days = { received: new Set<number>(), trades: new Set<number>() }
  #aheadMs = Number.NEGATIVE_INFINITY

  constructor(options: BatchCommitterOptions) {
    this.#options = options
  }

  /**
   * Resolves when the batch is in the database, whatever that takes. Throws {@link WatermarkMoved} when it must be read
   * anew, and an `Error` when the signal is raised meanwhile.
   */
  async commit(batch: RowBatch, place: CommitPlace): Promise<Committed> {
    const { client, signal } = this.#options
    let careful = false
    while (!signal.aborted) {
      const outcome = await this.#attempt(batch, place, careful)
      if (signal.aborted && outcome.kind !== 'committed') break
      switch (outcome.kind) {
        case 'committed':
          return outcome
        case 'moved': {
          const confirmed = await this.#confirm(batch, place.journal)
          if (confirmed !== undefined) return confirmed
          break
        }
        case 'number_taken':
          throw new WatermarkMoved('another store gave out the same market number', { cause: outcome.error })
        case 'refused':
          if (careful) await client.failed(outcome.error)
          else this.#refused(outcome.error)
          careful = true
          break
        default:
          await client.failed(outcome.error)
      }
    }
    throw new Error('stopped')
  }

  async #attempt(batch: RowBatch, { from, counts }: CommitPlace, careful: boolean): Promise<CommitOutcome> {
    const { client, statementMs, readRecord } = this.#options
    try {
      await this.#makeDaysAhead()
      return await client.use(statementMs * 2, (connection) =>
        commitBatch(batch, { connection, from, counts, days: this.#days, careful, readRecord }),
      )
    } catch (error) {
      return { kind: 'failed', error }
    }
  }

  /**
   * The watermark was not where it should be: either our own commit came through without its answer, or another's did.
   * `undefined` when the database does not say: the batch is tried again.
   */
  async #confirm(batch: RowBatch, journal: string): Promise<Committed | undefined> {
    const { client, statementMs, onConfirmed } = this.#options
    let position: Position
    try {
      ;({ position } = await client.use(statementMs, (connection) => connection.watermark(journal)))
    } catch (error) {
      await client.failed(error)
      return undefined
    }
    if (comparePositions(position, batch.end) !== 0) {
      throw new WatermarkMoved(`the watermark stands at ${formatPosition(position)}`, { position })
    }
    onConfirmed(position)
    return { kind: 'committed', rows: batch.rows, quarantined: batch.quarantine.count }
  }

  #refused(error: unknown): void {
    this.#days.received.clear()
    this.#days.trades.clear()
    this.#options.onRefused({ code: sqlStateOf(error) ?? '', message: messageOf(error) })
  }

  /** Tomorrow's partitions, made today: a day's first batch then needs no lock on a whole table. */
  async #makeDaysAhead(): Promise<void> {
    const { client, time, statementMs } = this.#options
    const nowMs = time.nowMs()
    if (nowMs - this.#aheadMs < DAYS_AHEAD_EVERY_MS) return
    const nowNs = BigInt(time.wallMs()) * 1_000_000n
    await client.use(statementMs, (connection) => connection.makeDaysAhead(nowNs))
    this.#aheadMs = nowMs
  }
}
