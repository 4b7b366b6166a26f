/** `kalshiflow probe` against the simulated exchange: which facts it answers, what it writes, and that it can be published. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningExchange, startExchange } from '#exchange'
import type { ProbeReport } from '../../src/app/probe/report.ts'
import { DEMO } from '../support/captures.ts'
import { pointedAt, run } from '../support/program.ts'
import { record, until } from '../support/recording.ts'

const KEY_ID = 'canary-4f2a77c0-key-id'
let folder: string
let exchange: RunningExchange
let report: ProbeReport
let verdicts: Record<string, string>
let code: number | null

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kalshiflow-probe-'))
  exchange = await startExchange({
    port: 0,
    keyType: 'ed25519',
    capture: captureWithOwnOrders(),
    ratePerSecond: 400,
    loop: true,
    pingIntervalMs: 1_000,
  })
  const settings = { ...pointedAt(exchange), KALSHI_API_KEY_ID: KEY_ID }
  const ended = await run(['probe', '--minutes', '0.1', '--out', join(folder, 'out'), '--json'], settings).ended
  report = JSON.parse(ended.out) as ProbeReport
  verdicts = Object.fromEntries(report.facts.map(({ id, verdict }) => [id, verdict]))
  code = ended.code
}, 60_000)
afterAll(async () => {
  await exchange.close()
  rmSync(folder, { recursive: true, force: true })
})

function captureWithOwnOrders(): string {
  const own = gunzipSync(readFileSync(DEMO))
    .toString('utf8')
    .replaceAll(/("side\\":\\"(?:yes|no)\\")/g, '$1,\\"client_order_id\\":\\"mine-77\\",\\"subaccount\\":9')
  const path = join(folder, 'own.jsonl')
  writeFileSync(path, own)
  return path
}

const FACTS = [
  'key-type',
  'unsigned-handshake',
  'clock-tolerance',
  'compression',
  'sids-from-one',
  'numbers-from-one',
  'ok-takes-a-number',
  'unsubscribed-takes-a-number',
  'second-subscribe',
  'list-subscriptions',
  'error-codes',
  'snapshot-without-ok',
  'snapshot-is-exact',
  'yes-prices',
  'price-default',
  'unknown-ticker',
  'frames-end',
  'unknown-fields',
  'key-listing',
  'rest-unknown-books',
  'rest-error-shape',
]

test('the simulated exchange confirms what it was made to do, and an odd ping is told as refuted', () => {
  for (const id of FACTS) expect([id, verdicts[id]]).toEqual([id, 'confirmed'])
  expect(verdicts['pings']).toBe('refuted')
  expect(code).toBe(1)
  expect(Object.values(report.counts).reduce((sum, each) => sum + each)).toBe(report.facts.length)
})

test('every fact has what was observed, and what is confirmed or refuted by frames has frames', () => {
  for (const { id, fact, matters, observation } of report.facts) {
    expect(`${id} ${fact} ${matters} ${observation}`.length, id).toBeGreaterThan(60)
    expect(observation, id).not.toBe('')
  }
  const page = readFileSync(join(folder, 'out/report.md'), 'utf8')
  for (const { id } of report.facts) expect(page).toContain(`### ${id}`)
})

describe('what it writes', () => {
  test('holds no key id, no order and no subaccount', () => {
    for (const name of ['report.json', 'report.md', 'frames.jsonl.gz']) {
      const bytes = readFileSync(join(folder, 'out', name))
      const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
      for (const secret of [KEY_ID, 'mine-77', '\\"subaccount\\":9', '"subaccount":9'])
        expect(text.includes(secret), `${secret} in ${name}`).toBe(false)
    }
  })

  test('plays as a capture, and its books are valid', async () => {
    const recording = await record({ capture: join(folder, 'out/frames.jsonl.gz'), speed: 'max' })
    try {
      const tickers = recording.exchange.tickers
      expect(tickers.length).toBeGreaterThan(3)
      await until(
        'all books are valid',
        () => recording.recorder.fold.markets().filter(({ valid }) => valid).length === tickers.length,
      )
      await until('frames are folded', () => recording.recorder.fold.counts.scanned > 100)
      expect(recording.recorder.fold.counts.malformed).toBe(0)
    } finally {
      await recording.close()
    }
  })
})

test('without a key or an open market it says what is needed and does nothing', async () => {
  const { code: bare, err } = await run(['probe', '--minutes', '0.01'], {}, folder).ended
  expect(bare).toBe(2)
  expect(err).toContain('KALSHI_API_KEY_ID')
})

test('Ctrl-C before anything is watched is not put at the exchange’s door', async () => {
  // It takes connections and answers none of them: as slow as an exchange can be.
  const silent = createServer((socket) => void socket.on('error', () => {}))
  await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done))
  const { port } = silent.address() as { port: number }
  const settings = { ...pointedAt(exchange), KALSHI_WS_URL: `ws://127.0.0.1:${port}/trade-api/ws/v2` }
  const markets = ['--markets', exchange.tickers[0]!]
  const probe = run(['probe', ...markets, '--out', join(folder, 'ended')], settings)
  await new Promise<void>((done) => silent.once('connection', () => done()))
  probe.kill('SIGINT')
  const { code, err } = await probe.ended
  silent.close()
  expect([code, err]).toEqual([2, expect.stringContaining('ended before anything was watched')])
}, 60_000)
