/**
 * The journal in PostgreSQL: captures recorded through a real socket, stored by a real writer into a real server, and the
 * books made from rows alone compared with an oracle of another author.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askOracle, BASEBALL, BITCOIN, DEMO, framesOf, hasShared, NO_SHARED } from '../support/captures.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import {
  booksFromRows,
  countRows,
  placeAfterDeltas,
  recordCapture,
  storeAll,
  tableDigests,
  writerOptions,
} from './writer-support.ts'

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

/** The highest number of the order-book subscription. */
const lastSeq = (capture: string): number =>
  framesOf(capture).reduce((last, frame) => {
    const { type, seq = 0 } = JSON.parse(frame) as { type: string; seq?: number }
    return type.startsWith('orderbook') ? Math.max(last, seq) : last
  }, 0)

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
      for (const share of [0.2, 0.5, 0.8]) {
        const seq = Math.floor(lastSeq(capture) * share)
        const then = askOracle(capture, seq)
        const place = await placeAfterDeltas(client, schema, then.types['orderbook_delta'] ?? 0)
        const past = await booksFromRows(client, schema, place)
        for (const [ticker, { sha256, valid }] of Object.entries(then.markets)) {
          expect(past[ticker], `${ticker} after ${seq}`).toEqual({ sha256, valid })
        }
      }
      await storeAll(writerOptions(postgres, recorded.journal, `${schema} again`, { rowsMax: 997, batchRows: 1 }))
      expect(await tableDigests(client, `${schema} again`)).toEqual(await tableDigests(client, schema))
    } finally {
      recorded.remove()
    }
  }, 120_000)
})
