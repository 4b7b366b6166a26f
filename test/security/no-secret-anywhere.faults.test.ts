/**
 * No secret leaves the program: it is run through good and bad days with secrets of its own, and every byte that it said,
 * answered or wrote is searched for them. `db url` alone prints a password, since that is what it is for.
 */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generateKeyPem, type RunningExchange, startExchange } from '#exchange'
import { askRecorder } from '#live'
import { type Running, run } from '../support/program.ts'
import { type Canary, keyCanary, sightings, sightingsIn, textCanary } from './canary.ts'

const SECRETS = {
  keyId: 'c0ffee00-7e57-4c4e-9a11-5ec7e7ca9a17',
  readToken: 'read-canary-4d3c2b1a-5f6e7d8c',
  adminToken: 'admin-canary-a1b2c3d4-e5f60718',
  password: 'db%2Fcanary-77aa88bb99cc',
  hook: 'hook-canary-0f9e8d7c6b5a',
  hookSecret: 'hook-secret-canary-13579bdf',
  storeKey: 'AKIACANARY0011223344',
  storeSecret: 'store-canary-secret-998877665544332211',
  mailPassword: 'mail-canary-2468ace0f1',
} as const

let folder: string
let exchange: RunningExchange
let canaries: Canary[]
let secrets: Record<string, string>
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kalshiflow-canary-'))
  // So that the database's own user can stand in it too, and its files are searched.
  chmodSync(folder, 0o755)
  exchange = await startExchange({ port: 0, keyType: 'rsa', markets: 5, ratePerSecond: 200 })
  canaries = [
    keyCanary('private key', exchange.keyPem),
    ...Object.entries(SECRETS).map(([name, text]) => textCanary(name, text)),
    textCanary('password, decoded', decodeURIComponent(SECRETS.password)),
  ]
  secrets = {
    KALSHI_WS_URL: exchange.url,
    KALSHI_API_URL: exchange.restUrl,
    KALSHI_API_KEY_ID: SECRETS.keyId,
    KALSHI_PRIVATE_KEY_CONTENT: exchange.keyPem.replaceAll('\n', '\\n'),
    KALSHIFLOW_READ_TOKEN: SECRETS.readToken,
    KALSHIFLOW_ADMIN_TOKEN: SECRETS.adminToken,
    // Nobody listens there: each failure is told, and none with its address.
    KALSHIFLOW_ALERT_WEBHOOK_URL: `http://127.0.0.1:9/${SECRETS.hook}`,
    KALSHIFLOW_ALERT_WEBHOOK_SECRET: SECRETS.hookSecret,
    KALSHIFLOW_ALERT_SMTP_URL: `smtp://flow:${SECRETS.mailPassword}@127.0.0.1:9`,
    KALSHIFLOW_ALERT_MAIL_FROM: 'flow@example.org',
    KALSHIFLOW_ALERT_MAIL_TO: 'me@example.org',
    AWS_ACCESS_KEY_ID: SECRETS.storeKey,
    AWS_SECRET_ACCESS_KEY: SECRETS.storeSecret,
    AWS_REGION: 'us-east-1',
    KALSHIFLOW_ARCHIVE_TO: 's3://canary-bucket/kalshi',
    KALSHIFLOW_ARCHIVE_ENDPOINT: 'http://127.0.0.1:9',
    LOG_FORMAT: 'json',
    RL_LOG_LEVEL: 'trace',
  }
})
afterAll(async () => {
  await exchange.close()
  rmSync(folder, { recursive: true, force: true })
})

const dataOf = (name: string) => join(folder, name)

/** Where a secret is seen in what a program said. */
async function seenIn(program: Running): Promise<string[]> {
  const { out, err } = await program.ended
  expect(out.length + err.length).toBeGreaterThan(0)
  return [...sightings('stdout', Buffer.from(out), canaries), ...sightings('stderr', Buffer.from(err), canaries)]
}

async function until(what: () => boolean, ms = 15_000): Promise<void> {
  const startedMs = performance.now()
  while (!what()) {
    if (performance.now() - startedMs > ms) throw new Error('it did not come about')
    await new Promise((done) => setTimeout(done, 50))
  }
}

