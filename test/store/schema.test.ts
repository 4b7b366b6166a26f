/** The schema on real servers: made, made by two at once, refused, kept apart from other programs, and taken away. */
import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  checkSchemaName,
  type Database,
  DERIVED_TABLES,
  ensurePartitions,
  ensurePartitionsAhead,
  inTransaction,
  LEARNING_TABLES,
  migrate,
  PARTITIONED_TABLES,
  partitionName,
  quoteName,
  readMigrations,
  readStatus,
  rebuildPrepare,
  reset,
  TABLES,
} from '#store'
import { FUNCTIONS, VIEWS } from '../../src/store/schema/objects.ts'
import { POSTGRES_VERSIONS, startPostgres, type TestPostgres } from '../support/postgres.ts'

const DAY = 20_684
const NOW_NS = BigInt(DAY) * 86_400_000_000_000n + 1n

describe.each(POSTGRES_VERSIONS)('the schema on PostgreSQL %i', (version) => {
  let server: TestPostgres
  let client: pg.Client
  let other: pg.Client

  beforeAll(async () => {
    server = await startPostgres(version)
    client = await server.connect()
    other = await server.connect()
  })
  afterAll(() => server?.stop())

  // Each test begins with a database that knows nothing of us.
  beforeEach(async () => {
    const { rows } = await client.query(
      `SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'`,
    )
    for (const { nspname } of rows) await client.query(`DROP SCHEMA ${quoteName(nspname)} CASCADE`)
    await client.query('CREATE SCHEMA public')
  })

  describe('migrations', () => {
    it('make every object of ours, by the names that a reset goes by, and nothing else', async () => {
      const { applied } = await migrate(client)
      expect(applied).toEqual((await readMigrations()).map(({ name }) => name))
      expect(await relations('kalshiflow', 'rp')).toEqual([...TABLES].sort())
      expect(await relations('kalshiflow', 'v')).toEqual([...VIEWS].sort())
      const { rows } = await client.query(
        `SELECT replace(p.oid::regprocedure::text, 'kalshiflow.', '') AS name FROM pg_proc p
         WHERE p.pronamespace = 'kalshiflow'::regnamespace ORDER BY 1`,
      )
      expect(rows.map(({ name }) => name.replaceAll(',', ', '))).toEqual([...FUNCTIONS].sort())
    })

    it('may be run again, and then do nothing', async () => {
      await migrate(client)
      const before = await fingerprint(['kalshiflow'])
      expect((await migrate(client)).applied).toEqual([])
      expect(await fingerprint(['kalshiflow'])).toEqual(before)
    })

    it('run once when two programs start together', async () => {
      const results = await Promise.all([migrate(client), migrate(other)])
      const names = (await readMigrations()).map(({ name }) => name)
      expect(results.flatMap(({ applied }) => applied).sort()).toEqual([...names].sort())
      expect(results.map(({ version }) => version)).toEqual([names.length, names.length])
    })

    it('work behind a pooler that gives each transaction another connection', async () => {
      const pooled = new PooledDatabase([client, other])
      await migrate(pooled)
      await ensurePartitionsAhead(pooled, NOW_NS)
      await rebuildPrepare(pooled)
      await reset(pooled, { confirm: 'kalshiflow' })
      expect(await relations('kalshiflow', 'rpv')).toEqual([])
    })

    it('leave the schema at the last one that succeeded', async () => {
      const [first] = await readMigrations()
      const broken = { version: 2, name: 'broken', checksum: 'b', sql: 'CREATE TABLE :"schema".rl_half (); SELECT 1/0' }
      const run = migrate(client, { migrations: [first!, broken] })
      await expect(run).rejects.toMatchObject({
        code: 'FLOW_SCHEMA_MIGRATION',
        fields: { version: 2, sqlState: '22012' },
      })
      expect(await relations('kalshiflow', 'r')).not.toContain('rl_half')
      expect((await readStatus(client)).version).toBe(1)
      expect((await migrate(client)).applied).toHaveLength((await readMigrations()).length - 1)
    })

    it('refuse a schema that an edited migration made, and one of a later version', async () => {
      await migrate(client)
      const migrations = await readMigrations()
      const edited = migrations.map((each) => (each.version === 2 ? { ...each, checksum: 'f'.repeat(64) } : each))
      const changed = { code: 'FLOW_SCHEMA_CHANGED', fields: { version: 2 } }
      await expect(migrate(client, { migrations: edited })).rejects.toMatchObject(changed)
      await expect(readStatus(client, { migrations: edited })).rejects.toMatchObject(changed)
      const newer = { code: 'FLOW_SCHEMA_NEWER' }
      await expect(migrate(client, { migrations: migrations.slice(0, -1) })).rejects.toMatchObject(newer)
    })

    it('refuse a schema in which another program uses one of our names, and change nothing there', async () => {
      await client.query('CREATE SCHEMA kalshiflow; CREATE TABLE kalshiflow.rl_trades (id int)')
      const before = await fingerprint(['kalshiflow'])
      await expect(migrate(client)).rejects.toMatchObject({ code: 'FLOW_SCHEMA_OCCUPIED' })
      expect(await fingerprint(['kalshiflow'])).toEqual(before)
    })

    it('take a schema that is there already, by a role that may not make one', async () => {
      await client.query(`
        DROP ROLE IF EXISTS narrow; CREATE ROLE narrow; CREATE SCHEMA kalshiflow AUTHORIZATION narrow`)
      await client.query('SET ROLE narrow')
      await migrate(client).finally(() => client.query('RESET ROLE'))
      expect((await readStatus(client)).pending).toEqual([])
    })
  })

  describe('another program in the same database', () => {
    it.each(['kalshiflow', 'my "odd" schema'])('keeps every object and row, whatever we do in %s', async (schema) => {
      // The same table names in public, first in the search path, and in a schema of its own; and a table that inherits.
      await client.query(`
        CREATE SCHEMA theirs;
        CREATE TABLE public.rl_trades (id int); INSERT INTO public.rl_trades VALUES (1);
        CREATE TABLE public.rl_schema_migrations (version int); INSERT INTO public.rl_schema_migrations VALUES (99);
        CREATE VIEW public.rl_trades_v AS SELECT * FROM public.rl_trades;
        CREATE FUNCTION public.rl_models_touch() RETURNS int LANGUAGE sql RETURN 1;
        CREATE TABLE theirs.rl_orderbook_deltas (received_ns bigint) PARTITION BY RANGE (received_ns);
        CREATE TABLE theirs.rl_orderbook_deltas_20260819 PARTITION OF theirs.rl_orderbook_deltas
          FOR VALUES FROM (0) TO (10);
        INSERT INTO theirs.rl_orderbook_deltas VALUES (5);
        CREATE TABLE theirs.customers (id int); INSERT INTO theirs.customers VALUES (7);
        SET search_path = public, theirs`)
      const before = await fingerprint(['public', 'theirs'])
      await migrate(client, { schema })
      expect(await ensurePartitionsAhead(client, NOW_NS, { schema })).toHaveLength(15)
      await client.query(
        `INSERT INTO ${quoteName(schema)}.rl_models (model_name, version, algorithm) VALUES ('a', '1', 'ppo')`,
      )
      await rebuildPrepare(client, { schema })
      expect((await readStatus(client, { schema })).version).toBeGreaterThan(0)
      await reset(client, { schema, confirm: schema })
      await client.query('RESET search_path')
      expect(await fingerprint(['public', 'theirs'])).toEqual(before)
      expect(await relations(checkSchemaName(schema), 'rpvSi')).toEqual([])
    })

    it('keeps its view on our tables: a reset is refused, and drops nothing', async () => {
      await migrate(client)
      await client.query('CREATE VIEW public.report AS SELECT count(*) FROM kalshiflow.rl_trades')
      const before = await fingerprint(['public', 'kalshiflow'])
      const refused = { code: 'FLOW_SCHEMA_DEPENDED', message: expect.stringContaining('report') }
      await expect(reset(client, { confirm: 'kalshiflow' })).rejects.toMatchObject(refused)
      expect(await fingerprint(['public', 'kalshiflow'])).toEqual(before)
    })

    it('keeps its rows that refer to ours: a rebuild is refused, and empties nothing', async () => {
      await migrate(client)
      await addJournal()
      await client.query(
        'CREATE TABLE public.notes (journal int REFERENCES kalshiflow.rl_ingest_cursor (journal_id)); INSERT INTO public.notes VALUES (1)',
      )
      await expect(rebuildPrepare(client)).rejects.toMatchObject({ code: 'FLOW_SCHEMA_DEPENDED' })
      expect((await readStatus(client)).cursors).toHaveLength(1)
    })

    it('is not reset by mistake: not without the name, and not where nothing is ours', async () => {
      await migrate(client)
      await expect(reset(client, { confirm: 'yes' })).rejects.toMatchObject({ code: 'FLOW_SCHEMA_UNCONFIRMED' })
      const absent = { code: 'FLOW_SCHEMA_ABSENT' }
      await expect(reset(client, { schema: 'public', confirm: 'public' })).rejects.toMatchObject(absent)
      expect((await readStatus(client)).version).toBeGreaterThan(0)
    })
  })

  describe('days', () => {
    beforeEach(() => migrate(client))

    it('are made once, for every table that has days', async () => {
      const made = await inTransaction(client, () => ensurePartitions(client, [DAY, DAY, DAY + 1]))
      expect(made.sort()).toEqual(
        [DAY, DAY + 1].flatMap((day) => PARTITIONED_TABLES.map((table) => partitionName(table, day))).sort(),
      )
      expect(await inTransaction(client, () => ensurePartitions(client, [DAY, DAY + 1]))).toEqual([])
    })

    it('may be made by two programs at once', async () => {
      const made = await Promise.all([client, other].map((each) => ensurePartitionsAhead(each, NOW_NS)))
      expect(made.flat()).toHaveLength(3 * PARTITIONED_TABLES.length)
    })

    it('are gone with the transaction that made them when it fails', async () => {
      const failed = inTransaction(client, async () => {
        await ensurePartitions(client, [DAY])
        throw new Error('the batch failed')
      })
      await expect(failed).rejects.toThrow('the batch failed')
      expect(await ensurePartitionsAhead(client, NOW_NS)).toHaveLength(3 * PARTITIONED_TABLES.length)
    })

    it('are made while a reader holds the table', async () => {
      await other.query('BEGIN; SELECT count(*) FROM kalshiflow.rl_orderbook_deltas')
      const limits = { lockTimeoutMs: 500, statementTimeoutMs: 5_000, idleTimeoutMs: 5_000 }
      const made = await inTransaction(client, () => ensurePartitions(client, [DAY]), limits).finally(() =>
        other.query('ROLLBACK'),
      )
      expect(made).toHaveLength(PARTITIONED_TABLES.length)
    })

    it('take rows of their day from its first ns to its last, and no other’s: there is no default partition', async () => {
      await addJournal()
      await inTransaction(client, () => ensurePartitions(client, [DAY]))
      const [from, to] = [BigInt(DAY) * 86_400_000_000_000n, BigInt(DAY + 1) * 86_400_000_000_000n]
      await addDelta({ received_ns: from })
      await addDelta({ received_ns: to - 1n })
      await expect(addDelta({ received_ns: to })).rejects.toMatchObject({ code: '23514' })
      await expect(addDelta({ received_ns: from - 1n })).rejects.toMatchObject({ code: '23514' })
      const { rows } = await client.query(
        `SELECT count(*)::int AS n FROM kalshiflow.${partitionName('rl_orderbook_deltas', DAY)}`,
      )
      expect(rows).toEqual([{ n: 2 }])
    })

    it('of trades are the trade’s own', async () => {
      await addJournal()
      await inTransaction(client, () => ensurePartitions(client, [DAY], { tables: ['rl_trades'] }))
      const add = (ms: number) =>
        client.query(
          `INSERT INTO kalshiflow.rl_trades (exchange_ms, received_ns, "offset", size, segment, market_id, connection, yes_price, is_block, trade_id)
           VALUES ($1, 1, 1, 100, 1, 1, 1, 5000, false, 't')`,
          [ms],
        )
      await add(DAY * 86_400_000)
      await expect(add((DAY + 1) * 86_400_000)).rejects.toMatchObject({ code: '23514' })
    })

    it('have the table’s indexes and checks', async () => {
      await inTransaction(client, () => ensurePartitions(client, [DAY]))
      for (const table of PARTITIONED_TABLES) {
        const [parent, child] = await Promise.all([table, partitionName(table, DAY)].map(constraintsAndIndexes))
        expect(child).toEqual(parent)
      }
    })
  })

  describe('the views', () => {
    beforeEach(async () => {
      await migrate(client)
      await addJournal()
      await inTransaction(client, () => ensurePartitions(client, [DAY]))
    })

    it.each([
      { change: 500, size_after: 500, action: 'add', old_size: '0.00', new_size: '5.00' },
      { change: 250, size_after: 750, action: 'update', old_size: '5.00', new_size: '7.50' },
      { change: -50, size_after: 700, action: 'update', old_size: '7.50', new_size: '7.00' },
      { change: -700, size_after: 0, action: 'remove', old_size: '7.00', new_size: '0.00' },
      { change: 0, size_after: 0, action: 'update', old_size: '0.00', new_size: '0.00' },
      { change: 0, size_after: 300, action: 'update', old_size: '3.00', new_size: '3.00' },
      { change: -700, size_after: null, action: null, old_size: null, new_size: null },
    ])('say $action of a change by $change to $size_after', async ({ change, size_after, ...said }) => {
      await addDelta({ change, size_after })
      const { rows } = await client.query('SELECT action, old_size, new_size FROM kalshiflow.rl_orderbook_deltas_v')
      expect(rows).toEqual([said])
    })

    it('say prices in cents where they are whole, and in exact dollars always', async () => {
      await addDelta({ price: 6700, offset: 1 })
      await addDelta({ price: 6755, offset: 2, side: 1 })
      const { rows } = await client.query(
        `SELECT market_ticker, side, price, price_dollars FROM kalshiflow.rl_orderbook_deltas_v ORDER BY "offset"`,
      )
      expect(rows).toEqual([
        { market_ticker: 'ONE', side: 'yes', price: 67, price_dollars: '0.6700' },
        { market_ticker: 'ONE', side: 'no', price: null, price_dollars: '0.6755' },
      ])
    })

    it('show a book’s bids on both sides, and the asks that follow from them', async () => {
      await client.query(`
        INSERT INTO kalshiflow.rl_orderbook_snapshots VALUES
          (${NOW_NS}, 0, 64, 1, 1450, 1, 1, 1, 1, 0, true, 6700, 3250, 50, 13450, '{100,6700}', '{1000,100}', '{3250}', '{350}')`)
      const { rows } = await client.query('SELECT * FROM kalshiflow.rl_orderbook_snapshots_v')
      expect(rows[0]).toMatchObject({
        kind: 'frame',
        yes_bids: { 1: 10, 67: 1 },
        yes_asks: { 67.5: 3.5 },
        no_bids: { 32.5: 3.5 },
        no_asks: { 99: 10, 33: 1 },
        yes_spread: null,
        spread_dollars: '0.0050',
        yes_mid_price: '67.250',
        no_mid_price: '32.750',
        total_volume: '14.50',
      })
    })

    it('tell what is valid by the intervals as they stand now: a late discovery marks old rows', async () => {
      for (const offset of [10, 20, 30, 40, 50]) await addDelta({ offset })
      await client.query(`INSERT INTO kalshiflow.rl_validity (market_id, from_segment, from_offset, from_ns, connection,
        to_segment, to_offset, to_ns, cause) VALUES (1, 1, 5, 1, 1, 1, 20, 1, 'sequence_break'), (1, 1, 30, 1, 1, NULL, NULL, NULL, NULL)`)
      const valid = async () => {
        const { rows } = await client.query(
          `SELECT "offset"::int FROM kalshiflow.rl_orderbook_deltas_v WHERE valid ORDER BY "offset"`,
        )
        return rows.map(({ offset }) => offset)
      }
      expect(await valid()).toEqual([10, 30, 40, 50])
      await client.query(`UPDATE kalshiflow.rl_validity SET to_segment = 1, to_offset = 40, to_ns = 1, cause = 'crossed'
        WHERE market_id = 1 AND from_offset = 30`)
      expect(await valid()).toEqual([10, 30])
    })
  })

  describe('throwing away', () => {
    beforeEach(async () => {
      await migrate(client)
      await addJournal()
      await inTransaction(client, () => ensurePartitions(client, [DAY]))
      await addDelta({})
      await client.query(`
        WITH model AS (INSERT INTO kalshiflow.rl_models (model_name, version, algorithm) VALUES ('a', '1', 'ppo') RETURNING id),
        episode AS (INSERT INTO kalshiflow.rl_trading_episodes (model_id, run, episode_number, mode, market_ticker,
          start_timestamp_ms, end_timestamp_ms, start_balance, end_balance, gross_pnl, fees, net_pnl, episode_length)
          SELECT id, gen_random_uuid(), 0, 'train', 'ONE', 1, 2, 0, 0, 10, 3, 7, 1 FROM model RETURNING id)
        INSERT INTO kalshiflow.rl_trading_actions (episode_id, action_timestamp_ms, position_before, position_after, step_number, action_type)
          SELECT id, 1, 0, 0, 0, 'hold' FROM episode`)
    })

    it('for a rebuild empties what the journal can make again, and leaves models, episodes and actions', async () => {
      await rebuildPrepare(client)
      const counts = await countRows()
      for (const table of DERIVED_TABLES) expect({ table, rows: counts[table] }).toEqual({ table, rows: 0 })
      for (const table of LEARNING_TABLES) expect({ table, rows: counts[table] }).toEqual({ table, rows: 1 })
      await addJournal()
      expect((await client.query('SELECT market_id FROM kalshiflow.rl_markets')).rows).toEqual([{ market_id: 1 }])
    })

    it('for a reset drops everything of ours, and the schema can be made again', async () => {
      expect((await reset(client, { confirm: 'kalshiflow' })).sort()).toEqual([...VIEWS, ...TABLES].sort())
      expect((await readStatus(client)).version).toBe(0)
      await migrate(client)
      expect((await readStatus(client)).pending).toEqual([])
    })

    it('goes for a schema of an older version too, whatever another program calls its tables', async () => {
      await reset(client, { confirm: 'kalshiflow' })
      await client.query('CREATE TABLE public.rl_models (id int); CREATE TABLE public.rl_audits (id int)')
      await migrate(client, { migrations: (await readMigrations()).slice(0, 1) })
      await addJournal()
      await rebuildPrepare(client)
      expect((await readStatus(client)).cursors).toEqual([])
      expect(await reset(client, { confirm: 'kalshiflow' })).not.toContain('rl_models')
      expect(await relations('kalshiflow', 'rpv')).toEqual([])
      expect(await relations('public', 'r')).toEqual(['rl_audits', 'rl_models'])
    })

    it('waits for a writer in the midst of a batch, and empties its rows too', async () => {
      await other.query(`BEGIN; UPDATE kalshiflow.rl_ingest_cursor SET "offset" = 2000`)
      const run = rebuildPrepare(client)
      await new Promise((done) => setTimeout(done, 100))
      await other.query(`
        INSERT INTO kalshiflow.rl_ticker (received_ns, exchange_ms, "offset", segment, market_id, connection)
          VALUES (${NOW_NS}, 0, 1, 1, 1, 1);
        COMMIT`)
      await run
      expect((await other.query('SELECT * FROM kalshiflow.rl_ticker')).rows).toEqual([])
    })

    it('does not happen by half: a rebuild that fails leaves every row', async () => {
      const before = await countRows()
      await other.query('BEGIN; SELECT * FROM kalshiflow.rl_markets')
      const impatient: Database = {
        query: (text, values) => client.query(text.replace('lock_timeout = 30000', 'lock_timeout = 100'), values),
      }
      const run = expect(rebuildPrepare(impatient)).rejects.toMatchObject({ code: '55P03' })
      await run.finally(() => other.query('ROLLBACK'))
      expect(await countRows()).toEqual(before)
    })
  })

  describe('status', () => {
    it('says that there is nothing, and what would be made', async () => {
      const migrations = await readMigrations()
      expect(await readStatus(client)).toEqual({
        schema: 'kalshiflow',
        version: 0,
        pending: migrations.map(({ name }) => name),
        tables: [],
        cursors: [],
        dropped: [],
      })
    })

    it('says sizes, days and how far each journal is stored', async () => {
      await migrate(client)
      await addJournal()
      await inTransaction(client, () => ensurePartitions(client, [DAY]))
      for (let offset = 0; offset < 10; offset++) await addDelta({ offset })
      await client.query('ANALYZE kalshiflow.rl_orderbook_deltas')
      const { tables, cursors } = await readStatus(client)
      expect(tables.find(({ table }) => table === 'rl_audits')?.rowsEstimate).toBeUndefined()
      expect(tables.map(({ table }) => table)).toEqual([...TABLES])
      expect(tables.find(({ table }) => table === 'rl_orderbook_deltas')).toMatchObject({
        rowsEstimate: 10,
        partitions: [{ name: partitionName('rl_orderbook_deltas', DAY), rowsEstimate: 10 }],
      })
      expect(cursors).toMatchObject([{ journalId: 1, environment: 'sim', position: { segment: 3, offset: 1048 } }])
    })
  })

  it('refuses rows that no journal can mean', async () => {
    await migrate(client)
    await addJournal()
    await inTransaction(client, () => ensurePartitions(client, [DAY]))
    for (const wrong of [
      { price: 0 },
      { price: 10_000 },
      { side: 2 },
      { size_after: -1 },
      { segment: 0 },
      { span: -1 },
    ])
      await expect(addDelta(wrong), JSON.stringify(wrong)).rejects.toMatchObject({ code: '23514' })
    const bad = `INSERT INTO kalshiflow.rl_validity (market_id, from_segment, from_offset, from_ns, connection, to_segment, to_offset, to_ns)`
    await expect(client.query(`${bad} VALUES (1, 2, 5, 1, 1, 1, 9, 1)`)).rejects.toMatchObject({ code: '23514' })
    await expect(client.query(`${bad} VALUES (1, 2, 5, 1, 1, 3, 9, NULL)`)).rejects.toMatchObject({ code: '23514' })
    const active = `INSERT INTO kalshiflow.rl_models (model_name, version, algorithm, status) VALUES ('a', '1', 'ppo', 'active')`
    await expect(client.query(active)).rejects.toMatchObject({ code: '23514' })
  })

  it('keeps when a model changed', async () => {
    await migrate(client)
    await client.query(`INSERT INTO kalshiflow.rl_models (model_name, version, algorithm, created_at, updated_at)
      VALUES ('a', '1', 'ppo', 'yesterday', 'yesterday')`)
    await client.query(`UPDATE kalshiflow.rl_models SET status = 'candidate'`)
    const { rows } = await client.query(
      `SELECT updated_at > created_at + '1 hour' AS touched FROM kalshiflow.rl_models`,
    )
    expect(rows).toEqual([{ touched: true }])
  })

  async function addJournal(): Promise<void> {
    await client.query(`
      INSERT INTO kalshiflow.rl_ingest_cursor (journal, environment, segment, "offset")
        VALUES ('2f5c0b1e-8a5d-4e0e-9a53-1c1f3f6d7a10', 'sim', 3, 1048);
      INSERT INTO kalshiflow.rl_markets (journal_id, ticker, first_segment, first_offset, first_ns) VALUES (1, 'ONE', 1, 64, 1)`)
  }

  async function addDelta(fields: Readonly<Record<string, bigint | number | null>>): Promise<void> {
    const row = {
      ...{ received_ns: NOW_NS, exchange_ms: 0, offset: 64, seq: 1, change: 100, size_after: 100, segment: 1 },
      ...{ market_id: 1, connection: 1, sid: 1, span: 0, price: 5000, side: 0 },
      ...fields,
    }
    const names = Object.keys(row)
    await client.query(
      `INSERT INTO kalshiflow.rl_orderbook_deltas (${names.map(quoteName)}) VALUES (${names.map((_, index) => `$${index + 1}`)})`,
      Object.values(row),
    )
  }

  async function countRows(): Promise<Record<string, number>> {
    const texts = TABLES.map((table) => `SELECT '${table}' AS name, count(*)::int AS n FROM kalshiflow.${table}`)
    const { rows } = await client.query(texts.join(' UNION ALL '))
    return Object.fromEntries(rows.map(({ name, n }) => [name, n]))
  }

  /** Names of a schema's relations of these kinds, partitions left out. */
  async function relations(schema: string, kinds: string): Promise<string[]> {
    const { rows } = await client.query(
      `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = $1 AND c.relkind = ANY ($2) AND NOT c.relispartition ORDER BY 1`,
      [schema, [...kinds]],
    )
    return rows.map(({ name }) => name)
  }

  async function constraintsAndIndexes(table: string): Promise<string[]> {
    const { rows } = await client.query(
      `SELECT pg_get_constraintdef(oid) AS said FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'c'
       UNION ALL SELECT regexp_replace(pg_get_indexdef(indexrelid), '^.* USING', '') FROM pg_index WHERE indrelid = $1::regclass
       ORDER BY 1`,
      [`kalshiflow.${table}`],
    )
    return rows.map(({ said }) => said)
  }

  /** Every object of the schemas, by identity and definition, and every row. */
  async function fingerprint(schemas: readonly string[]): Promise<unknown> {
    const { rows: objects } = await client.query(
      `SELECT n.nspname, c.oid, c.relname, c.relkind, c.relfilenode FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = ANY ($1)
       UNION ALL SELECT n.nspname, p.oid, p.proname, 'f', 0 FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
       WHERE n.nspname = ANY ($1) ORDER BY 1, 2`,
      [schemas],
    )
    const contents = []
    for (const { nspname, relname, relkind } of objects) {
      if (relkind !== 'r') continue
      const { rows } = await client.query(
        `SELECT t::text FROM ${quoteName(nspname)}.${quoteName(relname)} t ORDER BY 1`,
      )
      contents.push([nspname, relname, rows])
    }
    return { objects, contents }
  }
})

/** As a transaction pooler does it: every transaction, and every statement outside of one, on the next connection. */
class PooledDatabase implements Database {
  readonly #clients: readonly pg.Client[]
  #turn = 0
  #held = false

  constructor(clients: readonly pg.Client[]) {
    this.#clients = clients
  }

  async query(text: string, values?: unknown[]) {
    if (!this.#held) this.#turn++
    if (text === 'BEGIN') this.#held = true
    if (text === 'COMMIT' || text === 'ROLLBACK') this.#held = false
    return this.#clients[this.#turn % this.#clients.length]!.query(text, values)
  }
}
