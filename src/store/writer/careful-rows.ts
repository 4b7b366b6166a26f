/**
 * The rows of one table into a transaction, in one piece or carefully: under savepoints, halved until the one row is found
 * that the database refuses for its data; that goes to quarantine with the bytes of its record.
 */
import type { Position } from '#domain'
import { withoutNul } from '../rows/tables.ts'
import { sqlStateOf } from '../schema/index.ts'
import type { StoreConnection } from './store-database.ts'

/** Rows of one table that can be inserted in part. */
export type Insertion = {
  readonly count: number
  /** Answers how many rows were inserted. */
  readonly insert: (from: number, to: number) => Promise<number>
  /** Where the record of a row stands. */
  readonly placeOf: (index: number) => Position
}

export type RawRecord = {
  readonly type: number
  readonly connection: number
  readonly stampNs: bigint
  readonly body: Uint8Array
}

export type CarefulParts = {
  readonly connection: StoreConnection
  readonly journal: number
  /** The bytes of a record, for quarantine. */
  readonly readRecord: (position: Position) => Promise<RawRecord | undefined>
}

export type Inserted = { readonly rows: number; readonly quarantined: number }

/** Whether the database refused the data (SQLSTATE class 22 or 23), so that trying the same again would fail the same. */
export function isDataFault(error: unknown): boolean {
  const state = sqlStateOf(error)
  return state !== undefined && /^2[23]/.test(state)
}

/** Halves what is refused until it is one row. At most 2 × rows attempts, and two for each good half. */
export async function insertCarefully(
  insertion: Insertion,
  parts: CarefulParts,
  from = 0,
  to = insertion.count,
): Promise<Inserted> {
  const { connection } = parts
  await connection.savepoint()
  try {
    const rows = await insertion.insert(from, to)
    await connection.releaseSavepoint()
    return { rows, quarantined: 0 }
  } catch (error) {
    if (!isDataFault(error)) throw error
    await connection.rollbackToSavepoint()
    if (to - from === 1) {
      await quarantine(insertion.placeOf(from), error, parts)
      return { rows: 0, quarantined: 1 }
    }
    const middle = (from + to) >>> 1
    const first = await insertCarefully(insertion, parts, from, middle)
    const second = await insertCarefully(insertion, parts, middle, to)
    return { rows: first.rows + second.rows, quarantined: first.quarantined + second.quarantined }
  }
}

async function quarantine(place: Position, error: unknown, parts: CarefulParts): Promise<void> {
  const record = await parts.readRecord(place)
  const { message, column, constraint } = error as { message: string; column?: string; constraint?: string }
  await parts.connection.quarantine({
    journal: parts.journal,
    place,
    receivedNs: record?.stampNs ?? 0n,
    connection: record?.connection ?? 0,
    recordType: record?.type ?? 0,
    reason: withoutNul(message),
    at: column ?? constraint ?? null,
    sqlState: sqlStateOf(error) ?? null,
    raw: record?.body ?? Buffer.alloc(0),
  })
}
