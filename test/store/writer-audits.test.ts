/** What audits leave in the database: their results, both books of a mismatch, and which snapshots are books to build on. */
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { openStory, withoutBest } from './writer-story.ts'
import { storeAll, writerOptions } from './writer-support.ts'

let postgres: TestPostgres
let client: pg.Client

beforeAll(async () => {
  postgres = await startPostgres()
  client = await postgres.connect()
}, 60_000)

afterAll(() => postgres.stop())

test('each result is a row, a mismatch keeps both books, and a snapshot that is not believed is nobody’s base', async () => {
  const story = await openStory()
  await story.run()
  story.connect()
  story.ask('KXA-1')
  story.answer('KXA-1')
  story.ask('KXB-2')
  story.delta('KXB-2', '0.4000', '1.00', { ms: 5 })
  story.answer('KXB-2', ({ no }) => ({ yes: [[4000, 5000] as never], no }))
  story.ask('KXC-3')
  story.answer('KXC-3', withoutBest)
  story.settleAudits('KXC-3')
  const right = story.fold.market('KXB-2')!.book.levels().yes
  await story.end()
  try {
    await storeAll(writerOptions(postgres, story.journal, 'audits'))
  } finally {
    story.remove()
  }
  const { rows } = await client.query(
    `SELECT ticker, a.result, matched, levels_wrong, ours, theirs FROM audits.rl_audits a
     JOIN audits.rl_markets USING (market_id) ORDER BY ticker`,
  )
  expect(rows).toEqual([
    { ticker: 'KXA-1', result: 'matched', matched: true, levels_wrong: 0, ours: null, theirs: null },
    { ticker: 'KXB-2', result: 'offset', matched: false, levels_wrong: 1, ours: null, theirs: null },
    {
      ticker: 'KXC-3',
      result: 'mismatched',
      matched: false,
      levels_wrong: 1,
      ours: { yes: [[4000, 5000]], no: [[5000, 7000]] },
      theirs: { yes: [], no: [[5000, 7000]] },
    },
  ])
  const snapshots = await client.query(
    `SELECT ticker, kind, known FROM audits.rl_orderbook_snapshots
     JOIN audits.rl_markets USING (market_id) WHERE seq > 3 ORDER BY ticker, seq`,
  )
  expect(snapshots.rows).toEqual([
    { ticker: 'KXA-1', kind: 0, known: true },
    { ticker: 'KXB-2', kind: 2, known: false },
    { ticker: 'KXC-3', kind: 2, known: false },
  ])
  const view = await client.query(`SELECT kind FROM audits.rl_orderbook_snapshots_v WHERE market_ticker = 'KXB-2'`)
  expect(view.rows.map(({ kind }) => kind).sort()).toEqual(['audit', 'frame'])
  expect(right).toEqual([[4000, 5100]])
  const open = await client.query(
    `SELECT ticker, v.cause, v.to_ns FROM audits.rl_validity v JOIN audits.rl_markets USING (market_id) ORDER BY ticker`,
  )
  expect(open.rows.map(({ ticker, cause, to_ns }) => [ticker, cause, to_ns === null])).toEqual([
    ['KXA-1', null, true],
    ['KXB-2', null, true],
    ['KXC-3', 'audit_mismatch', false],
  ])
})

test('a book that nothing explained before its connection was lost is believed up to the snapshot that differed, and no further', async () => {
  const story = await openStory()
  await story.run()
  story.connect()
  story.pass(10_000_000)
  story.ask('KXC-3')
  story.answer('KXC-3', withoutBest)
  story.pass(10_000_000)
  for (const market of ['KXC-3', 'KXA-1']) story.delta(market, '0.3000', '1.00', { ms: 5 })
  story.lose()
  await story.end()
  try {
    await storeAll(writerOptions(postgres, story.journal, 'kept_back'))
  } finally {
    story.remove()
  }
  const { rows } = await client.query(
    `SELECT ticker, v.cause, v.to_offset <= (SELECT "offset" FROM kept_back.rl_orderbook_snapshots WHERE kind = 2) AS by_snapshot
     FROM kept_back.rl_validity v JOIN kept_back.rl_markets USING (market_id) WHERE ticker <> 'KXB-2' ORDER BY ticker`,
  )
  expect(rows).toEqual([
    { ticker: 'KXA-1', cause: 'disconnect', by_snapshot: false },
    { ticker: 'KXC-3', cause: 'disconnect', by_snapshot: true },
  ])
  expect((await client.query('SELECT FROM kept_back.rl_audits')).rowCount).toBe(0)
})
