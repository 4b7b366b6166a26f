/** The service over a real recorder of a real exchange: sockets on 127.0.0.1, files in a temporary folder. */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { type ApiEvent, type ApiOptions, startApi } from '#api'
import { openControl, readConfig } from '#app'
import type { ExchangeOptions } from '#exchange'
import type { Disk } from '#ports'
import { type RecorderStore, startRecorderStore } from '../../src/app/store/recorder-store.ts'
import { DEMO } from '../support/captures.ts'
import { aLog, type Recording, record } from '../support/recording.ts'

export const ADMIN = 'admin-admin-admin-admin'
export const READ = 'reader-reader-reader'

export type Service = Awaited<ReturnType<typeof serve>>

/** Records six markets of the demo capture at 300 frames a second, and serves them. */
export async function serve(
  options: Partial<ApiOptions> & {
    readonly exchange?: Partial<ExchangeOptions>
    readonly markets?: readonly string[]
    readonly disk?: Disk
    readonly marketsPerConnection?: number
    /** Stores there, as the program does. */
    readonly database?: string
  } = {},
) {
  const { exchange, markets, disk, marketsPerConnection, database, ...rest } = options
  const recording = await record({ capture: DEMO, ratePerSecond: 300, loop: true, ...exchange } as ExchangeOptions, {
    ...(markets === undefined ? {} : { markets }),
    ...(disk === undefined ? {} : { disk }),
    ...(marketsPerConnection === undefined ? {} : { marketsPerConnection }),
  })
  const store = database === undefined ? undefined : storeOf(recording, database)
  const openSocket = () =>
    openControl({
      dataFolder: recording.folder,
      recorder: recording.recorder,
      log: aLog().log,
      onStop: () => {},
      ...(store === undefined ? {} : { store: () => store.summary() }),
    })
  let control = await openSocket()
  const { api, events } = await startOn(recording.folder, rest)
  return {
    ...recording,
    /** The recorder's control socket goes, and comes back. */
    closeControl: () => control.close(),
    async openControl() {
      control = await openSocket()
    },
    api,
    events,
    ...clientOf(api.url),
    async close() {
      await api.close()
      await store?.drain(2_000)
      await store?.release(1_500)
      await control.close()
      return await recording.close()
    },
  }
}

function storeOf({ recorder, folder }: Pick<Recording, 'recorder' | 'folder'>, database: string): RecorderStore {
  const { config } = readConfig({
    environment: { DATABASE_URL: database, RL_ORDERBOOK_FLUSH_INTERVAL: '0.05' },
    needsKey: 'never',
  })
  return startRecorderStore(config, folder, recorder, aLog().log)
}

export async function startOn(dataFolder: string, options: Partial<ApiOptions> = {}) {
  const events: ApiEvent[] = []
  const api = await startApi({
    host: '127.0.0.1',
    port: 0,
    dataFolder,
    environment: 'sim',
    routes: 'all',
    corsOrigins: [],
    useStore: false,
    version: '0.0.0-test',
    onEvent: (event) => events.push(event),
    ...options,
    // A test that waits for something asks often.
    limits: { listsPerSecondMax: 1_000_000, ...options.limits },
  })
  return { api, events }
}

export type Answer = {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came.
  readonly body: any
}

export type Ask = {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | object
}

/** Asks with Node's own client: any method, any path as it stands, any header. */
export function clientOf(url: string) {
  const { hostname, port } = new URL(url)
  const ask = (path: string, { method = 'GET', headers = {}, body }: Ask = {}): Promise<Answer> =>
    new Promise((done, fail) => {
      const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
      const type = body === undefined ? {} : { 'content-type': 'application/json' }
      const sent = httpRequest({ hostname, port, path, method, headers: { ...type, ...headers } }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('error', fail)
        response.on('end', () => {
          const answer = Buffer.concat(chunks).toString()
          const isJson = response.headers['content-type']?.startsWith('application/json') === true
          const parsed = isJson && answer !== '' ? JSON.parse(answer) : undefined
          done({ status: response.statusCode ?? 0, headers: response.headers, text: answer, body: parsed })
        })
      })
      sent.on('error', fail)
      sent.end(text)
    })
  const get = (path: string, headers: Readonly<Record<string, string>> = {}) => ask(path, { headers })
  const admin = (action: string, body?: object, token = ADMIN) =>
    ask(`/rl/admin/${action}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body }),
    })
  return { ask, get, admin }
}
