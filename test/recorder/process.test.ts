/**
 * The program as a process: what it leaves behind when it is asked to stop, killed, started twice or started wrong.
 */

import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { askRecorder, listRuns } from '#app'
import { RECORD } from '#domain'
import { type RunningExchange, startExchange } from '#exchange'
import { decodeJson, FileDisk, openCursor } from '#journal'
import { DEMO } from '../support/captures.ts'
import { LAUNCHER, pointedAt, type Running, run } from '../support/program.ts'
import { aFolder, countFrames, until } from '../support/recording.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const each of cleanups.splice(0).reverse()) await each()
})

async function anExchange(ratePerSecond = 2000): Promise<RunningExchange> {
  const exchange = await startExchange({ port: 0, keyType: 'ed25519', capture: DEMO, ratePerSecond, loop: true })
  cleanups.push(() => exchange.close())
  return exchange
}

function folder(): string {
  const { path, remove } = aFolder()
  cleanups.push(remove)
  return path
}

function recording(exchange: RunningExchange, data: string, ...args: string[]): Running {
  const markets = exchange.tickers.join(',')
  // store.test.ts has the database, service.test.ts what is served.
  const program = run(
    ['record', '--no-store', '--no-serve', '--data', data, '--markets', markets, '--json', ...args],
    pointedAt(exchange),
  )
  cleanups.push(() => program.kill('SIGKILL'))
  return program
}

const untilValid = (data: string) =>
  until('all books are valid', async () => {
    const status = await askRecorder(data, { ask: 'status' }).catch(() => undefined)
    return status !== undefined && status.markets.asked > 0 && status.markets.valid === status.markets.asked
  })

const account = (out: string) =>
  JSON.parse(out) as { frames: number; records: number; durableRecords: number; isComplete: boolean; reason: string }

describe('asked to stop', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s it makes everything durable, says so, and is gone in 5 s',
    async (signal) => {
      const exchange = await anExchange()
      const data = folder()
      const program = recording(exchange, data)
      await untilValid(data)
      await sleep(300)
      const askedMs = performance.now()
      program.kill(signal)
      const { code, out } = await program.ended
      expect(performance.now() - askedMs).toBeLessThan(5000)
      expect(code).toBe(0)
      const told = account(out)
      expect(told).toMatchObject({ isComplete: true, reason: signal })
      expect(told.durableRecords).toBe(told.records)
      expect(await countFrames(data)).toBe(told.frames)
      expect(told.frames).toBeGreaterThan(300)
      const [only] = await listRuns(`${data}/journal`)
      expect(only?.stopped).toMatchObject({ reason: signal, counts: { frames: told.frames } })
    },
  )

  test('over the control socket, or by --for, it ends in the same way', async () => {
    const exchange = await anExchange()
    const data = folder()
    const program = recording(exchange, data)
    await untilValid(data)
    await askRecorder(data, { ask: 'stop' })
    const { code, out } = await program.ended
    expect(code).toBe(0)
    expect(account(out).isComplete).toBe(true)
    const again = await recording(exchange, data, '--for', '500ms').ended
    expect(again.code).toBe(0)
    expect(await listRuns(`${data}/journal`)).toHaveLength(2)
  })
})

describe('killed in mid-stream', () => {
  test('it keeps what was durable, and the next start declares the hole and goes on', async () => {
    const exchange = await anExchange()
    const data = folder()
    let kept = 0
    for (let round = 0; round < 4; round++) {
      const program = recording(exchange, data)
      await untilValid(data)
      await sleep(100 + 70 * round)
      const { journal, frames } = await askRecorder(data, { ask: 'status' })
      await askRecorder(data, { ask: 'flush' })
      program.kill('SIGKILL')
      expect((await program.ended).signal).toBe('SIGKILL')
      const found = await countFrames(data)
      expect(found).toBeGreaterThanOrEqual(kept + frames)
      expect(journal.records).toBeGreaterThan(0)
      kept = found
    }
    const program = recording(exchange, data, '--for', '600ms')
    const { code, out } = await program.ended
    expect(code).toBe(0)
    expect(program.logged('process_was_down')).toHaveLength(1)
    expect(await countFrames(data)).toBe(kept + account(out).frames)
    const runs = await listRuns(`${data}/journal`)
    expect(runs.map(({ stopped }) => stopped !== undefined)).toEqual([false, false, false, false, true])
    expect(await gapsOf(data)).toEqual(Array(4).fill('process_down'))
  })

  test('its last books are shown as what they are, and its run as died', async () => {
    const exchange = await anExchange()
    const data = folder()
    const program = recording(exchange, data)
    await untilValid(data)
    await askRecorder(data, { ask: 'flush' })
    program.kill('SIGKILL')
    await program.ended
    const { out } = await run(['book', exchange.tickers[0]!, '--from', 'journal', '--data', data, '--json']).ended
    expect(JSON.parse(out)).toMatchObject({ valid: false, doubt: 'process_down' })
    const sessions = await run(['sessions', '--data', data, '--json']).ended
    expect(JSON.parse(sessions.out)).toMatchObject([{ state: 'died' }])
  })

  test('a torn tail is cut and told', async () => {
    const exchange = await anExchange()
    const data = folder()
    const first = recording(exchange, data)
    await untilValid(data)
    first.kill('SIGKILL')
    await first.ended
    const before = await countFrames(data)
    const segment = join(data, 'journal', readdirSync(join(data, 'journal'))[0]!)
    truncateSync(segment, statSync(segment).size - 10)
    const second = recording(exchange, data, '--for', '400ms')
    const { code } = await second.ended
    expect(code).toBe(0)
    const [told] = second.logged('torn_tail_cut')
    expect(told?.['bytes']).toBeGreaterThan(0)
    expect(await countFrames(data)).toBeGreaterThan(before * 0.5)
  })
})

