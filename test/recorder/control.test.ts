/** The control socket of a recorder, the lock on its folder, and markets that come and go through them. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { connect, Server } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { askRecorder, lockData, openControl, readBooks } from '#app'
import { DEMO } from '../support/captures.ts'
import { aFolder, aLog, type Recording, record, until } from '../support/recording.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const each of cleanups.splice(0).reverse()) await each()
})

async function controlled(
  options: { folder?: string; markets?: readonly string[]; marketsPerConnection?: number } = {},
) {
  const { path, remove } = aFolder()
  const folder = options.folder === undefined ? path : join(path, options.folder)
  mkdirSync(folder, { recursive: true })
  cleanups.push(remove)
  const recording: Recording = await record({ capture: DEMO, ratePerSecond: 300, loop: true }, { ...options, folder })
  cleanups.push(() => recording.close())
  let stops = 0
  const { log, of } = aLog()
  const control = await openControl({
    dataFolder: folder,
    recorder: recording.recorder,
    log,
    onStop: () => stops++,
  })
  cleanups.push(() => control.close())
  return { ...recording, folder, control, told: of, stops: () => stops }
}

describe('the control socket', () => {
  test('answers status and books, and takes commands', async () => {
    const { folder, exchange, stops } = await controlled({ markets: ['KXDEMO-RAIN-MON'], marketsPerConnection: 2 })
    await until('it is valid', async () => (await askRecorder(folder, { ask: 'status' })).markets.valid === 1)
    const { books, unknown } = await askRecorder(folder, { ask: 'books', markets: ['KXDEMO-RAIN-MON', 'KXNOPE'] })
    expect(books.map(({ market_ticker, valid }) => [market_ticker, valid])).toEqual([['KXDEMO-RAIN-MON', true]])
    expect(unknown).toEqual(['KXNOPE'])

    const { left } = await askRecorder(folder, { ask: 'subscribe', markets: exchange.tickers })
    expect(left).toEqual([])
    await until('all are valid', async () => (await askRecorder(folder, { ask: 'status' })).markets.valid === 6)
    const status = await askRecorder(folder, { ask: 'status' })
    expect(status.connections.map(({ state, markets }) => [state, markets])).toEqual([
      ['live', 2],
      ['live', 2],
      ['live', 2],
    ])
    await askRecorder(folder, { ask: 'unsubscribe', markets: ['KXDEMO-RAIN-MON'] })
    expect((await askRecorder(folder, { ask: 'status' })).markets.asked).toBe(5)
    const { durable } = await askRecorder(folder, { ask: 'flush' })
    expect(durable).toMatch(/^1:\d+$/)
    await askRecorder(folder, { ask: 'stop' })
    expect(stops()).toBe(1)
  })

  test('lets markets go for good whose connection ends before the exchange has said so', async () => {
    const { recorder, exchange, folder } = await controlled()
    await until('all are valid', () => recorder.fold.markets().filter(({ valid }) => valid).length === 6)
    recorder.unsubscribe(exchange.tickers.slice(0, 2))
    recorder.pause('a test')
    recorder.resume()
    await until('the others are valid', () => recorder.fold.markets().filter(({ valid }) => valid).length === 4)
    expect(recorder.fold.markets()).toHaveLength(4)
    await recorder.journal.flush()
    const { fold } = await readBooks({ folder: `${folder}/journal` })
    expect(fold.markets()).toHaveLength(4)
  })

  test('tells that it could not take a client, however often, and answers the next', async () => {
    const { control, folder, told } = await controlled()
    const { _getActiveHandles: handles } = process as typeof process & { _getActiveHandles(): unknown[] }
    const server = handles().find((each): each is Server => each instanceof Server && each.address() === control.path)!
    // As Node tells it when no file is left to open: that limit is the process's, not a test's to use up.
    const full = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' })
    for (let times = 0; times < 20; times++) server.emit('error', full)
    expect(told('control_socket_error')[0]).toMatchObject({ code: 'EMFILE', reason: 'accept EMFILE' })
    expect(told('control_socket_error').length).toBeLessThan(6)
    expect((await askRecorder(folder, { ask: 'status' })).pid).toBe(process.pid)
  })

  test('is for its owner alone', async () => {
    const { control } = await controlled()
    expect(statSync(control.path).mode & 0o777).toBe(0o600)
  })

  test('survives any bytes, and answers the next', async () => {
    const { control, folder } = await controlled()
    for (const text of [
      '\n',
      'null\n',
      '{"ask":"nothing"}\n',
      '[1\n',
      '{"ask":"books","markets":"A"}\n',
      '\u0000\u0001\n',
      `{"ask":"resync","markets":["${'x'.repeat(200)}"]}\n`,
    ]) {
      const answer = await new Promise<string>((done) => {
        const socket = connect(control.path, () => socket.write(text))
        socket.once('data', (bytes) => {
          done(bytes.toString())
          socket.destroy()
        })
      })
      expect(JSON.parse(answer)).toMatchObject({ error: { message: expect.any(String) } })
    }
    const endless = connect(control.path)
    endless.on('error', () => {})
    const cut = new Promise((done) => endless.on('close', done))
    for (let sent = 0; sent < 8; sent++) endless.write('x'.repeat(1 << 20))
    await cut
    expect((await askRecorder(folder, { ask: 'status' })).frames).toBeGreaterThanOrEqual(0)
  })

  test('moves to the temporary folder where the path is too long for a socket', async () => {
    const { folder, control } = await controlled({ folder: 'deep/'.repeat(30) })
    expect(readFileSync(join(folder, 'control'), 'utf8').trim()).toBe(control.path)
    expect((await askRecorder(folder, { ask: 'status' })).session).toHaveLength(36)
    await control.close()
    expect(existsSync(control.path)).toBe(false)
  })

  test('that is not there is said plainly', async () => {
    const { path, remove } = aFolder()
    cleanups.push(remove)
    await expect(askRecorder(path, { ask: 'status' })).rejects.toMatchObject({ code: 'FLOW_NO_RECORDER' })
  })
})

describe('the lock on a data folder', () => {
  test('is taken over from a process that is gone, and from rubbish, but not from a living one', () => {
    const { path, remove } = aFolder()
    cleanups.push(remove)
    writeFileSync(join(path, 'recorder.lock'), JSON.stringify({ pid: 2 ** 22 - 1, began: '1', command: 'record' }))
    lockData(path, 'record').release()
    writeFileSync(join(path, 'recorder.lock'), '{')
    lockData(path, 'record').release()
    // The number of a process that lives, but that began at another time, is another process.
    writeFileSync(join(path, 'recorder.lock'), JSON.stringify({ pid: process.ppid, began: '1', command: 'record' }))
    const lock = lockData(path, 'record')
    expect(() => lockData(path, 'record')).toThrow(expect.objectContaining({ code: 'FLOW_DATA_IN_USE' }))
    lock.release()
    lock.release()
    expect(existsSync(join(path, 'recorder.lock'))).toBe(false)
  })
})
