/** Rows made again from a place on: the same as if the whole journal were stored anew, whatever had become of them. */
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { RECORD } from '#domain'
import { FileDisk, listSegments } from '#journal'
import { cleanPercent, type Hole, heldPercent, verifiedPercent } from '#ledger'
import { beginRedo, finishRedo, migrate, planRedo, removeFrom } from '#store'
import { coverageIn } from '../../src/app/reading/ledger-view.ts'
import { readLedger } from '../../src/app/reading/read-ledger.ts'
import { readLedgerRows } from '../../src/app/reading/read-ledger-rows.ts'
import { PostgresDatabase } from '../../src/store/writer/postgres-database.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { aFolder } from '../support/recording.ts'
import { blockEnds, openStory, type Story, tellAtLength } from './writer-story.ts'
import { storeAll, tableDigests, writerOptions } from './writer-support.ts'

let postgres: TestPostgres
let client: pg.Client
let story: Story
let journal: string
let wanted: Record<string, string>
let wantedCursor: unknown

const SCHEMA = 'reparsed'

beforeAll(async () => {
  postgres = await startPostgres()
  client = await postgres.connect()
  story = await tellAtLength(7, 400)
  journal = (await listSegments(new FileDisk(), story.journal))[0]!.journal!
  await storeAll(writerOptions(postgres, story.journal, SCHEMA))
  wanted = await tableDigests(client, SCHEMA)
  wantedCursor = await cursorOf()
}, 60_000)

afterAll(async () => {
  story.remove()
  await postgres.stop()
})

async function cursorOf(): Promise<unknown> {
  const { rows } = await client.query(
    `SELECT segment, "offset", segment_key, received_ns, counts, redo_segment FROM ${SCHEMA}.rl_ingest_cursor`,
  )
  return rows
}

async function storedOf(schema: string) {
  const { rows } = await client.query(`SELECT sample_rate, segment, "offset", counts FROM ${schema}.rl_ingest_cursor`)
  const { sample_rate: sampleRate, segment, offset, counts } = rows[0]
  return { sampleRate, stored: { position: { segment, offset: Number(offset) }, counts } }
}

const place = () => ({ disk: new FileDisk(), folder: story.journal })

async function begin(share: number): Promise<void> {
  const ends = await blockEnds(story.journal)
  const position = share === 0 ? { segment: 2, offset: 0 } : ends[Math.floor((ends.length - 1) * share)]!
  await beginRedo(client, SCHEMA, journal, await planRedo(place(), { position }, await storedOf(SCHEMA)))
}

test.each([0, 0.4, 0.9])('from %d of the journal on, every table is what a whole rebuild makes', async (share) => {
  await begin(share)
  await finishRedo(client, SCHEMA, journal)
  await storeAll(writerOptions(postgres, story.journal, SCHEMA))
  expect(await tableDigests(client, SCHEMA)).toEqual(wanted)
  expect(await cursorOf()).toEqual(wantedCursor)
})

test('interrupted before or amid its removal, the next store finishes it', async () => {
  await begin(0.3)
  await storeAll(writerOptions(postgres, story.journal, SCHEMA))
  expect(await tableDigests(client, SCHEMA)).toEqual(wanted)
  await begin(0.6)
  // A removal that fails when a part of the rows is gone.
  const broken = {
    query: (sql: string, values?: unknown[]) => {
      if (/^DELETE .*rl_gaps/.test(sql)) throw new Error('the connection broke')
      return client.query(sql, values)
    },
  }
  const removal = { journalId: 1, fromNs: 0n }
  await expect(removeFrom(broken, SCHEMA, { ...removal, from: (await redoOf())! })).rejects.toThrow('broke')
  await storeAll(writerOptions(postgres, story.journal, SCHEMA))
  expect(await tableDigests(client, SCHEMA)).toEqual(wanted)
  expect(await cursorOf()).toEqual(wantedCursor)
})

