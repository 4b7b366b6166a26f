/** One look at everything that runs: what the panel draws, the plain lines tell and troubles are read from. */
import type { Environment } from '#domain'
import type { ArchiveStatus, StoreSummary } from '#live'
import type { AgeFigures } from '../recorder/message-age.ts'
import type { Recorder } from '../recorder/recorder.ts'
import { marketsOf } from '../recorder/status.ts'
import type { ThreadStatus } from '../threads/supervised-thread.ts'
import type { DiskFigures } from './disk-watch.ts'
import type { Outlook } from './outlook.ts'

export type ServiceView = {
  readonly environment: Environment
  /** The exchange is the built-in one. */
  readonly isBuiltIn: boolean
  readonly seconds: number
  readonly markets: ReturnType<typeof marketsOf>
  readonly framesPerSecond: number
  readonly peakPerSecond: number
  readonly frames: number
  readonly age: AgeFigures
  /** Messages whose exchange time was ahead of our clock. */
  readonly ahead: number
  readonly commitP99Ms: number
  readonly journalBytes: number
  readonly breaks: number
  readonly lost: number
  readonly malformed: number
  readonly backpressure: string
  /** The disk is full: since when, and how many frames reached books alone. */
  readonly cutOff: Recorder['cutOff']
  readonly liveConnections: number
  readonly connections: number
  /** `undefined` when nothing is to be stored. */
  readonly store: StoreSummary | undefined
  /** Who paused the recording. */
  readonly pausedBy: string | undefined
  /** Why the last attempt to connect failed; `undefined` once one succeeded. */
  readonly refusal: string | undefined
  readonly disk: DiskFigures
  readonly outlook: Outlook | undefined
  readonly api: (ThreadStatus & { readonly url: string | undefined }) | undefined
  readonly exchange: ThreadStatus | undefined
  /** `undefined` when nothing is archived. */
  readonly archive: ArchiveStatus | undefined
  /** How far our clock is ahead of the exchange's, where that is known and too much. */
  readonly clockAheadMs: number | undefined
}

/** What is looked at beside the recorder. */
export type ViewParts = {
  readonly environment: Environment
  readonly recorder: Recorder
  readonly store: () => StoreSummary | undefined
  readonly disk: () => DiskFigures
  readonly outlook: () => Outlook | undefined
  readonly api: () => ServiceView['api']
  readonly exchange: () => ThreadStatus | undefined
  readonly archive: () => ArchiveStatus | undefined
  readonly clockAheadMs: () => number | undefined
}

export function viewService(parts: ViewParts): ServiceView {
  const { recorder } = parts
  const { counts } = recorder.fold
  const { bytes, commitMs } = recorder.journal.metrics()
  const exchange = parts.exchange()
  return {
    environment: parts.environment,
    isBuiltIn: exchange !== undefined,
    seconds: Math.round(recorder.upMs / 1000),
    markets: marketsOf(recorder),
    framesPerSecond: recorder.rates.framesPerSecond,
    peakPerSecond: recorder.rates.peakPerSecond,
    frames: counts.frames,
    age: recorder.age.recent,
    ahead: recorder.age.ahead,
    commitP99Ms: Math.round(commitMs.p99 * 10) / 10,
    journalBytes: bytes,
    breaks: counts.breaks,
    lost: recorder.connectionsLost,
    malformed: counts.malformed,
    backpressure: recorder.backpressure,
    cutOff: recorder.cutOff,
    liveConnections: recorder.links.filter(({ session }) => session.state === 'live').length,
    connections: recorder.links.length,
    store: parts.store(),
    pausedBy: recorder.paused?.by,
    refusal: recorder.refusal,
    disk: parts.disk(),
    outlook: parts.outlook(),
    api: parts.api(),
    exchange,
    archive: parts.archive(),
    clockAheadMs: parts.clockAheadMs(),
  }
}

/** The same as fields of a log line. */
export const fieldsOf = (view: ServiceView) => ({
  valid: view.markets.valid,
  asked: view.markets.asked,
  inDoubt: view.markets.in_doubt,
  framesPerSecond: view.framesPerSecond,
  frames: view.frames,
  breaks: view.breaks,
  lost: view.lost,
  ...(view.age.count > 0 ? { ageP50Ms: view.age.p50Ms, ageP99Ms: view.age.p99Ms } : {}),
  commitP99Ms: view.commitP99Ms,
  megabytes: Math.round(view.journalBytes / 1e5) / 10,
  seconds: view.seconds,
  ...(view.store === undefined
    ? {}
    : {
        storedRows: view.store.rows,
        storeState: view.store.state,
        storeBehindMs: Math.round(view.store.behind_ms),
        storeRestarts: view.store.restarts,
      }),
  ...(view.api === undefined ? {} : { apiState: view.api.state, apiRestarts: view.api.restarts }),
  ...(view.exchange === undefined ? {} : { exchangeRestarts: view.exchange.restarts }),
})