test('on a good day: log, answers, metrics, status, journal, sealed files and tables hold none', async () => {
  const data = dataOf('good')
  const program = run(['start', '--data', data, '--for', '7s', '--json'], { ...secrets, KALSHIFLOW_SEGMENT_MB: '1' })
  await until(() => program.logged('api_listening').length > 0 && program.logged('validity_changed').length > 0)
  const { url } = program.logged('api_listening')[0] as { url: string }
  const seen: string[] = []
  const paths = [
    'status',
    'health',
    'metrics',
    'markets',
    'gaps',
    'sessions',
    'openapi.json',
    'docs',
    'nowhere',
    'orderbook/x',
  ]
  const asked: [string, Record<string, string>][] = paths.flatMap((path): [string, Record<string, string>][] => [
    [`/rl/${path}`, { authorization: `Bearer ${SECRETS.readToken}` }],
    [`/rl/${path}?token=${SECRETS.readToken}`, {}],
    [`/rl/${path}`, { authorization: `Bearer ${SECRETS.adminToken.slice(0, -1)}` }],
    [`/rl/${path}`, { cookie: `session=${SECRETS.adminToken}`, 'x-api-key': SECRETS.keyId }],
  ])
  for (const [path, headers] of asked) {
    const answer = await fetch(url.replace(/\/rl.*|\/$/, '') + path, { headers, signal: AbortSignal.timeout(5_000) })
    seen.push(...sightings(path.split('?')[0]!, Buffer.from(await answer.arrayBuffer()), canaries))
    seen.push(...sightings('headers', Buffer.from(JSON.stringify([...answer.headers])), canaries))
  }
  const admin = {
    method: 'POST',
    headers: { authorization: `Bearer ${SECRETS.adminToken}`, 'content-type': 'application/json' },
  }
  for (const call of ['flush', 'pause', 'resume', 'resync'])
    await fetch(`${url.replace(/\/rl.*|\/$/, '')}/rl/admin/${call}`, { ...admin, body: '{}' }).then((each) =>
      each.text(),
    )
  seen.push(...sightings('control', Buffer.from(JSON.stringify(await askRecorder(data, { ask: 'status' }))), canaries))
  const doctor = run(['doctor', '--data', data], secrets)
  seen.push(...(await seenIn(doctor)), ...(await seenIn(run(['doctor', '--json', '--data', data], secrets))))
  seen.push(...seenInChildren(program))
  seen.push(...(await seenIn(program)))
  const commands = [
    ['alert', 'test'],
    ['alert', 'list'],
    ['sessions', '--json'],
    ['verify', '--json'],
    ['db', 'status', '--json'],
    ['book', '--all', '--from', 'database'],
  ]
  const after = commands.map((command) => seenIn(run([...command, '--data', data], secrets)))
  seen.push(...(await Promise.all(after)).flat())
  const files = sightingsIn(data, canaries)
  expect([...seen, ...files.seen]).toEqual([])
  expect(files.files).toBeGreaterThan(10)
  expect(files.bytes).toBeGreaterThan(100_000)
}, 120_000)

/** The environment and command line of the program's children, which any tool of this user can read. */
function seenInChildren({ child }: Running): string[] {
  const seen: string[] = []
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      if (parent !== child.pid) continue
      for (const file of ['environ', 'cmdline'])
        seen.push(...sightings(`child ${file}`, readFileSync(`/proc/${pid}/${file}`), canaries))
    } catch {
      // It is gone, or another user's.
    }
  }
  return seen
}

