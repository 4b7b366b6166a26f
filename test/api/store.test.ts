/** Gaps and runs from a real database that a real store fills, in pages, and what is answered while it is away. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { until } from '../support/recording.ts'
import { AnswerCheck } from './document.ts'
import { type Answer, type Service, serve } from './service.ts'

let postgres: TestPostgres
let service: Service
let check: AnswerCheck

beforeAll(async () => {
  postgres = await startPostgres()
  service = await serve({
    useStore: true,
    databaseUrl: postgres.url,
    database: postgres.url,
    limits: { recorderAskEveryMs: 50, storeBehindMsMax: 1_000 },
  })
  await until('the copy is there', async () => (await service.get('/rl/markets')).status === 200)
  check = new AnswerCheck((await service.get('/rl/docs/openapi.json')).body)
})
afterAll(async () => {
  await service.close()
  await postgres.stop()
})

async function ask(path: string): Promise<Answer> {
  const answer = await service.get(path)
  expect(check.fault('GET', path.split('?')[0]!, answer)).toBeUndefined()
  return answer
}

test('gaps are told once for each happening, with their markets, newest first and in pages', async () => {
  for (let cuts = 1; cuts <= 3; cuts++) {
    await until('all books are valid', () => service.recorder.fold.markets().filter(({ valid }) => valid).length === 6)
    service.exchange.faults.cut(service.exchange.sent().connections.at(-1)!.id, 'terminate')
    await until('it was lost', () => service.recorder.connectionsLost === cuts)
  }
  await until('all gaps have ended in the database', async () => {
    const { body } = await ask('/rl/gaps')
    return (
      body.source === 'database' &&
      body.gaps.length === 3 &&
      body.gaps.every((each: { to: string | null }) => each.to !== null)
    )
  })
  const { gaps } = (await ask('/rl/gaps')).body
  for (const gap of gaps) {
    expect(gap).toMatchObject({
      cause: 'disconnect',
      markets: 6,
      open: 0,
      market_tickers: [...service.exchange.tickers].sort(),
    })
    expect(Date.parse(gap.from)).toBeLessThanOrEqual(Date.parse(gap.to))
  }
  const connections = gaps.map(({ connection }: { connection: number }) => connection)
  expect(connections).toEqual([...connections].sort((a, b) => b - a))

  const seen: number[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const path: string = `/rl/gaps?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`
    const { body } = await ask(path)
    seen.push(...body.gaps.map(({ connection }: { connection: number }) => connection))
    cursor = body.next_cursor
  }
  expect(seen).toEqual(connections)

  const found = async (query: string) => (await ask(`/rl/gaps?${query}`)).body.gaps.length
  expect(await found(`market_ticker=${service.exchange.tickers[0]}`)).toBe(3)
  expect(await found('market_ticker=KXNOPE')).toBe(0)
  expect(await found('cause=sequence_break')).toBe(0)
  expect([await found('open=true'), await found('open=false')]).toEqual([0, 3])
  // The copy tells the same happenings without a database.
  expect((await service.get('/rl/status')).body.stats.copy.gaps).toBe(3)
})

test('what hit all that was recorded is one gap, with what the record says that declares it', async () => {
  const client = await postgres.connect()
  const row = (cause: string, offset: number, market: string, detail: string, by: string) =>
    `(1, 0, ${offset}, 5, ${market}, '${cause}', ${detail}, 3, 'durable', 0, ${offset}, 9, '${by}')`
  await client.query(
    `INSERT INTO kalshiflow.rl_gaps (journal_id, found_segment, found_offset, found_ns, market_id, cause, detail,
       from_ns, from_kind, to_segment, to_offset, to_ns, closed_by) VALUES
       ${row('process_down', 1, '1', 'NULL', 'snapshot')}, ${row('process_down', 1, '2', 'NULL', 'snapshot')},
       ${row('process_down', 2, 'NULL', "'killed'", 'declared')}, ${row('disk_full', 3, 'NULL', 'NULL', 'declared')},
       ${row('maintenance', 4, '1', 'NULL', 'snapshot')}, ${row('maintenance', 5, 'NULL', 'NULL', 'declared')}`,
  )
  const told = async (cause: string) =>
    (await ask(`/rl/gaps?cause=${cause}`)).body.gaps.map((gap: Record<string, unknown>) =>
      ['found', 'markets', 'detail', 'closed_by'].map((name) => gap[name]),
    )
  expect(await told('process_down')).toEqual([['0:1', 2, 'killed', 'snapshot']])
  // One that nobody else tells is told, and any other declared hole is one of its own.
  expect(await told('disk_full')).toEqual([['0:3', 0, null, 'declared']])
  expect(await told('maintenance')).toHaveLength(2)
  await client.query('DELETE FROM kalshiflow.rl_gaps WHERE found_segment = 0')
})

test('runs are told with how they ended', async () => {
  const { body } = await ask('/rl/sessions')
  expect(body).toMatchObject({
    source: 'database',
    next_cursor: null,
    sessions: [{ session: service.recorder.session, state: 'running', ended: null }],
  })
})

test('a cursor of anything is answered, and harms nothing', async () => {
  for (const parts of [
    [null, null, null],
    [1e308, -1, 'x'],
    [1, 2, '\0'],
    ['1; DROP TABLE x', 0, ''],
    [3.5, 2 ** 60, 'y'],
  ]) {
    const cursor = Buffer.from(JSON.stringify(parts)).toString('base64url')
    const { status, body } = await ask(`/rl/gaps?cursor=${cursor}`)
    expect([status, body.source]).toEqual([200, 'database'])
  }
})

test('while the database is away the journal answers, and says so', async () => {
  await postgres.halt('SIGQUIT')
  expect((await service.get('/rl/health')).status).toBe(200)
  const { body } = await ask('/rl/gaps')
  expect(body).toMatchObject({ source: 'journal' })
  expect(body.gaps).toHaveLength(3)
  expect(body.gaps[0]).toMatchObject({ cause: 'disconnect', markets: 6, open: 0 })
  expect((await ask('/rl/sessions')).body).toMatchObject({ source: 'journal' })
  expect((await ask('/rl/gaps?limit=2')).body.next_cursor).not.toBeNull()
  await until('health says so', async () => {
    const { status, body } = await service.get('/rl/health')
    return status === 503 && body.reasons[0].code === 'store_unavailable'
  })
  await postgres.restart()
  await until('health is good again', async () => (await service.get('/rl/health')).status === 200)
  await until('it is asked again', async () => (await ask('/rl/gaps')).body.source === 'database')
  const told = service.events.map(({ kind }) => kind).filter((kind) => kind.startsWith('store_'))
  expect([told[0], told[1], told.at(-1)]).toEqual(['store_open', 'store_away', 'store_open'])
})
