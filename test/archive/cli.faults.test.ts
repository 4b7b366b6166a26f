/**
 * The archive as its user runs it: a recorder that archives by itself, `archive`, a folder that is lost, `restore`, `verify`
 * and `db rebuild`: the same rows.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { expect, test } from 'vitest'
import { askRecorder } from '#app'
import { openTarget } from '#archive'
import { openDatabase } from '#store'
import { dropOldDays } from '../../src/app/archive/drop-days.ts'
import { untilCaughtUp } from '../faults/caught-up.ts'
import { startExchangeProcess } from '../faults/exchange-process.ts'
import { startRecording, untilValid } from '../recorder/stored-journal.ts'
import { withFolder } from '../store/database-support.ts'
import { run } from '../support/program.ts'
import { until } from '../support/recording.ts'

const command = async (...args: string[]) => {
  const { code, out, err } = await run([...args, '--json']).ended
  return { code, err, told: out === '' ? undefined : JSON.parse(out) }
}

/** Rows of the tables that are made from the journal. */
async function rowsOf(data: string): Promise<Record<string, number>> {
  const { told } = await command('db', 'status', '--data', data)
  return Object.fromEntries(told.tables.map(({ table, rows }: { table: string; rows: number }) => [table, rows]))
}

/** Days go once the archive is proved to have what they were made from, not before; and `verify` knows of it. */
async function expectDaysDropped(data: string, archive: string, journal: string): Promise<void> {
  const lease = await openDatabase({ dataFolder: data, databaseUrl: undefined })
  const client = new pg.Client({ connectionString: lease.url })
  await client.connect()
  const target = await openTarget({ to: archive })
  const keep = { client, schema: 'kalshiflow', target, journal, keepDays: 30 }
  const later = Date.now() + 100 * 86_400_000
  try {
    expect(await dropOldDays({ ...keep, nowMs: Date.now() })).toEqual({ days: 0, rows: 0, faults: [] })
    const folder = join(archive, journal)
    const [first] = readdirSync(folder).filter((name) => name.endsWith('.zst'))
    const whole = readFileSync(join(folder, first!))
    writeFileSync(join(folder, first!), whole.subarray(1))
    const spoilt = await dropOldDays({ ...keep, nowMs: later })
    expect([spoilt.days, spoilt.faults]).toEqual([0, [expect.stringContaining('it is no copy')]])
    writeFileSync(join(folder, first!), whole)
    const dropped = await dropOldDays({ ...keep, nowMs: later })
    expect(dropped.faults).toEqual([])
    expect(dropped.days).toBeGreaterThan(0)
    expect(dropped.rows).toBeGreaterThan(1_000)
  } finally {
    await client.end()
    await lease.release()
  }
  const { told } = await command('db', 'status', '--data', data)
  expect(told.dropped.at(0)).toMatchObject({ target: archive })
  const verified = await command('verify', '--data', data)
  expect(verified.told.faults.filter((text: string) => text.includes('rows'))).toEqual([])
}

test('a recorder archives by itself; what is lost is restored, proved, and makes the same rows', () =>
  withFolder(async (folder) => {
    const data = join(folder, 'data')
    const archive = join(folder, 'archive')
    mkdirSync(archive)
    const exchange = await startExchangeProcess(['--capture', 'demo', '--loop', '--rate', '4000'])
    const settings = { KALSHIFLOW_SEGMENT_MB: '1', KALSHIFLOW_ARCHIVE_TO: archive, KALSHIFLOW_KEEP_DAYS: '1' }
    const first = startRecording(exchange, data, { settings: { KALSHIFLOW_SEGMENT_MB: '1' }, args: ['--for', '5s'] })
    // On a busy machine the database may be behind: the next run stores the rest.
    expect([0, 3]).toContain((await first.ended).code)
    const second = startRecording(exchange, data, { settings })
    try {
      await untilValid(data)
      const told = async () => (await askRecorder(data, { ask: 'status' })).archive
      await until('what the first run left is archived', async () => ((await told())?.proved_segments ?? 0) >= 2)
      expect(await told()).toMatchObject({ target: archive, behind_segments: 0, last_error: null })
      expect(second.logged('segment_archived').length).toBeGreaterThanOrEqual(2)
      await untilCaughtUp(data)
      // Only one program removes.
      const refused = await command('archive', '--data', data, '--archive-to', archive, '--keep-raw-days', '0')
      expect([refused.code, refused.told.error.code]).toEqual([2, 'FLOW_ARCHIVE_IN_USE'])
      second.kill('SIGTERM')
      expect([0, 3]).toContain((await second.ended).code)
    } finally {
      second.kill('SIGKILL')
      await second.ended
      await exchange.close()
    }

    const before = await rowsOf(data)
    const done = await command('archive', '--data', data, '--archive-to', archive, '--verify', '--keep-raw-days', '0')
    expect([done.code, done.told.faults, done.told.behind]).toEqual([0, [], 0])
    expect(done.told.removed).toBeGreaterThan(0)
    expect(done.told.verified.segments).toBe(done.told.proved)
    const inPart = await command('verify', '--data', data)
    expect([inPart.code, inPart.told.faults]).toEqual([0, []])
    expect(inPart.told.journal.archived[0]).toContain(archive)

    const rebuilt = await command('db', 'rebuild', '--data', data)
    expect([rebuilt.code, rebuilt.told.error.code]).toEqual([2, 'FLOW_JOURNAL_IN_PART'])
    expect(await rowsOf(data)).toEqual(before)

    await expectDaysDropped(data, archive, done.told.journal)

    rmSync(data, { recursive: true })
    const restored = await command('restore', '--archive-to', archive, '--data', data)
    expect([restored.code, restored.told.restored]).toEqual([0, done.told.proved])
    expect(readdirSync(join(data, 'journal')).filter((name) => name.endsWith('.part'))).toEqual([])
    const made = await command('db', 'rebuild', '--data', data)
    expect([made.code, made.told.unreadable, made.err]).toEqual([0, 0, ''])
    expect(made.told.rows).toBeGreaterThan(1_000)
    expect(await rowsOf(data)).toEqual(before)
    expect((await command('db', 'status', '--data', data)).told.dropped).toEqual([])
    const whole = await command('verify', '--data', data)
    expect([whole.code, whole.told.faults, whole.told.journal.archived]).toEqual([0, [], []])
  }))