describe('on a bad day none is said:', () => {
  test('a database that refuses, does not answer, or is no address', async () => {
    const hangingUp = createServer((socket) => socket.destroy())
    await new Promise<void>((done) => hangingUp.listen(0, '127.0.0.1', done))
    const { port } = hangingUp.address() as { port: number }
    const urls = [
      `postgresql://flow:${SECRETS.password}@127.0.0.1:${port}/flow`,
      `postgresql://flow:${SECRETS.password}@127.0.0.1:1/flow?application_name=${SECRETS.readToken}`,
      `postgresql://flow:${SECRETS.password}@nowhere.invalid/flow`,
      `postgresql://flow:${SECRETS.password}@127.0.0.1:x/flow`,
    ]
    const data = dataOf('database')
    const programs = urls.map((url) =>
      run(['doctor', '--data', data, '--only', 'settings', 'database'], { ...secrets, DATABASE_URL: url }),
    )
    programs.push(run(['db', 'status', '--data', folder], { DATABASE_URL: urls[1]! }))
    programs.push(run(['record', '--data', data, '--for', '2s'], { ...secrets, DATABASE_URL: urls[0]! }))
    const seen = (await Promise.all(programs.map(seenIn))).flat()
    hangingUp.close()
    expect([...seen, ...sightingsIn(data, canaries).seen]).toEqual([])
  }, 120_000)

  test('a secret in the place of another setting, and a key cut or changed on the way', async () => {
    const key = secrets['KALSHI_PRIVATE_KEY_CONTENT']!
    const mixed: Record<string, string>[] = [
      { PORT: SECRETS.readToken, KALSHIFLOW_HOST: SECRETS.adminToken },
      { KALSHI_PRIVATE_KEY_PATH: exchange.keyPem, KALSHI_PRIVATE_KEY_CONTENT: '' },
      { KALSHI_PRIVATE_KEY_PATH: key.split('\\n').slice(1, -2).join(''), KALSHI_PRIVATE_KEY_CONTENT: '' },
      { KALSHI_API_KEY_ID: exchange.keyPem },
      { KALSHI_PRIVATE_KEY_CONTENT: key.slice(0, key.length / 2) },
      { KALSHI_PRIVATE_KEY_CONTENT: key.replace(/[a-z]{4}/, 'AAAA') },
      {
        KALSHI_WS_URL: `wss://u:${SECRETS.password}@127.0.0.1/x`,
        KALSHI_API_URL: `https://h/x?key=${SECRETS.adminToken}`,
      },
      { KALSHIFLOW_READ_TOKEN: 'short', RL_MARKET_TICKERS: key, KALSHIFLOW_DATA: `\n${key}` },
      { KALSHIFLOW_ADMIN_TOKEN: SECRETS.readToken, KALSHIFLOW_SEGMENT_MB: SECRETS.readToken },
    ]
    const programs = mixed.map((each) =>
      run(
        ['record', '--for', '1s', '--no-store', '--no-serve', '--data', dataOf('mixed')],
        { ...secrets, ...each },
        folder,
      ),
    )
    programs.push(run(['doctor', '--offline', '--only', 'settings', 'key'], { ...secrets, ...mixed[0] }, folder))
    expect((await Promise.all(programs.map(seenIn))).flat()).toEqual([])
  }, 120_000)

  test('a broken line in .env', async () => {
    const there = mkdtempSync(join(folder, 'dotenv-'))
    writeFileSync(
      join(there, '.env'),
      `KALSHI_PRIVATE_KEY_CONTENT=${exchange.keyPem}\nKALSHIFLOW_READ_TOKEN="${SECRETS.readToken}\n`,
    )
    expect(await seenIn(run(['record', '--for', '1s'], {}, there))).toEqual([])
  })

  test('a key that is refused, a crash by an exception, and by a promise that nobody caught', async () => {
    const other = keyCanary('another key', await generateKeyPem('ed25519'))
    canaries.push(other)
    const crash = (script: string) => ({ NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(script)}` })
    const soon = "setTimeout(()=>{throw Object.assign(new Error('planted'),{code:'EPLANTED'})},1500)"
    const rejected = "setTimeout(()=>{Promise.reject(new TypeError('planted'))},1500)"
    const programs = [
      run(['record', '--no-store', '--for', '3s', '--data', dataOf('refused')], {
        ...secrets,
        KALSHI_PRIVATE_KEY_CONTENT: await generateKeyPem('rsa'),
      }),
      run(['record', '--no-store', '--for', '4s', '--data', dataOf('thrown')], { ...secrets, ...crash(soon) }),
      run(['start', '--no-store', '--for', '4s', '--data', dataOf('rejected')], { ...secrets, ...crash(rejected) }),
    ]
    const seen = (await Promise.all(programs.map(seenIn))).flat()
    expect((await programs[1]!.ended).err).toContain('planted')
    expect([...seen, ...sightingsIn(folder, canaries).seen.filter((each) => !each.includes('dotenv-'))]).toEqual([])
  }, 120_000)
})
