/**
 * The database as the program keeps it: filled while recording, proved afterwards, made again from the journal, and never
 * in the way of a recording.
 */
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { askRecorder } from '#app'
import { type RunningExchange, startExchange } from '#exchange'
import { openDatabase } from '#store'
import { withFolder } from '../store/database-support.ts'
import { DEMO } from '../support/captures.ts'
import { startPostgres } from '../support/postgres.ts'
import { type Ended, pointedAt, type Running, run } from '../support/program.ts'
import { aFolder, until } from '../support/recording.ts'

type Account = {
  readonly frames: number
  readonly isComplete: boolean
  readonly durable: string
  readonly store?: { readonly state: string; readonly rows: number; readonly position: string }
}
type ViewedBook = { readonly ticker: string; readonly valid: boolean; readonly yes: unknown; readonly no: unknown }

const cleanups: (() => unknown)[] = []
let exchange: RunningExchange

beforeEach(async () => {
  exchange = await startExchange({ port: 0, keyType: 'ed25519', capture: DEMO, ratePerSecond: 1_000, loop: true })
  cleanups.push(() => exchange.close())
})
afterEach(async () => {
  for (const each of cleanups.splice(0).reverse()) await each()
})

function recording(data: string, ...args: string[]): Running {
  const markets = exchange.tickers.join(',')
  const program = run(
    ['record', '--no-serve', '--data', data, '--markets', markets, '--json', ...args],
    pointedAt(exchange),
  )
  cleanups.push(() => program.kill('SIGKILL'))
  return program
}

/** A command that needs no exchange, with what it answered as JSON. */
async function ask<Answer>(data: string, ...args: string[]): Promise<{ ended: Ended; answer: Answer }> {
  const ended = await run([...args, '--data', data, '--json']).ended
  return { ended, answer: (ended.out === '' ? undefined : JSON.parse(ended.out)) as Answer }
}

const account = ({ out }: Ended): Account => JSON.parse(out) as Account

const levelsOf = ({ books }: { books: readonly ViewedBook[] }) =>
  books.map(({ ticker, yes, no }) => ({ ticker, yes, no }))

