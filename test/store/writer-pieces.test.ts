/** A journal stored in pieces, each by a writer that knows nothing but database and journal, makes the rows of one stored at once. */
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { blockEnds, mulberry, type Story, tellAtLength } from './writer-story.ts'
import { booksFromRows, countRows, storeAll, tableDigests, writerOptions } from './writer-support.ts'

let postgres: TestPostgres
let client: pg.Client

beforeAll(async () => {
  postgres = await startPostgres()
  client = await postgres.connect()
}, 60_000)

afterAll(() => postgres.stop())

describe.each([1, 2])('the story of seed %i', (seed) => {
  let story: Story
  beforeAll(async () => {
    story = await tellAtLength(seed, 700)
  })
  afterAll(() => story.remove())

  test.each([1, 4])(
    'has the same rows however it was cut, at a sample rate of %i',
    async (sampleRate) => {
      const whole = `whole ${seed} ${sampleRate}`
      const pieces = `pieces ${seed} ${sampleRate}`
      await storeAll(writerOptions(postgres, story.journal, whole, { sampleRate }))
      const ends = await blockEnds(story.journal)
      const random = mulberry(seed)
      const cuts = ends.filter(() => random() < 6 / ends.length)
      for (const cut of cuts) {
        const durable = () => cut
        await storeAll(writerOptions(postgres, story.journal, pieces, { sampleRate, durable }), sampleRate > 1)
      }
      await storeAll(writerOptions(postgres, story.journal, pieces, { sampleRate, rowsMax: 50, batchRows: 1 }))
      expect(await tableDigests(client, pieces)).toEqual(await tableDigests(client, whole))
      expect(cuts.length).toBeGreaterThan(1)
    },
    60_000,
  )

  test('has every frame in a row, and books that the fold agrees with', async () => {
    const schema = `whole ${seed} 1`
    const { counts } = story.fold
    expect(counts.frames).toBeGreaterThan(0)
    expect(await countRows(client, schema, 'rl_quarantine')).toBeGreaterThan(0)
    const books = await booksFromRows(client, schema)
    expect(Object.keys(books).length).toBe(3)
  })

  test('has a hole for each time a book was in doubt, and none of them open but the last', async () => {
    const schema = `whole ${seed} 1`
    const open = await countRows(client, schema, 'rl_gaps', 'to_segment IS NULL')
    expect(open).toBe(3)
    const { rows } = await client.query<{ early: string; long: string }>(
      `SELECT count(*) FILTER (WHERE from_ns > found_ns) AS early,
              count(*) FILTER (WHERE from_ns < 1786100000000000000) AS long FROM "${schema}".rl_gaps`,
    )
    expect(rows[0]).toEqual({ early: '0', long: '0' })
    // Outside its intervals of validity no applied change of a market stands, unless its book was found wrong afterwards.
    const { rows: invalid } = await client.query<{ count: string }>(
      `SELECT count(*) FROM "${schema}".rl_orderbook_deltas d WHERE size_after IS NOT NULL AND NOT EXISTS (
         SELECT FROM "${schema}".rl_validity v WHERE v.market_id = d.market_id
           AND (v.from_segment, v.from_offset) <= (d.segment, d."offset")
           AND (v.found_segment IS NULL OR (v.found_segment, v.found_offset) > (d.segment, d."offset")))`,
    )
    expect(invalid[0]?.count).toBe('0')
  })
})
