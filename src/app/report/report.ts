/** What a report knows of a stretch of recording: figures, and which of them are not as they should be. Plain data. */
import type { Coverage, Hole, Run, Total } from '#ledger'

/** A stretch of messages' ages, in ms: what the exchange's clock said, against ours. */
export type Ages = { readonly count: number; readonly p50: number; readonly p99: number; readonly max: number }

export type Facts = {
  readonly environment: string | undefined
  /** What is looked at, Unix ms, from the first record at the earliest and up to now at the latest; and the zone. */
  readonly fromMs: number
  readonly toMs: number
  readonly zone: string
  readonly runs: readonly Run[]
  /** Ms of the stretch in which a recorder ran. */
  readonly upMs: number
  /** A recorder runs now, and when it says something of itself, what. */
  readonly isRecording: boolean
  readonly frames: number
  readonly holes: readonly Hole[]
  /** One for each market that was asked for. */
  readonly coverage: readonly Coverage[]
  readonly total: Total
  readonly audits: { readonly matched: number; readonly offset: number; readonly mismatched: number }
  readonly ages: Ages | undefined
  /** The store of a running recorder; `undefined` where none runs or nothing is stored. */
  readonly store: { readonly state: string; readonly behindMs: number; readonly quarantined: number } | undefined
  /** Names of the alarms that fire now; `undefined` where no recorder runs that looks for them. */
  readonly alarms: readonly string[] | undefined
  /** How far the archive is behind a running recorder; `undefined` where none runs or nothing is archived. */
  readonly archive: Archive | undefined
  readonly disk: {
    readonly freeBytes: number | undefined
    readonly totalBytes: number | undefined
    /** What the journal grew by, a day. */
    readonly bytesPerDay: number | undefined
    /** As the running recorder tells it, else at that pace; `undefined` where neither says. */
    readonly daysLeft: number | undefined
  }
  readonly results: Results
  readonly versions: { readonly program: string; readonly node: string; readonly recorded: readonly string[] }
  /** What cannot be read of the journal, in words. */
  readonly damage: readonly string[]
}

export type Archive = {
  readonly target: string
  /** Sealed segments that are not proved to be there. */
  readonly behindSegments: number
  /** Unix ms: when nothing was left to be archived; `undefined` before. */
  readonly successMs: number | undefined
  /** Of the last look; `undefined` when it went well. */
  readonly fault: string | undefined
}

/** Markets of the stretch that have closed. */
export type Results = {
  readonly closed: number
  readonly withResult: number
  /** Closed a while ago, or called settled, and no result was heard: those that waited longest first. */
  readonly overdue: readonly {
    readonly market: string
    readonly closedMs: number | undefined
    readonly status: string | undefined
  }[]
}

/** From what on a figure is not as it should be. */
export type Limits = {
  /** Per cent of all open time that was asked for: what must have been held of it. */
  readonly cleanMin: number
  /** The same of each market that was asked for long enough to be judged. */
  readonly marketMin: number
  readonly lagMsMax: number
  readonly resultMsMax: number
}

export const DEFAULT_LIMITS: Limits = { cleanMin: 99.9, marketMin: 95, lagMsMax: 10_000, resultMsMax: 24 * 3_600_000 }

export type ReportLine = {
  readonly name: string
  readonly isWell: boolean
  readonly text: string
  /** What is wrong and what to do; absent when it is well. */
  readonly fault?: string
}

export type Report = {
  readonly facts: Facts
  readonly limits: Limits
  readonly lines: readonly ReportLine[]
  /** The markets of which the least was held, worst first. */
  readonly worst: readonly Coverage[]
  readonly isClean: boolean
}