describe('started', () => {
  test('twice on one folder, the second is refused and the first does not notice', async () => {
    const exchange = await anExchange()
    const data = folder()
    const first = recording(exchange, data)
    await untilValid(data)
    const second = await recording(exchange, data).ended
    expect(second.code).toBe(2)
    expect(second.err).toContain('FLOW_DATA_IN_USE')
    expect(second.err).toContain(String(first.child.pid))
    await untilValid(data)
    first.kill('SIGTERM')
    expect((await first.ended).code).toBe(0)
  })

  test('for another environment than the journal’s, it is refused before it connects', async () => {
    const exchange = await anExchange()
    const data = folder()
    await recording(exchange, data, '--for', '300ms').ended
    const elsewhere = {
      ...pointedAt(exchange),
      KALSHI_WS_URL: 'wss://demo-api.kalshi.co/trade-api/ws/v2',
      KALSHI_API_URL: '',
    }
    const { code, err } = await run(['record', '--data', data, '--markets', 'KXA'], elsewhere).ended
    expect(code).toBe(2)
    expect(err).toContain('FLOW_JOURNAL_ENVIRONMENT')
    expect(err).not.toContain('connection_opened')
  })

  test('with a key that is none, it says what it found and never shows it', async () => {
    const exchange = await anExchange()
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const { code, err } = await run(['record', '--data', folder(), '--markets', 'KXA'], {
      ...pointedAt(exchange),
      KALSHI_PRIVATE_KEY_CONTENT: pem,
    }).ended
    expect(code).toBe(2)
    expect(err).toMatch(/FLOW_KEY_/)
    expect(err).not.toContain(pem.split('\n')[1]!)
  })

  test('against an exchange that refuses its key, it keeps trying and says why', async () => {
    const exchange = await anExchange()
    const { privateKey } = generateKeyPairSync('ed25519')
    const wrong = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const program = run(['record', '--data', folder(), '--markets', 'KXA', '--for', '1500ms'], {
      ...pointedAt(exchange),
      KALSHI_PRIVATE_KEY_CONTENT: wrong,
    })
    const { code } = await program.ended
    expect(code).toBe(1)
    expect(program.logged('connect_failed').length).toBeGreaterThan(1)
    expect(program.logged('connect_failed')[0]).toMatchObject({
      detail: expect.stringMatching(/401.*incorrect_signature/s),
      msg: expect.stringContaining('KALSHI_API_KEY_ID'),
    })
  })

  test('with nothing configured, `start` records the built-in exchange', async () => {
    const data = folder()
    const { code, out, err } = await run(['start', '--no-store', '--data', data, '--for', '2s', '--json']).ended
    expect(err).toContain('built_in_exchange')
    expect(code).toBe(0)
    expect(account(out)).toMatchObject({ isComplete: true })
    expect(account(out).frames).toBeGreaterThan(20)
  })

  test('against a server that says nothing, it still heeds a signal while it chooses markets', async () => {
    const silent = createServer(() => {})
    await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done))
    cleanups.push(() => silent.close())
    const { port } = silent.address() as AddressInfo
    const exchange = await anExchange()
    const data = folder()
    const program = run(['record', '--data', data, '--json'], {
      ...pointedAt(exchange),
      KALSHI_API_URL: `http://127.0.0.1:${port}/trade-api/v2`,
    })
    await until('it asks for markets', () => program.logged('markets_choosing').length === 1)
    const askedMs = performance.now()
    program.kill('SIGTERM')
    await program.ended
    expect(performance.now() - askedMs).toBeLessThan(5000)
  })

  test('with its log on a full disk, it records and ends all the same', async () => {
    const exchange = await anExchange()
    const data = folder()
    const program = spawn(
      'sh',
      [
        '-c',
        `exec "$0" "$@" 2>/dev/full`,
        process.execPath,
        LAUNCHER,
        'record',
        '--no-serve',
        '--no-store',
        '--data',
        data,
        '--for',
        '1s',
        '--json',
      ],
      {
        env: { PATH: process.env['PATH'] ?? '', ...pointedAt(exchange), RL_MARKET_TICKERS: exchange.tickers.join(',') },
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    )
    let out = ''
    program.stdout.on('data', (text) => {
      out += text
    })
    const code = await new Promise((done) => program.on('close', done))
    expect(code).toBe(0)
    expect(account(out)).toMatchObject({ isComplete: true })
  })

  test('on a folder that cannot be one, or with a segment gone, it says so', async () => {
    const file = join(folder(), 'a-file')
    writeFileSync(file, '')
    const refused = await run(['start', '--data', join(file, 'deep'), '--for', '1s']).ended
    expect(refused.code).toBe(2)
    expect(refused.err).toContain('FLOW_DATA_FOLDER')
    const absent = await run(['sessions', '--data', join(folder(), 'nowhere')]).ended
    expect(absent).toMatchObject({ code: 2, err: expect.stringContaining('FLOW_NO_DATA') })

    const exchange = await anExchange()
    const data = folder()
    for (let round = 0; round < 3; round++) await recording(exchange, data, '--for', '300ms').ended
    rmSync(join(data, 'journal', readdirSync(join(data, 'journal')).sort()[1]!))
    const { code, err } = await run(['sessions', '--data', data]).ended
    expect(code).toBe(1)
    expect(err).toContain('missing')
    const next = recording(exchange, data, '--for', '300ms')
    await next.ended
    expect(next.logged('journal_damaged')).toHaveLength(1)
  })

  test('as an exchange, it keeps the key of an earlier run, and never writes over another file', async () => {
    const key = join(folder(), 'key.pem')
    const args = ['exchange', '--port', '0', '--key-out', key, '--for', '200ms']
    expect((await run(args).ended).code).toBe(0)
    const first = readFileSync(key, 'utf8')
    expect((await run(args).ended).code).toBe(0)
    expect(readFileSync(key, 'utf8')).toBe(first)
    writeFileSync(key, 'my diary')
    expect(await run(args).ended).toMatchObject({ code: 2, err: expect.stringContaining('something else') })
    expect(readFileSync(key, 'utf8')).toBe('my diary')
  })

  test('with all sorts of wrong flags, it says what is needed and exits 2', async () => {
    for (const args of [
      ['record', '--for', 'soon'],
      ['exchange', '--speed', 'fast'],
      ['nonsense'],
      ['book'],
      ['book', 'A', '--from', 'thin-air'],
    ]) {
      const { code, err, out } = await run(args).ended
      expect(code, args.join(' ')).toBe(2)
      expect(err + out).not.toContain('    at ')
    }
  })
})

