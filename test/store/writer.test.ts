/**
 * The journal in PostgreSQL: captures recorded through a real socket, stored by a real writer into a real server, and the
 * books made from rows alone compared with an oracle of another author.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askOracle, BASEBALL, BITCOIN, DEMO, hasShared, NO_SHARED } from '../support/captures.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { booksFromRows, countRows, recordCapture, storeAll, tableDigests, writerOptions } from './writer-support.ts'

let postgres: TestPostgres

beforeAll(async () => {
  postgres = await startPostgres()
}, 60_000)

afterAll(() => postgres.stop())

const CAPTURES = [
  { name: 'our own demo', capture: DEMO, isShared: false },
  { name: 'baseball', capture: BASEBALL, isShared: true },
  { name: 'bitcoin', capture: BITCOIN, isShared: true },
]

describe.each(CAPTURES)('the capture of $name', ({ name, capture, isShared }) => {
  const unable = isShared && !hasShared

  test(`becomes one row for each frame, and books that the oracle agrees with${unable ? `: ${NO_SHARED}` : ''}`, async ({
    skip,
  }) => {
    if (unable) skip(NO_SHARED)
    const oracle = askOracle(capture)
    const recorded = await recordCapture(capture, { markets: Object.keys(oracle.markets).length })
    const client = await postgres.connect()
    const schema = `books ${name}`
    try {
      await storeAll(writerOptions(postgres, recorded.journal, schema))
      const { frames } = recorded
      expect(await countRows(client, schema, 'rl_orderbook_deltas')).toBe(frames['orderbook_delta'] ?? 0)
      expect(await countRows(client, schema, 'rl_orderbook_snapshots', 'kind = 0')).toBe(
        frames['orderbook_snapshot'] ?? 0,
      )
      expect(await countRows(client, schema, 'rl_ticker')).toBe(frames['ticker'] ?? 0)
      expect(await countRows(client, schema, 'rl_quarantine')).toBe(0)
      const books = await booksFromRows(client, schema)
      for (const [ticker, { sha256 }] of Object.entries(oracle.markets)) {
        expect(books[ticker]?.sha256, ticker).toBe(sha256)
      }
      await storeAll(writerOptions(postgres, recorded.journal, `${schema} again`, { rowsMax: 37, batchRows: 1 }))
      expect(await tableDigests(client, `${schema} again`)).toEqual(await tableDigests(client, schema))
    } finally {
      recorded.remove()
    }
  }, 120_000)
})
