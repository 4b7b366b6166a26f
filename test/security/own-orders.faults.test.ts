/**
 * What says whose order it was stays in the raw frame: `client_order_id` and `subaccount` in public deltas reach no table,
 * view, answer, stream, status, log or book. And nothing private is asked for at all: the public connection carries the
 * public channels alone.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askRecorder, readBooks } from '#app'
import { RECORD } from '#domain'
import { FileDisk, openCursor } from '#journal'
import { viewBook } from '#live'
import { type Service, serve } from '../api/service.ts'
import { WsTestClient } from '../live/ws-client.ts'
import { DEMO } from '../support/captures.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { until } from '../support/recording.ts'

const OWN = 'own-order-canary-6e1d'
const SUBACCOUNT = '613'
const PUBLIC_CHANNELS = ['orderbook_delta', 'trade', 'ticker']

let folder: string
let postgres: TestPostgres
let service: Service
const streamed: string[] = []

/** The demo capture, as a key of the account that trades there would have seen it. */
function captureWithOwnOrders(): string {
  const lines = gunzipSync(readFileSync(DEMO)).toString('utf8').trim().split('\n')
  const own = lines.map((line) => {
    const entry = JSON.parse(line) as { raw: string }
    const raw = entry.raw.replace(
      /("type":"orderbook_delta".*"side":"(?:yes|no)")/,
      `$1,"client_order_id":"${OWN}","subaccount":${SUBACCOUNT}`,
    )
    return JSON.stringify({ ...entry, raw })
  })
  const path = join(folder, 'own.jsonl')
  writeFileSync(path, own.join('\n'))
  return path
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kalshiflow-own-'))
  postgres = await startPostgres()
  service = await serve({
    exchange: { capture: captureWithOwnOrders() },
    useStore: true,
    databaseUrl: postgres.url,
    database: postgres.url,
  })
  await until('the copy is there', async () => (await service.get('/rl/markets?state=valid')).body?.found >= 5)
  const client = await WsTestClient.open(`${service.api.url.replace('http', 'ws')}/rl/ws`)
  client.webSocket.on('message', (data: Buffer) => streamed.push(data.toString()))
  client.subscribe(['orderbook', 'trade', 'stats'], 'all')
  await until('deltas are folded', () => service.recorder.fold.counts.frames > 600)
  client.webSocket.terminate()
}, 60_000)
afterAll(async () => {
  await service.close()
  await postgres.stop()
  rmSync(folder, { recursive: true, force: true })
})

const hides = (text: string, place: string) => {
  expect(text.length, place).toBeGreaterThan(2)
  for (const each of [OWN, 'client_order_id', 'subaccount'])
    expect(text.includes(each), `${each} in ${place}`).toBe(false)
}

test('the raw frames have them, so that the journal is what came', async () => {
  let own = 0
  await service.recorder.journal.flush()
  for await (const { type, body } of openCursor({
    disk: new FileDisk(),
    folder: `${service.folder}/journal`,
  }).records())
    if (type === RECORD.FRAME && Buffer.from(body).includes(OWN)) own += 1
  expect(own).toBeGreaterThan(100)
})

describe('they are in no', () => {
  test('answer of the API, nor in what its WebSocket streams', async () => {
    const paths = [
      'status',
      'metrics',
      'markets',
      'gaps',
      'sessions',
      `orderbook/snapshot?market_tickers=${service.exchange.tickers.join(',')}`,
    ]
    for (const path of paths) hides((await service.get(`/rl/${path}`)).text, path)
    hides(streamed.join('\n'), 'the stream')
    expect(streamed.length).toBeGreaterThan(20)
  })

  test('answer of the control socket, log line or book read from the journal', async () => {
    hides(JSON.stringify(await askRecorder(service.folder, { ask: 'books' })), 'books')
    const status = { ...(await askRecorder(service.folder, { ask: 'status' })) }
    hides(JSON.stringify(status), 'status')
    hides(JSON.stringify(service.lines), 'the log')
    const { fold } = await readBooks({ folder: `${service.folder}/journal` })
    hides(JSON.stringify(fold.markets().map((market) => viewBook(market, Date.now()))), 'books of the journal')
  })

  test('column or row of a table or view', async () => {
    const client = await postgres.connect()
    await until(
      'rows are there',
      async () =>
        Number((await client.query('SELECT count(*) AS n FROM kalshiflow.rl_orderbook_deltas')).rows[0].n) > 100,
    )
    const { rows } = await client.query(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'kalshiflow'`,
    )
    expect(rows.length).toBeGreaterThan(10)
    for (const { name } of rows) {
      const found = await client.query(
        `SELECT count(*) AS n FROM kalshiflow."${name}" AS t WHERE t::text LIKE '%${OWN}%'`,
      )
      expect(Number(found.rows[0].n), name).toBe(0)
      const columns = await client.query(
        `SELECT column_name AS c FROM information_schema.columns WHERE table_schema = 'kalshiflow' AND table_name = $1`,
        [name],
      )
      for (const { c } of columns.rows) expect(['client_order_id', 'subaccount', 'subaccount_number']).not.toContain(c)
    }
  })
})

test('the public connection asks for public channels alone, and so does every line of the source', async () => {
  const asked = new Set<string>()
  for await (const { type, body } of openCursor({
    disk: new FileDisk(),
    folder: `${service.folder}/journal`,
  }).records()) {
    if (type !== RECORD.COMMAND) continue
    const { cmd, params } = JSON.parse(Buffer.from(body).toString('utf8')) as {
      cmd: string
      params?: { channels?: string[] }
    }
    if (cmd === 'subscribe') for (const each of params?.channels ?? []) asked.add(each)
  }
  expect([...asked].sort()).toEqual([...PUBLIC_CHANNELS].sort())
  const recording = ['codec', 'feed', 'kalshi', 'app/recorder'].flatMap((each) =>
    readdirSync(join(import.meta.dirname, '../../src', each), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')),
  )
  for (const text of recording)
    expect(text).not.toMatch(/['"](fill|user_orders|market_positions|order_group_updates|communications)['"]/)
})