test('overtaken by a store that finished the removal and wrote on, a removal takes nothing more', async () => {
  await begin(0.4)
  const removal = { journalId: 1, from: (await redoOf())!, fromNs: 0n }
  let isOvertaken = false
  const slow = {
    query: async (sql: string, values?: unknown[]) => {
      if (/^BEGIN|^START/.test(sql) && isOvertaken === false && ++transactions > 2) {
        isOvertaken = true
        await storeAll(writerOptions(postgres, story.journal, SCHEMA))
      }
      return client.query(sql, values)
    },
  }
  let transactions = 0
  await removeFrom(slow, SCHEMA, removal)
  expect(isOvertaken).toBe(true)
  expect(await tableDigests(client, SCHEMA)).toEqual(wanted)
  expect(await cursorOf()).toEqual(wantedCursor)
})

test('while a removal is under way, nobody writes on where it began', async () => {
  await begin(0.4)
  const from = (await redoOf())!
  const limits = { lockMs: 1_000, statementMs: 1_000, idleMs: 1_000 }
  const connection = await new PostgresDatabase(postgres.url, SCHEMA, limits).connect()
  await connection.begin()
  const to = { segment: from.segment + 1, offset: 0 }
  const move = { journal: 1, from, to, segmentId: undefined, lastNs: 0n, counts: {} }
  expect(await connection.moveWatermark(move)).toBe(false)
  connection.dispose()
  await storeAll(writerOptions(postgres, story.journal, SCHEMA))
  expect(await tableDigests(client, SCHEMA)).toEqual(wanted)
})

async function redoOf() {
  const { rows } = await client.query(`SELECT redo_segment, redo_offset FROM ${SCHEMA}.rl_ingest_cursor`)
  return { segment: Number(rows[0].redo_segment), offset: Number(rows[0].redo_offset) }
}

test('what an older version had got wrong is mended, and its quarantine empties', async () => {
  await client.query(`INSERT INTO ${SCHEMA}.rl_quarantine (journal_id, segment, "offset", received_ns, connection, record_type, reason, raw)
    SELECT 1, segment, "offset", received_ns, 1, 1, 'malformed: as an older version saw it', '' FROM ${SCHEMA}.rl_orderbook_deltas
    WHERE segment > 1 ORDER BY segment, "offset" LIMIT 5`)
  await client.query(`DELETE FROM ${SCHEMA}.rl_orderbook_deltas d USING ${SCHEMA}.rl_quarantine q
    WHERE q.segment = d.segment AND q."offset" = d."offset"`)
  await client.query(`UPDATE ${SCHEMA}.rl_gaps SET cause = 'sequence_break' WHERE found_segment > 1`).catch(() => {})
  await begin(0)
  await storeAll(writerOptions(postgres, story.journal, SCHEMA))
  expect(await tableDigests(client, SCHEMA)).toEqual(wanted)
})

const compareLedgers = async (schema: string, folder: string) => {
  const asked = { isRecording: false, nowMs: 0 }
  const fromJournal = await readLedger({ folder, ...asked })
  const fromRows = await readLedgerRows(client, { schema, journal: folder, ...asked })
  const range = { fromMs: 0, toMs: Number.POSITIVE_INFINITY, zone: 'UTC' }
  const byPlace = (holes: readonly Hole[]) => holes.map((each) => JSON.stringify(each)).sort()
  expect(byPlace(fromRows.holes)).toEqual(byPlace(fromJournal.holes))
  expect(coverageIn(fromRows, range)).toEqual(coverageIn(fromJournal, range))
  const { untilMs, position, hasDied } = fromJournal
  expect(fromRows).toMatchObject({ untilMs, position, hasDied })
  await compareView(schema, folder)
  return { holes: fromRows.holes, coverage: coverageIn(fromRows, range), hasDied }
}

