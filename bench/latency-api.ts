/** The service beside the latency bench's recorder, in a process of its own: `kalshiflow serve` over its control socket. */
import { startApi } from '#api'
import { hear, say, takeJob } from './apart.ts'

export type ApiJob = { readonly dataFolder: string }
export type ApiReady = { readonly url: string }
export type ApiDone = {
  /** Ms of a core. */
  readonly cpuMs: number
  readonly encoded: number
  readonly reused: number
  readonly behindMs: number
}

const { dataFolder } = await takeJob<ApiJob>()
const api = await startApi({
  host: '127.0.0.1',
  port: 0,
  dataFolder,
  environment: 'sim',
  routes: 'all',
  corsOrigins: [],
  useStore: false,
  version: 'bench',
})
await say({ url: api.url } satisfies ApiReady)
await hear<'begin'>()
const before = process.cpuUsage()
await hear<'end'>()
const { user, system } = process.cpuUsage(before)
const { stats } = (await (await fetch(`${api.url}/rl/status`)).json()) as {
  stats: { api: { snapshots_encoded: number; snapshots_reused: number }; copy: { behind_ms: number } }
}
await say({
  cpuMs: (user + system) / 1000,
  encoded: stats.api.snapshots_encoded,
  reused: stats.api.snapshots_reused,
  behindMs: stats.copy.behind_ms,
} satisfies ApiDone)
await api.close()
