/** Where each hole begins and ends, and what a book's validity says of it: one story for each cause. */
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { openStory, type Story } from './writer-story.ts'
import { storeAll, writerOptions } from './writer-support.ts'

let postgres: TestPostgres
let client: pg.Client

beforeAll(async () => {
  postgres = await startPostgres()
  client = await postgres.connect()
}, 60_000)

afterAll(() => postgres.stop())

const MS = 1_000_000

type Told = { cause: string; from_kind: string; from_ms: number; found_ms: number; to_ms: number | null }
type Ended = { to_ms: number | null; closed_by: string | null }
type Interval = { from_ms: number; to_ms: number | null; cause: string | null }

/** What is told of the first market, in ms since the story began. */
async function tell(schema: string, happen: (story: Story) => void | Promise<void>) {
  const story = await openStory()
  await story.run()
  story.connect()
  story.pass(10 * MS)
  story.delta('KXA-1', '0.4000', '1.00', { ms: 1 })
  story.pass(10 * MS)
  await happen(story)
  await story.end()
  try {
    await storeAll(writerOptions(postgres, story.journal, schema))
  } finally {
    story.remove()
  }
  const ms = (column: string) =>
    `((${column} - 1786100000000000000) / 1000000)::float AS ${column.replace('_ns', '_ms')}`
  const gaps = await client.query<Told>(
    `SELECT cause, from_kind, ${ms('from_ns')}, ${ms('found_ns')}, ${ms('to_ns')} FROM ${schema}.rl_gaps
     JOIN ${schema}.rl_markets USING (market_id) WHERE ticker = 'KXA-1' ORDER BY found_segment, found_offset`,
  )
  const validity = await client.query<Interval>(
    `SELECT ${ms('from_ns')}, ${ms('to_ns')}, cause FROM ${schema}.rl_validity
     JOIN ${schema}.rl_markets USING (market_id) WHERE ticker = 'KXA-1' ORDER BY from_segment, from_offset`,
  )
  const ends = await client.query<Ended>(
    `SELECT ${ms('to_ns')}, closed_by FROM ${schema}.rl_gaps JOIN ${schema}.rl_markets USING (market_id)
     WHERE ticker = 'KXA-1' ORDER BY found_segment, found_offset`,
  )
  const asked = await client.query<Interval>(
    `SELECT ${ms('from_ns')}, ${ms('to_ns')} FROM ${schema}.rl_market_coverage
     JOIN ${schema}.rl_markets USING (market_id) WHERE ticker = 'KXA-1' ORDER BY from_segment, from_offset`,
  )
  const askedMs = asked.rows.map(({ from_ms, to_ms }) => [from_ms, to_ms])
  return { gaps: gaps.rows, validity: validity.rows, ends: ends.rows, askedMs }
}

test('a sequence break: from the last frame in turn to the market’s own snapshot', async () => {
  const { gaps, validity } = await tell('breaks', (story) => {
    story.skip()
    story.delta('KXB-2', '0.4000', '1.00', { ms: 2 })
    story.pass(5 * MS)
    story.snapshot('KXA-1')
  })
  expect(gaps).toEqual([{ cause: 'sequence_break', from_kind: 'frame', from_ms: 10, found_ms: 20, to_ms: 25 }])
  expect(validity).toEqual([
    { from_ms: 0, to_ms: 10, cause: 'sequence_break' },
    { from_ms: 25, to_ms: null, cause: null },
  ])
})

test('a lost connection: from the proof that its record names', async () => {
  const { gaps, validity } = await tell('lost', (story) => {
    story.lose()
    story.pass(100 * MS)
    story.connect()
  })
  expect(gaps).toEqual([{ cause: 'disconnect', from_kind: 'frame', from_ms: 10, found_ms: 20, to_ms: 120 }])
  expect(validity.map(({ from_ms, to_ms }) => [from_ms, to_ms])).toEqual([
    [0, 10],
    [120, null],
  ])
})

test('a pause by an operator: from the last proof, by its own name', async () => {
  const { gaps, validity } = await tell('paused', (story) => {
    story.lose('paused')
    story.pass(100 * MS)
    story.connect()
  })
  expect(gaps).toEqual([{ cause: 'recording_paused', from_kind: 'frame', from_ms: 10, found_ms: 20, to_ms: 120 }])
  expect(validity[0]).toEqual({ from_ms: 0, to_ms: 10, cause: 'recording_paused' })
})

test('a size below zero: from that market’s last snapshot, revised backward', async () => {
  const { gaps, validity } = await tell('negative', (story) => {
    story.snapshot('KXA-1')
    story.pass(10 * MS)
    story.delta('KXA-1', '0.4000', '1.00', { ms: 3 })
    story.pass(10 * MS)
    story.delta('KXA-1', '0.1000', '-1.00', { ms: 4 })
  })
  expect(gaps).toEqual([{ cause: 'negative_size', from_kind: 'snapshot', from_ms: 20, found_ms: 40, to_ms: null }])
  expect(validity).toEqual([{ from_ms: 0, to_ms: 20, cause: 'negative_size' }])
})

test('a process that died: from its last durable record to the next run’s snapshot', async () => {
  const { gaps } = await tell('died', async (story) => {
    await story.run()
    story.pass(50 * MS)
    story.connect()
  })
  expect(gaps).toEqual([{ cause: 'process_down', from_kind: 'durable', from_ms: 10, found_ms: 20, to_ms: 70 }])
})

test('a market that we let go: no gap, and its validity ends there', async () => {
  const { gaps, validity } = await tell('released', (story) => {
    story.letGo('KXA-1')
    story.pass(5 * MS)
    story.say(JSON.stringify({ type: 'ok', id: 7, sid: 1 }))
  })
  expect(gaps).toEqual([])
  expect(validity).toEqual([{ from_ms: 0, to_ms: 10, cause: 'unsubscribed' }])
})

test('a subscription that the exchange ended unasked: a gap like any other', async () => {
  const { gaps } = await tell('unasked', (story) => {
    story.say(JSON.stringify({ type: 'unsubscribed', sid: 1 }))
  })
  expect(gaps).toMatchObject([{ cause: 'unsubscribed', found_ms: 20, to_ms: null }])
})

test('a market in doubt that is let go leaves no gap open, and is asked for no longer', async () => {
  const { ends, askedMs } = await tell('doubted_released', (story) => {
    story.skip()
    story.delta('KXB-2', '0.4000', '1.00', { ms: 2 })
    story.pass(5 * MS)
    story.letGo('KXA-1')
    story.pass(5 * MS)
    story.say(JSON.stringify({ type: 'ok', id: 7, sid: 1 }))
  })
  expect(ends).toEqual([{ to_ms: 25, closed_by: 'let_go' }])
  expect(askedMs).toEqual([[0, 25]])
})

test('a market that the next run does not ask for is let go; one that it asks for is asked for all the while', async () => {
  const left = await tell('left_behind', async (story) => {
    await story.run()
    story.pass(5 * MS)
    story.stop()
  })
  expect(left.ends).toEqual([{ to_ms: 20, closed_by: 'let_go' }])
  expect(left.askedMs).toEqual([[0, 20]])
  const taken = await tell('taken', async (story) => {
    await story.run()
    story.pass(5 * MS)
    story.connect()
    story.stop()
  })
  expect(taken.ends).toEqual([{ to_ms: 25, closed_by: 'snapshot' }])
  expect(taken.askedMs).toEqual([[0, null]])
})