/** The view of market days against the ledger, as of the database's clock. */
async function compareView(schema: string, folder: string) {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  const { rows: clock } = await client.query('SELECT floor(extract(epoch FROM now()) * 1000)::float AS now')
  const { rows } = await client.query(
    `SELECT market_ticker, "day"::text, open_known, open_seconds::float, asked_seconds::float, clean_seconds::float,
       verified_seconds::float, clean_percent::float, held_percent::float, verified_percent::float
     FROM ${schema}.rl_market_days_v ORDER BY market_ticker COLLATE "C", "day"`,
  )
  await client.query('ROLLBACK')
  const view = await readLedgerRows(client, { schema, journal: folder, isRecording: false, nowMs: clock[0].now })
  const days = coverageIn(view, { fromMs: 0, toMs: Number.POSITIVE_INFINITY, zone: 'UTC' })
  expect(rows.length).toBeGreaterThan(0)
  expect(rows.map(({ market_ticker, day, open_known }) => [market_ticker, day, open_known])).toEqual(
    days.map(({ market, day, openKnown }) => [market, day, openKnown]),
  )
  for (const [index, day] of days.entries()) {
    const row = rows[index]
    expect(Math.abs(row.open_seconds - day.openMs / 1000)).toBeLessThan(0.002)
    expect(Math.abs(row.asked_seconds - day.askedMs / 1000)).toBeLessThan(0.002)
    expect(Math.abs(row.clean_seconds - day.cleanMs / 1000)).toBeLessThan(0.002)
    expect(Math.abs(row.verified_seconds - day.verifiedMs / 1000)).toBeLessThan(0.002)
    expect(Math.abs((row.clean_percent ?? -1) - (cleanPercent(day) ?? -1))).toBeLessThan(0.002)
    expect(Math.abs((row.held_percent ?? -1) - (heldPercent(day) ?? -1))).toBeLessThan(0.002)
    expect(Math.abs((row.verified_percent ?? -1) - (verifiedPercent(day) ?? -1))).toBeLessThan(0.002)
  }
}

test('the ledger made of rows says what the ledger of the journal says', async () => {
  const { holes } = await compareLedgers(SCHEMA, story.journal)
  expect(holes.length).toBeGreaterThan(10)
})

test('so it does of audits, and of a run that died and was not started again', async () => {
  const short = await openStory()
  await short.run()
  const startMs = 1_786_100_000_000
  const tellTimes = (ticker: string, openMs: number, closeMs: number, status: string) => {
    const times = { open_time: new Date(openMs).toISOString(), close_time: new Date(closeMs).toISOString() }
    const body = JSON.stringify({ markets: [{ ticker, ...times, status, result: '' }] })
    short.record(RECORD.REST, { method: 'GET', path: '/trade-api/v2/markets?limit=1', status: 200, body, tookMs: 1 })
  }
  // Of one market before it is asked for, of another while it is recorded, and that it closes sooner.
  tellTimes('KXC-3', startMs - 50, startMs + 5_000, 'active')
  short.connect()
  short.pass(20_000_000)
  tellTimes('KXA-1', startMs - 50, startMs + 5_000, 'active')
  tellTimes('KXC-3', startMs - 50, startMs + 30, 'closed')
  short.ask('KXB-2')
  short.snapshot('KXB-2')
  short.pass(20_000_000)
  short.delta('KXA-1', '0.4000', '1.00', { ms: 1 })
  await short.end()
  await storeAll(writerOptions(postgres, short.journal, 'short'))
  const { coverage, hasDied, holes } = await compareLedgers('short', short.journal).finally(() => short.remove())
  expect(coverage.map(({ cleanMs, verifiedMs }) => [cleanMs, verifiedMs].map(Math.round))).toEqual([
    [40, 0],
    [40, 20],
    [30, 0],
  ])
  expect(coverage.map(({ openKnown }) => openKnown)).toEqual([true, false, true])
  const { rows } = await client.query(
    'SELECT ticker, status, close_ms FROM short.rl_markets WHERE told_segment IS NOT NULL ORDER BY ticker',
  )
  expect(rows).toEqual([
    { ticker: 'KXA-1', status: 'active', close_ms: String(startMs + 5_000) },
    { ticker: 'KXC-3', status: 'closed', close_ms: String(startMs + 30) },
  ])
  expect([hasDied, holes.map(({ cause, open }) => [cause, open])]).toEqual([true, [['process_down', 2]]])
})

