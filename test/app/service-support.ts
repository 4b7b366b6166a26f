/** A service as a process, for the tests of it: started, asked over HTTP, and gone when the test ends. */
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach } from 'vitest'
import { startExchange } from '#exchange'
import { DEMO } from '../support/captures.ts'
import { type Running, run, runInspected } from '../support/program.ts'
import { aFolder, until } from '../support/recording.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const each of cleanups.splice(0).reverse()) await each()
})

export function folder(): string {
  const { path, remove } = aFolder()
  cleanups.push(remove)
  return path
}

export const PLAIN = { LOG_FORMAT: 'json', PORT: '0' }

/** Killed when the test ends. */
export function kept(program: Running): Running {
  cleanups.push(() => program.kill('SIGKILL'))
  return program
}

export const starting = (data: string, ...args: string[]): Running =>
  kept(run(['start', '--no-store', '--data', data, '--json', ...args], PLAIN))

/** The same with Node's debugger. */
export const inspected = (...args: string[]): Running =>
  kept(runInspected(['start', '--no-store', '--data', folder(), '--json', ...args], PLAIN))

/** Where the API of a program listens, once it does. */
export async function urlOf(program: Running): Promise<string> {
  await until('the API listens', () => program.logged('api_listening').length > 0)
  return String(program.logged('api_listening').at(-1)!['url'])
}

export async function get<Body = Record<string, unknown>>(url: string): Promise<{ status: number; body: Body }> {
  const response = await fetch(url)
  return { status: response.status, body: (await response.json()) as Body }
}

export const isHealthy = async (url: string): Promise<boolean> =>
  (await get(`${url}/rl/health`).catch(() => ({ status: 0 }))).status === 200

/** Whether a book is valid; `undefined` when it is not there. */
export async function isValid(url: string, ticker: string): Promise<boolean | undefined> {
  type Answer = { snapshots?: Record<string, { valid: boolean }> }
  const { body } = await get<Answer>(`${url}/rl/orderbook/snapshot?market_ticker=${ticker}`)
  return body.snapshots?.[ticker]?.valid
}

export type Markets = {
  readonly markets: readonly {
    readonly market_ticker: string
    readonly valid: boolean
    readonly total_volume_fp: string
    readonly last_trade: { readonly time: string } | null
    readonly status: string | null
    readonly result: string | null
    readonly settlement_value_dollars: string | null
  }[]
}

/** Asked too often it waits: lists are limited more than other answers. */
export async function marketsOf(url: string): Promise<Markets['markets']> {
  for (;;) {
    const { status, body } = await get<Markets>(`${url}/rl/markets?limit=1000`)
    if (status === 200) return body.markets
    if (status !== 429 && status !== 503) throw new Error(`/rl/markets answered ${status}`)
    await sleep(200)
  }
}

export async function anExchange(more: object = {}) {
  const exchange = await startExchange({
    port: 0,
    keyType: 'ed25519',
    capture: DEMO,
    ratePerSecond: 500,
    loop: true,
    ...more,
  })
  cleanups.push(() => exchange.close())
  return exchange
}

/** A port that is taken: by one that says nothing, or that closes whatever connects. */
export async function aTakenPort(manner: 'silent' | 'closing' = 'silent'): Promise<number> {
  const server = createServer((socket) => {
    if (manner === 'closing') socket.destroy()
    else cleanups.push(() => socket.destroy())
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  cleanups.push(() => server.close())
  return (server.address() as AddressInfo).port
}
