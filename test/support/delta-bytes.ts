/** What delta rows take on disk: as many as asked, of 100 markets, on a server of their own. */
import { ensurePartitions, inTransaction, migrate, partitionName } from '#store'
import { type PostgresVersion, startPostgres } from './postgres.ts'

/** 2026-08-19. */
const DAY = 20_684
const BATCH = 10_000

/**
 * Bytes a row, with its indexes. Rows come in batches in order of the stamp, a few markets busy and most quiet, one row
 * in a hundred from a book in doubt.
 */
export async function measureDeltaBytes(version: PostgresVersion, rows: number): Promise<number> {
  const server = await startPostgres(version)
  try {
    const client = await server.connect()
    await migrate(client)
    await inTransaction(client, () => ensurePartitions(client, [DAY], { tables: ['rl_orderbook_deltas'] }))
    await client.query(`
      DO $$ BEGIN FOR batch IN 0..${rows / BATCH - 1} LOOP
        INSERT INTO kalshiflow.rl_orderbook_deltas
          (received_ns, exchange_ms, "offset", seq, change, size_after, segment, market_id, connection, sid, span, price, side)
        SELECT ${DAY}::bigint * 86400000000000 + (batch * ${BATCH} + n)::bigint * 80000, 1787097600000, n * 236, n, 100,
          CASE WHEN n % 100 = 0 THEN NULL ELSE 2500 END, 1, (random() * random() * 100)::int, 1, 1, 0, 5000, 0
        FROM generate_series(1, ${BATCH}) n;
      END LOOP; END $$`)
    const name = `kalshiflow.${partitionName('rl_orderbook_deltas', DAY)}`
    const measured = await client.query('SELECT pg_total_relation_size($1)::float8 AS bytes', [name])
    return Number(measured.rows[0].bytes) / rows
  } finally {
    await server.stop()
  }
}
