/**
 * docs/data.md against the database: every table and column has its comment, and the document prints exactly those.
 * `vitest run test/store/data-document.test.ts --update` writes the document anew after a comment has changed.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { migrate } from '#store'
import { TABLES, VIEWS } from '../../src/store/schema/objects.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'

const DOCUMENT = join(import.meta.dirname, '../../docs/data.md')
const MARK = '<!-- columns: printed from the database -->\n'

type Column = {
  readonly relation: string
  readonly relationSays: string | null
  readonly name: string
  readonly type: string
  readonly says: string | null
}

let server: TestPostgres
let client: pg.Client
let columns: Column[]

beforeAll(async () => {
  server = await startPostgres()
  client = await server.connect()
  await migrate(client)
  const { rows } = await client.query(
    `SELECT c.relname AS relation, obj_description(c.oid, 'pg_class') AS "relationSays", a.attname AS name,
       format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull OR c.relkind = 'v' THEN '' ELSE ', may be NULL' END AS type,
       col_description(c.oid, a.attnum) AS says
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relnamespace = 'kalshiflow'::regnamespace AND c.relkind IN ('r', 'p', 'v')
     ORDER BY c.relname, a.attnum`,
  )
  columns = rows
})
afterAll(() => server?.stop())

it('every table, view and column says what it is', () => {
  expect(columns.filter(({ says, relationSays }) => !says || !relationSays)).toEqual([])
  expect(new Set(columns.map(({ relation }) => relation))).toEqual(new Set([...TABLES, ...VIEWS]))
})

it('every number that means a time or an amount says its unit', () => {
  const unit =
    /Unix (ns|ms|seconds)|: ns,|1\/10,000 dollar|1\/20,000 dollar|1\/100 contract|[Cc]ents|[Dd]ollars|[Cc]ontracts/
  const measured =
    /_ns$|_ms$|price|^size|_size|bid|ask$|spread|_mid|volume|balance|pnl|fees|drawdown|^change$|quantity|position_|^last$/
  const silent = columns.filter(({ name, says }) => measured.test(name) && !unit.test(says ?? ''))
  // These are no amounts: a flag, a text, and prices that the exchange words itself.
  const exempt = new Set(['use_yes_price', 'action_mask', 'ask'])
  expect(
    silent.filter(({ name }) => !exempt.has(name)).map(({ relation, name, says }) => ({ relation, name, says })),
  ).toEqual([])
})

it('docs/data.md prints them', async () => {
  const text = readFileSync(DOCUMENT, 'utf8')
  const byHand = text.slice(0, text.indexOf(MARK) + MARK.length)
  expect(byHand.endsWith(MARK)).toBe(true)
  await expect(byHand + printColumns()).toMatchFileSnapshot(DOCUMENT)
})

it('the diagram of docs/data.md has every table', () => {
  const text = readFileSync(DOCUMENT, 'utf8')
  const diagram = text.slice(text.indexOf('erDiagram'), text.indexOf('```', text.indexOf('erDiagram')))
  const drawn = new Set(diagram.match(/rl_\w+/g))
  expect(drawn).toEqual(new Set(TABLES.filter((table) => table !== 'rl_schema_migrations')))
})

it('the query of docs/data.md for a book at a moment runs, and gives the book', async () => {
  const text = readFileSync(DOCUMENT, 'utf8')
  const sql = text.slice(text.indexOf('```sql') + 6, text.indexOf('```', text.indexOf('```sql') + 6))
  await client.query(`
    CREATE TABLE kalshiflow.s PARTITION OF kalshiflow.rl_orderbook_snapshots FOR VALUES FROM (0) TO (9e18);
    CREATE TABLE kalshiflow.d PARTITION OF kalshiflow.rl_orderbook_deltas FOR VALUES FROM (0) TO (9e18);
    INSERT INTO kalshiflow.rl_ingest_cursor (journal, environment) VALUES (gen_random_uuid(), 'sim');
    INSERT INTO kalshiflow.rl_markets (journal_id, ticker, first_segment, first_offset, first_ns)
      VALUES (1, 'KXBTCD-26MAR1213-T69499.99', 1, 64, 1);
    INSERT INTO kalshiflow.rl_orderbook_snapshots VALUES
      (1773331879000000000, 0, 64, 1, 1450, 1, 1, 1, 1, 0, true, 6700, 3250, 50, 13450, '{100,6700}', '{1000,100}', '{3250}', '{350}');
    INSERT INTO kalshiflow.rl_orderbook_deltas
      (received_ns, exchange_ms, "offset", seq, change, size_after, segment, market_id, connection, sid, span, price, side) VALUES
      (1773331879500000000, 0, 128, 2, -100, 0, 1, 1, 1, 1, 0, 6700, 0),
      (1773331879600000000, 0, 192, 3, 50, 400, 1, 1, 1, 1, 0, 3250, 1),
      (1773331879600000000, 0, 64, 4, -50, 350, 2, 1, 1, 1, 0, 3250, 1),
      (1773331879700000000, 0, 128, 5, 20, 20, 2, 1, 1, 1, 0, 6600, 0),
      (1773331880000000001, 0, 192, 6, 20, 40, 2, 1, 1, 1, 0, 6600, 0)`)
  const { rows } = await client.query(sql)
  expect(rows).toEqual([
    { side: 0, price: 100, size: '1000' },
    { side: 0, price: 6600, size: '20' },
    { side: 1, price: 3250, size: '350' },
  ])
})

function printColumns(): string {
  const relations = [...TABLES, ...VIEWS]
  return relations
    .map((relation) => {
      const own = columns.filter((each) => each.relation === relation)
      const rows = own.map(
        ({ name, type, says }) => `| \`${name}\` | ${type} | ${(says ?? '').replaceAll('|', '\\|')} |`,
      )
      return `\n### ${relation}\n\n${own[0]?.relationSays}\n\n| column | type | what it is |\n| --- | --- | --- |\n${rows.join('\n')}\n`
    })
    .join('')
}
