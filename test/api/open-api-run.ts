/** A service that generated requests are sent to, and what must hold when they have passed. */
import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'vitest'
import { until } from '../support/recording.ts'
import { type GeneratedRun, sendGenerated } from './generated-requests.ts'
import { ADMIN, type Service, serve } from './service.ts'

/** Counts no requests, and waits shortly for what never comes. `database`: gaps and runs are read from there. */
export async function serveForRequests(database?: string): Promise<Service> {
  const service = await serve({
    adminToken: ADMIN,
    ...(database === undefined ? {} : { useStore: true, databaseUrl: database, database }),
    limits: { requestsPerSecondMax: 1_000_000, adminPerSecondMax: 1_000_000, headersMs: 2_000, requestMs: 3_000 },
  })
  const source = database === undefined ? 'journal' : 'database'
  await until(
    `runs are read from the ${source}`,
    async () => (await service.get('/rl/sessions')).body?.source === source,
  )
  return service
}

export async function driveByDocument(service: Service, seed: number, forMs: number): Promise<GeneratedRun> {
  const { body: document } = await service.get('/rl/docs/openapi.json')
  return await sendGenerated({
    url: service.api.url,
    document,
    tickers: service.exchange.tickers,
    concurrency: 8,
    seed,
    forMs,
  })
}

/** Commands among the requests have paused it and let markets go: told to go on, it is as good as before. */
export async function expectUnharmed(service: Service): Promise<void> {
  expect(service.events.filter(({ kind }) => kind === 'request_failed')).toEqual([])
  await service.admin('resume')
  await service.admin('subscribe', { market_tickers: service.exchange.tickers })
  await until('all books are valid again', async () => {
    const { body } = await service.get('/rl/markets?state=valid')
    return body.found >= service.exchange.tickers.length
  })
  expect((await service.get('/rl/health')).body.reasons).toEqual([])
}

export type Footprint = { readonly heapMiB: number; readonly descriptors: number }

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Of the whole process, after connections have gone and what is not held was collected. Descriptors: 0 where unknown. */
export async function measureFootprint(): Promise<Footprint> {
  await sleep(3_500)
  collect()
  const heapMiB = Math.round(process.memoryUsage().heapUsed / 2 ** 18) / 4
  return { heapMiB, descriptors: process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0 }
}
