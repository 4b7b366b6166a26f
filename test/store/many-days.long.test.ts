/** A schema with more days than one transaction can lock on a small server. */
import { expect, it } from 'vitest'
import { ensurePartitions, inTransaction, migrate, readStatus, rebuildPrepare, reset } from '#store'
import { POSTGRES_VERSIONS, startPostgres } from '../support/postgres.ts'

const FIRST_DAY = 20_000
const DAYS = 300

it.each(POSTGRES_VERSIONS)(
  'many days are emptied on PostgreSQL %i, and a reset says when they are too many',
  async (version) => {
    const server = await startPostgres(version, {
      fsync: 'off',
      max_locks_per_transaction: '32',
      max_connections: '20',
    })
    try {
      const client = await server.connect()
      await migrate(client)
      for (let day = 0; day < DAYS; day += 10) {
        const days = Array.from({ length: 10 }, (_, index) => FIRST_DAY + day + index)
        await inTransaction(client, () => ensurePartitions(client, days))
      }
      for (let day = 0; day < DAYS; day++) {
        await client.query(
          `INSERT INTO kalshiflow.rl_ticker (received_ns, exchange_ms, "offset", segment, market_id, connection)
         VALUES ($1::bigint * 86400000000000, 0, 1, 1, 1, 1)`,
          [FIRST_DAY + day],
        )
      }
      await expect(
        client.query(
          'TRUNCATE kalshiflow.rl_orderbook_snapshots, kalshiflow.rl_orderbook_deltas, kalshiflow.rl_ticker, kalshiflow.rl_trades, kalshiflow.rl_index',
        ),
      ).rejects.toMatchObject({
        code: '53200',
      })
      await rebuildPrepare(client)
      expect((await client.query('SELECT * FROM kalshiflow.rl_ticker LIMIT 1')).rows).toEqual([])
      await expect(reset(client, { confirm: 'kalshiflow' })).rejects.toMatchObject({ code: 'FLOW_SCHEMA_LOCKS' })
      expect((await readStatus(client)).pending).toEqual([])
    } finally {
      await server.stop()
    }
  },
)
