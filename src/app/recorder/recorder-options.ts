/** What a recorder is made of. The commands build it from the configuration; tests build it by hand. */
import type { Environment } from '#domain'
import type { SigningKey } from '#kalshi'
import type { Clock, Disk } from '#ports'
import type { Log } from '../log/log.ts'

export type RecorderOptions = {
  readonly environment: Environment
  readonly dataFolder: string
  readonly wsUrl: string
  readonly key: SigningKey | undefined
  readonly keyId: string | undefined
  readonly useYesPrice: boolean
  readonly pingSilenceMs: number
  /** Within which every proven book is audited; 0 audits none. Hourly unless told. */
  readonly auditMs?: number
  readonly marketsPerConnection: number
  readonly connectionsMax: number
  readonly journal: {
    readonly commitIntervalMs: number
    readonly bufferBytes: number
    /** Kept free on the disk: with less than that no frame is taken. Nothing where it is not told. */
    readonly reserveBytes?: number
    readonly segmentBytes: number
    readonly segmentMs: number
    readonly seal: boolean
    readonly checkpointDeltas: number
    readonly checkpointMs: number
  }
  /** How far messages of a connection may grow older than at best before it is replaced; absent or 0: it never is. */
  readonly messageAge?: { readonly climbMsMax: number; readonly windowMs?: number }
  readonly log: Log
  readonly disk?: Disk
  readonly clock?: Clock
  /** In [0, 1). */
  readonly random?: () => number
}