describe('the embedded database', () => {
  test(
    'a recording is stored, proved, read back, made again the same, and a changed row is found',
    () =>
      withFolder(async (data) => {
        const ended = await recording(data, '--for', '4s').ended
        const told = account(ended)
        expect([ended.code, told.isComplete, told.store?.state]).toEqual([0, true, 'complete'])
        expect(told.frames).toBeGreaterThan(1_000)
        expect(told.store?.rows).toBeGreaterThan(1_000)

        const proved = await ask<{ faults: string[]; database: { deltas: number } }>(data, 'verify')
        expect([proved.ended.code, proved.answer.faults]).toEqual([0, []])
        expect(proved.answer.database.deltas).toBeGreaterThan(500)

        const rows = await ask<{ books: ViewedBook[] }>(data, 'book', '--all', '--from', 'database')
        const folded = await ask<{ books: ViewedBook[] }>(data, 'book', '--all', '--from', 'journal')
        expect(rows.answer.books).toHaveLength(exchange.tickers.length)
        expect(levelsOf(rows.answer)).toEqual(levelsOf(folded.answer))
        expect(rows.answer.books.every(({ valid }) => !valid)).toBe(true)

        const rebuilt = await ask<{ rows: number; quarantined: number }>(data, 'db', 'rebuild')
        expect([rebuilt.ended.code, rebuilt.answer]).toMatchObject([0, { rows: told.store?.rows, quarantined: 0 }])
        expect((await ask(data, 'verify')).ended.code).toBe(0)

        const { answer } = await ask<{ version: number; cursors: unknown[] }>(data, 'db', 'status')
        expect(answer).toMatchObject({ version: expect.any(Number), cursors: [expect.anything()] })
        const last = '(SELECT max(ctid) FROM kalshiflow.rl_orderbook_deltas WHERE size_after IS NOT NULL)'
        await change(data, `UPDATE kalshiflow.rl_orderbook_deltas SET size_after = size_after + 1 WHERE ctid = ${last}`)
        const unfit = await ask<{ faults: string[] }>(data, 'verify')
        expect([unfit.ended.code, unfit.answer.faults.join()]).toEqual([
          1,
          expect.stringContaining('do not fit together'),
        ])
        await change(data, `DELETE FROM kalshiflow.rl_orderbook_deltas WHERE ctid = ${last}`)
        const short = await ask<{ faults: string[] }>(data, 'verify')
        expect([short.ended.code, short.answer.faults.join()]).toEqual([1, expect.stringContaining('delta rows')])
      }),
    40_000,
  )

  test('a byte of the journal that has changed is found', () =>
    withFolder(async (data) => {
      expect((await recording(data, '--for', '1s', '--no-store').ended).code).toBe(0)
      expect((await ask(data, 'verify', '--no-database')).ended.code).toBe(0)
      const file = join(data, 'journal', readdirSync(join(data, 'journal')).filter((each) => each.endsWith('.kfj'))[0]!)
      // The end of a write that a kill cut short is no contradiction.
      appendFileSync(file, Buffer.alloc(100, 0xa5))
      const torn = await ask<{ faults: string[]; journal: { tornTailBytes: number } }>(data, 'verify', '--no-database')
      expect([torn.ended.code, torn.answer]).toMatchObject([0, { faults: [], journal: { tornTailBytes: 100 } }])
      const bytes = readFileSync(file)
      bytes[bytes.length >> 1]! ^= 1
      writeFileSync(file, bytes)
      expect((await ask(data, 'verify', '--no-database')).ended.code).toBe(1)
    }))

  test(
    '--no-store leaves it out; a rebuild makes it up later; reset takes only a name for an answer',
    () =>
      withFolder(async (data) => {
        const told = account(await recording(data, '--for', '2s', '--no-store').ended)
        expect(told.store).toBeUndefined()
        expect(readdirSync(data)).not.toContain('postgres')
        expect((await ask<{ rows: number }>(data, 'db', 'rebuild')).answer.rows).toBeGreaterThan(500)
        expect((await ask(data, 'verify')).ended.code).toBe(0)
        const refused = await ask(data, 'db', 'reset')
        expect([refused.ended.code, refused.ended.err]).toEqual([2, expect.stringContaining('kalshiflow')])
        expect((await ask(data, 'db', 'reset', '--confirm', 'kalshiflow')).ended.code).toBe(0)
        expect((await ask<{ version: number }>(data, 'db', 'status')).answer.version).toBe(0)
      }),
    30_000,
  )

  test(
    'what would change the rows under a recorder is refused',
    () =>
      withFolder(async (data) => {
        const program = recording(data)
        await untilValid(data)
        for (const args of [['rebuild'], ['reset', '--confirm', 'kalshiflow']]) {
          const { ended } = await ask(data, 'db', ...args)
          expect([ended.code, ended.err]).toEqual([2, expect.stringContaining('FLOW_STILL_RECORDING')])
        }
        program.kill('SIGTERM')
        expect((await program.ended).code).toBe(0)
      }),
    30_000,
  )
})

describe('a database that does not answer', () => {
  test('holds up no frame and no book; the account says so, and the next start makes it up', async () => {
    const { path: data, remove } = aFolder()
    cleanups.push(remove)
    const silent = createServer().listen(0, '127.0.0.1')
    cleanups.push(() => silent.close())
    await until('the silent server listens', () => silent.address() !== null)
    const { port } = silent.address() as { port: number }
    const away = recording(data, '--database', `postgres://nobody:secret-word@127.0.0.1:${port}/away`)
    await untilValid(data)
    await sleep(1_000)
    const { markets } = (await askRecorder(data, { ask: 'status' })) as { markets: { valid: number; asked: number } }
    expect(markets.valid).toBe(markets.asked)
    away.kill('SIGTERM')
    const ended = await away.ended
    expect(ended.code).toBe(3)
    expect(account(ended)).toMatchObject({ isComplete: true })
    expect(account(ended).store?.state).not.toBe('complete')
    expect(ended.out + ended.err).not.toContain('secret-word')

    const postgres = await startPostgres()
    try {
      const back = await recording(data, '--for', '1s', '--database', postgres.url).ended
      expect([back.code, account(back).store?.state]).toEqual([0, 'complete'])
      const proved = await ask<{ faults: string[] }>(data, 'verify', '--database', postgres.url)
      expect([proved.ended.code, proved.answer.faults]).toEqual([0, []])
    } finally {
      await postgres.stop()
    }
  }, 60_000)
})

const untilValid = (data: string) =>
  until('all books are valid', async () => {
    const status = await askRecorder(data, { ask: 'status' }).catch(() => undefined)
    return status !== undefined && status.markets.asked > 0 && status.markets.valid === status.markets.asked
  })

/** One row of the embedded database, changed behind our back. */
async function change(data: string, sql: string): Promise<void> {
  const lease = await openDatabase({ dataFolder: data })
  const client = new pg.Client({ connectionString: lease.url })
  await client.connect()
  try {
    expect((await client.query(sql)).rowCount).toBe(1)
  } finally {
    await client.end()
    await lease.release()
  }
}