test('a book is the same from the running recorder and from the journal, and `sessions` lists the run', async () => {
  const exchange = await anExchange(200)
  const data = folder()
  const program = recording(exchange, data)
  await untilValid(data)
  const ticker = exchange.tickers[0]!
  exchange.faults.stall(1)
  await sleep(100)
  await askRecorder(data, { ask: 'flush' })
  const live = await run(['book', ticker, '--data', data, '--json']).ended
  const journal = await run(['book', ticker, '--data', data, '--from', 'journal', '--json']).ended
  expect([live.code, journal.code]).toEqual([0, 0])
  const timeless = (text: string) => ({ ...(JSON.parse(text) as object), last_proof_age_ms: 0, as_of: '' })
  expect(timeless(journal.out)).toEqual(timeless(live.out))
  expect(JSON.parse(live.out)).toMatchObject({ market_ticker: ticker, valid: true })
  const unknown = await run(['book', 'KXNOPE', '--data', data]).ended
  expect(unknown.code).toBe(1)
  program.kill('SIGTERM')
  await program.ended
  const gone = await run(['book', ticker, '--data', data]).ended
  expect(gone.code).toBe(2)
  expect(gone.err).toContain('FLOW_NO_RECORDER')
  const sessions = await run(['sessions', '--data', data, '--json']).ended
  expect(JSON.parse(sessions.out)).toMatchObject([{ reason: 'SIGTERM' }])
})

async function gapsOf(data: string): Promise<string[]> {
  const causes: string[] = []
  for await (const block of openCursor({ disk: new FileDisk(), folder: `${data}/journal` })) {
    while (block.next()) if (block.type === RECORD.GAP) causes.push(decodeJson<{ cause: string }>(block.body())!.cause)
  }
  return causes
}
