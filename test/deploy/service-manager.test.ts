/** What a recorder tells systemd, received as systemd would receive it, through the real `systemd-notify`. */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { startExchange } from '#exchange'
import { ServiceManager } from '../../src/app/systemd/service-manager.ts'
import { DEMO } from '../support/captures.ts'
import { pointedAt, type Running, run } from '../support/program.ts'
import { aFolder, aLog, until } from '../support/recording.ts'
import { canListen, listenAsManager, type ManagerSocket } from './manager-socket.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const each of cleanups.splice(0).reverse()) await each()
})

async function manager(): Promise<ManagerSocket> {
  const socket = await listenAsManager()
  cleanups.push(() => socket.close())
  return socket
}

function folder(): string {
  const { path, remove } = aFolder()
  cleanups.push(remove)
  return path
}

const PATH = process.env['PATH']!

/** A recorder of a small exchange, without a database. */
async function recording(environment: Readonly<Record<string, string>>, ...args: string[]): Promise<Running> {
  const exchange = await startExchange({ port: 0, keyType: 'ed25519', capture: DEMO, ratePerSecond: 200, loop: true })
  cleanups.push(() => exchange.close())
  const words = ['record', '--no-store', '--data', folder(), '--markets', exchange.tickers.join(','), '--json', ...args]
  const program = run(words, { ...pointedAt(exchange), PORT: '0', ...environment })
  cleanups.push(() => program.kill('SIGKILL'))
  return program
}

describe.skipIf(!canListen)('under systemd (skipped without python3 or systemd-notify)', () => {
  test('a recorder says that it is ready, that it lives, what it does, and that it stops', async () => {
    const { path, told } = await manager()
    const program = await recording({ NOTIFY_SOCKET: path, WATCHDOG_USEC: '1000000' })
    const watchdogs = () => told.filter(({ WATCHDOG }) => WATCHDOG === '1')
    await until('the watchdog was told three times', () => watchdogs().length >= 3)
    expect(told[0]).toMatchObject({ READY: '1', STATUS: expect.stringMatching(/^sim: \d+\/\d+ books valid/) })
    expect(told.filter(({ READY }) => READY !== undefined)).toHaveLength(1)
    await until('its line tells frames', () => / [1-9]\d* frames,/.test(told.at(-1)?.['STATUS'] ?? ''))
    program.kill('SIGTERM')
    const { code, err } = await program.ended
    expect(code).toBe(0)
    expect(err).not.toContain('service_manager_unreachable')
    await until('it said that it stops', () => told.some(({ STOPPING }) => STOPPING === '1'))
    expect(told.find(({ STOPPING }) => STOPPING === '1')).toMatchObject({ STATUS: 'stopping: SIGTERM' })
  })

  test('the watchdog hears no more once the journal has failed, and the line says why', async () => {
    const { path, told } = await manager()
    const { promise: broken, resolve: breakIt } = Promise.withResolvers<void>()
    const watched = new ServiceManager({
      log: aLog().log,
      environment: { PATH, NOTIFY_SOCKET: path, WATCHDOG_USEC: '500000', WATCHDOG_PID: String(process.pid) },
    })
    cleanups.push(() => watched.close())
    watched.ready({ broken, describe: () => 'two\nlines and a\ttab' })
    await until('the watchdog was told', () => told.some(({ WATCHDOG }) => WATCHDOG === '1'))
    expect(told.at(-1)).toEqual({ WATCHDOG: '1', STATUS: 'two lines and a tab' })
    breakIt()
    await sleep(300)
    const from = told.length
    await until('two more lines came', () => told.length >= from + 2)
    expect(told.slice(from)).toEqual(
      told.slice(from).map(() => ({ STATUS: expect.stringContaining('journal has failed') })),
    )
  })

  test('a watchdog that watches somebody else is not told', async () => {
    const { path, told } = await manager()
    const watched = new ServiceManager({
      log: aLog().log,
      environment: { PATH, NOTIFY_SOCKET: path, WATCHDOG_USEC: '500000', WATCHDOG_PID: '1' },
    })
    watched.ready({ broken: new Promise(() => {}), describe: () => 'well' })
    await until('it said that it is ready', () => told.length > 0)
    await sleep(600)
    expect(told).toEqual([{ READY: '1', STATUS: 'well' }])
    // The last words are told although nobody waits for them.
    watched.stopping('enough')
    watched.close()
    await until('it said that it stops', () => told.length === 2)
    expect(told[1]).toEqual({ STOPPING: '1', STATUS: 'stopping: enough' })
  })
})

test('without systemd-notify it says so once, and records all the same', async () => {
  const environment = { PATH: '/nonexistent', NOTIFY_SOCKET: '/nonexistent/notify.sock', WATCHDOG_USEC: '500000' }
  const program = await recording(environment, '--for', '1500ms')
  expect((await program.ended).code).toBe(0)
  expect(program.logged('service_manager_unreachable')).toMatchObject([
    { reason: 'the program systemd-notify is not there' },
  ])
})

test('without a service manager no process is started', () => {
  const children = () =>
    readdirSync('/proc/self/task').map((each) => readFileSync(`/proc/self/task/${each}/children`, 'utf8'))
  const before = children()
  const alone = new ServiceManager({ log: aLog().log, environment: { PATH, WATCHDOG_USEC: '500000' } })
  alone.ready({ broken: new Promise(() => {}), describe: () => 'well' })
  alone.stopping('enough')
  alone.close()
  expect(children()).toEqual(before)
})