test('with older segments gone, and with rows of several deltas, it is the same', async () => {
  const folder = aFolder()
  const schema = 'sampled'
  const options = { sampleRate: 4 }
  try {
    cpSync(story.journal, folder.path, { recursive: true })
    await storeAll(writerOptions(postgres, folder.path, schema, options), true)
    const whole = await tableDigests(client, schema)
    const { rows: cursor } = await client.query(`SELECT counts, segment, "offset" FROM ${schema}.rl_ingest_cursor`)
    const segments = await listSegments(new FileDisk(), folder.path)
    const middle = segments[Math.floor(segments.length / 2)]!.number
    for (const { number } of segments.slice(0, 2)) rmSync(join(folder.path, `${String(number).padStart(10, '0')}.kfj`))
    const at = { disk: new FileDisk(), folder: folder.path }
    const plan = await planRedo(at, { position: { segment: middle, offset: 500 } }, await storedOf(schema))
    expect(plan.from).toEqual({ segment: middle, offset: 0 })
    await beginRedo(client, schema, journal, plan)
    await storeAll(writerOptions(postgres, folder.path, schema, options), true)
    expect(await tableDigests(client, schema)).toEqual(whole)
    expect((await client.query(`SELECT counts, segment, "offset" FROM ${schema}.rl_ingest_cursor`)).rows).toEqual(
      cursor,
    )
  } finally {
    folder.remove()
  }
})

test('segments that are missing behind the place, and days that were dropped there, are refused: their rows would be gone', async () => {
  const folder = aFolder()
  try {
    cpSync(story.journal, folder.path, { recursive: true })
    const numbers = (await listSegments(new FileDisk(), folder.path)).map(({ number }) => number)
    const missing = numbers.at(-2)!
    rmSync(join(folder.path, `${String(missing).padStart(10, '0')}.kfj`))
    const at = { disk: new FileDisk(), folder: folder.path }
    const planned = planRedo(at, { position: { segment: missing - 1, offset: 0 } }, await storedOf(SCHEMA))
    await expect(planned).rejects.toMatchObject({ code: 'FLOW_STORE_PLACE' })
    const behind = { position: { segment: missing + 1, offset: 0 } }
    expect(await planRedo(at, behind, await storedOf(SCHEMA))).toMatchObject({ from: behind.position })
    await client.query(`INSERT INTO ${SCHEMA}.rl_dropped_days (journal_id, "day", "table", "rows", first_segment, last_segment, target)
      VALUES (1, '2026-08-01', 'rl_trades', 5, 1, ${missing}, '/mnt/archive')`)
    await expect(begin(0)).rejects.toMatchObject({ code: 'FLOW_STORE_PLACE' })
    expect(await cursorOf()).toEqual(wantedCursor)
  } finally {
    await client.query(`DELETE FROM ${SCHEMA}.rl_dropped_days`)
    folder.remove()
  }
})

test('a place that the database has not come to is refused, and nothing is changed', async () => {
  const ahead = 'ahead'
  await migrate(client, { schema: ahead })
  await client.query(`INSERT INTO ${ahead}.rl_ingest_cursor (journal, environment) VALUES ('${journal}', 'sim')`)
  const plan = await planRedo(place(), { position: { segment: 2, offset: 0 } }, await storedOf(SCHEMA))
  await expect(beginRedo(client, ahead, journal, plan)).rejects.toMatchObject({ code: 'FLOW_STORE_PLACE' })
})
