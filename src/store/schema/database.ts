/**
 * The little that the schema asks of a connection, and a transaction on it.
 *
 * A `pg` client answers it. Nothing outlives a transaction: no prepared names, no session settings and no session locks,
 * so that a transaction pooler in between changes nothing.
 */

export type Row = Readonly<Record<string, unknown>>

export interface Database {
  /** Several statements may stand in one text when there are no values. */
  query(text: string, values?: unknown[]): Promise<{ readonly rows: Row[]; readonly rowCount: number | null }>
}

export type TransactionLimits = {
  /** How long a statement may wait for a lock, advisory ones included. */
  readonly lockTimeoutMs: number
  readonly statementTimeoutMs: number
  /** How long the transaction may stand idle, for a program that hangs must not hold its locks. */
  readonly idleTimeoutMs: number
}

const LIMITS: TransactionLimits = { lockTimeoutMs: 30_000, statementTimeoutMs: 300_000, idleTimeoutMs: 60_000 }

/** What `work` answers, committed. Whatever it throws is thrown on after a rollback. Names resolve in pg_catalog alone. */
export async function inTransaction<Answer>(
  database: Database,
  work: () => Promise<Answer>,
  limits: TransactionLimits = LIMITS,
): Promise<Answer> {
  await database.query('BEGIN')
  try {
    await database.query(
      `SET LOCAL lock_timeout = ${limits.lockTimeoutMs};
       SET LOCAL statement_timeout = ${limits.statementTimeoutMs};
       SET LOCAL idle_in_transaction_session_timeout = ${limits.idleTimeoutMs};
       SET LOCAL search_path = pg_catalog, pg_temp`,
    )
    const answer = await work()
    await database.query('COMMIT')
    return answer
  } catch (error) {
    // The first error is the one to tell; on a broken connection the server rolls back by itself.
    await database.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}
