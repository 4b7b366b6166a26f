/**
 * What a capture must become: recorded through a real socket, stored by a real writer into a real server, one row for each
 * frame, and books made from rows alone that an oracle of another author agrees with, at the end and in mid-stream.
 */
import { expect } from 'vitest'
import { askOracle, framesOf } from '../support/captures.ts'
import type { TestPostgres } from '../support/postgres.ts'
import {
  booksFromRows,
  countRows,
  placeAfterDeltas,
  recordCapture,
  storeAll,
  tableDigests,
  writerOptions,
} from './writer-support.ts'

export async function proveCapture(postgres: TestPostgres, name: string, capture: string): Promise<void> {
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
}

/** The highest number of the order-book subscription. */
const lastSeq = (capture: string): number =>
  framesOf(capture).reduce((last, frame) => {
    const { type, seq = 0 } = JSON.parse(frame) as { type: string; seq?: number }
    return type.startsWith('orderbook') ? Math.max(last, seq) : last
  }, 0)
