/** What the service is started with, and what it tells. Plain data but for the callback, so that it crosses threads. */
import type { Environment } from '#domain'
import type { SomeLimits } from './api-limits.ts'

export type ApiOptions = {
  readonly host: string
  /** 0: a free one. */
  readonly port: number
  readonly dataFolder: string
  readonly environment: Environment
  /** `health`: only /rl/health and /rl/metrics, from what the recorder says, without a copy of the books. */
  readonly routes: 'all' | 'health'
  /** Needed beyond loopback. */
  readonly readToken?: string | undefined
  /** Absent: /rl/admin is refused to everybody. */
  readonly adminToken?: string | undefined
  readonly corsOrigins: readonly string[]
  /** Absent: the embedded server of the data folder. */
  readonly databaseUrl?: string | undefined
  /** Default `kalshiflow`. */
  readonly schema?: string | undefined
  /** Whether gaps and sessions are read from PostgreSQL. */
  readonly useStore: boolean
  readonly version: string
  readonly onEvent?: ((event: ApiEvent) => void) | undefined
  readonly limits?: SomeLimits
}

export type ApiEvent =
  | { readonly kind: 'listening'; readonly url: string; readonly routes: ApiOptions['routes'] }
  /** A call of /rl/admin, whoever made it and however it ended. */
  | {
      readonly kind: 'admin_call'
      readonly action: string
      readonly client: string
      readonly status: number
      readonly markets?: number
    }
  /** A request ended in a fault of ours. */
  | { readonly kind: 'request_failed'; readonly route: string; readonly id: string; readonly error: Error }
  | { readonly kind: 'store_open' | 'store_away'; readonly reason?: string }
  | { readonly kind: 'copy_event'; readonly what: string; readonly [field: string]: unknown }
  /** A WebSocket client was refused or cut off. */
  | { readonly kind: 'websocket_event'; readonly what: string; readonly [field: string]: unknown }
  | { readonly kind: 'health_changed'; readonly ready: boolean; readonly reasons: readonly string[] }

export type RunningApi = {
  /** Without a slash at its end. */
  readonly url: string
  /** Ends every connection and lets everything go. Safe to call again. */
  close(): Promise<void>
}
