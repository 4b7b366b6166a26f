/** What a run of the service is made of: put together by the commands from flags and configuration. */
import type { Environment } from '#domain'
import type { Config } from '../config/config.ts'
import type { ConfigNotice } from '../config/config-error.ts'
import type { BuiltInExchange } from '../exchange/built-in-exchange.ts'

export type ServiceOptions = {
  readonly config: Config
  /** What the configuration found worth telling. */
  readonly notices: readonly ConfigNotice[]
  readonly environment: Environment
  readonly dataFolder: string
  readonly command: string
  /** Without tickers: how many of the open markets with the most volume. */
  readonly maxMarkets: number
  /** Stops by itself so long after it began to record. */
  readonly forMs?: number | undefined
  /** Store into PostgreSQL too. */
  readonly store: boolean
  /** `all`: without its port it does not start. `health`: without its port it goes on without. Absent: nothing is served. */
  readonly api: 'all' | 'health' | undefined
  /** The exchange that is recorded, when it is the built-in one, and the frames a second that it makes. */
  readonly builtIn?: { readonly exchange: BuiltInExchange; readonly framesPerSecond: number }
}
