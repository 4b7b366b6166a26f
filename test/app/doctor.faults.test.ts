/** `kalshiflow doctor` as its user runs it: what it finds, that it keeps secrets, and that it leaves nothing behind. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningExchange, startExchange } from '#exchange'
import type { Checked } from '../../src/app/doctor/run-checks.ts'
import { pointedAt, run } from '../support/program.ts'

const GOLDEN = resolve(import.meta.dirname, '../golden/journal-v1/unsealed')
let folder: string
let exchange: RunningExchange
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kalshiflow-doctor-'))
  exchange = await startExchange({
    port: 0,
    keyType: 'ed25519',
    keyScopes: ['read', 'write::trade'],
    clockOffsetMs: 30_000,
  })
})
afterAll(async () => {
  await exchange.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Findings by the name of their check. */
async function doctor(args: readonly string[], environment: Record<string, string> = {}) {
  const { code, out, err } = await run(['doctor', '--json', ...args], environment, folder).ended
  const { good, checks } = JSON.parse(out) as { good: boolean; checks: Checked[] }
  const by = new Map(checks.map((each) => [each.name, each]))
  return {
    code,
    good,
    err,
    out,
    of: (name: string) => by.get(name),
    states: Object.fromEntries(checks.map(({ name, state }) => [name, state])),
  }
}

test('without any setting a machine that can record is ready, and nothing is left behind', async () => {
  const { code, good, states } = await doctor([])
  expect([code, good]).toEqual([0, true])
  expect(states).toMatchObject({ settings: 'good', 'data-folder': 'good', database: 'good', 'key-scopes': 'skipped' })
  expect(readdirSync(folder)).toEqual([])
})

describe('against an exchange', () => {
  test('a key that may trade and a clock that is off are told with what to do; strictness makes the key bad', async () => {
    const { code, of } = await doctor([], pointedAt(exchange))
    expect(code).toBe(1)
    expect(of('key')).toMatchObject({ state: 'good' })
    expect(of('exchange')).toMatchObject({ state: 'good' })
    expect(of('key-scopes')).toMatchObject({ state: 'warn', found: 'the key may do more than read: write::trade' })
    expect(of('clock')).toMatchObject({ state: 'bad', found: expect.stringMatching(/^(29|30)\.\d s behind/) })
    const strict = await doctor(['--only', 'key-scopes'], { ...pointedAt(exchange), KALSHIFLOW_STRICT_KEY: 'true' })
    expect([strict.code, strict.states]).toEqual([1, { 'key-scopes': 'bad' }])
  })

  test('a key that the exchange does not know is told as such', async () => {
    const other = await startExchange({ port: 0, keyType: 'ed25519' })
    await other.close()
    const { of } = await doctor(['--only', 'exchange'], {
      ...pointedAt(exchange),
      KALSHI_PRIVATE_KEY_CONTENT: other.keyPem,
    })
    expect(of('exchange')).toMatchObject({ state: 'bad', found: expect.stringContaining('401') })
  })

  test('offline nothing of it is asked', async () => {
    const { code, states } = await doctor(['--offline'], pointedAt(exchange))
    expect([code, states]).toMatchObject([
      0,
      { exchange: 'skipped', 'key-scopes': 'skipped', dns: 'skipped', clock: 'good' },
    ])
  })
})

test('every wrong setting is told at once, no secret is, and the others are looked at all the same', async () => {
  const secret = 'canary-9f31c2'
  const environment = {
    PORT: 'eighty',
    KALSHI_API_KEYID: 'mistyped',
    DATABASE_URL: `mysql://u:${secret}@h/d`,
    KALSHIFLOW_SEGMENT_MB: '-1',
    KALSHI_PRIVATE_KEY_CONTENT: secret,
  }
  const { code, of, out, err } = await doctor(['--offline'], environment)
  expect(code).toBe(1)
  for (const name of ['PORT', 'DATABASE_URL', 'KALSHIFLOW_SEGMENT_MB', 'KALSHI_API_KEY_ID'])
    expect(of('settings')?.needed).toContain(`${name}: found`)
  expect(of('settings')?.found).toContain('did you mean KALSHI_API_KEY_ID?')
  expect(of('disk-sync')?.state).toMatch(/good|warn/)
  expect(out + err).not.toContain(secret)
})

test('a broken .env is a finding, not the end', async () => {
  const file = join(folder, '.env')
  writeFileSync(file, 'PORT=0\nthis is no setting\n')
  const { of } = await doctor(['--offline', '--only', 'settings', 'port'])
  rmSync(file)
  expect(of('settings')).toMatchObject({ state: 'bad', needed: expect.stringContaining('.env line 2') })
  expect(of('port')).toMatchObject({ state: 'skipped' })
})

test('a taken port, a journal with a hole and one of another environment are bad', async () => {
  const data = join(folder, 'data')
  cpSync(GOLDEN, join(data, 'journal'), { recursive: true })
  rmSync(join(data, 'journal', '0000000002.kfj'))
  const taken = createServer()
  await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done))
  const { port } = taken.address() as { port: number }
  const only = ['--offline', '--only', 'port', 'journal', 'data-folder', '--data', data]
  const here = await doctor(only, { PORT: String(port) })
  taken.close()
  expect(here.states).toMatchObject({ port: 'bad', journal: 'bad' })
  expect(here.of('journal')?.found).toContain('missing')
  const key = { KALSHI_API_KEY_ID: 'x', KALSHI_PRIVATE_KEY_CONTENT: exchange.keyPem }
  const elsewhere = await doctor(only, key)
  expect(elsewhere.of('data-folder')).toMatchObject({
    state: 'bad',
    found: expect.stringContaining('holds a journal of sim'),
  })
})

test('an archive that is not there is bad, and one on the same disk worth a look', async () => {
  const only = ['--offline', '--only', 'archive', 'alerts']
  const missing = await doctor(only, { KALSHIFLOW_ARCHIVE_TO: join(folder, 'nowhere') })
  expect(missing.of('archive')).toMatchObject({ state: 'bad', found: expect.stringContaining('is not there') })
  expect(missing.of('alerts')).toMatchObject({ state: 'skipped' })
  const here = await doctor(only, {
    KALSHIFLOW_ARCHIVE_TO: folder,
    KALSHIFLOW_ALERT_WEBHOOK_URL: 'http://127.0.0.1:9/x',
  })
  expect(here.states).toEqual({ archive: 'warn', alerts: 'bad' })
  expect(here.out).not.toContain('/x')
})

test('a key file that others may read is told with the command that mends it', async () => {
  const path = join(folder, 'key.pem')
  writeFileSync(path, exchange.keyPem, { mode: 0o644 })
  const { of } = await doctor(['--offline', '--only', 'key'], { KALSHI_API_KEY_ID: 'x', KALSHI_PRIVATE_KEY_PATH: path })
  expect(of('key')).toMatchObject({ state: 'warn', remedy: `Run \`chmod 600 ${path}\`.` })
  expect(readFileSync(path, 'utf8')).toBe(exchange.keyPem)
})
