/** What a recorder says of itself: one object for the control socket, the status line and `--json`. */
import { formatPosition } from '#domain'
import type { SessionState } from '#feed'
import type { Recorder } from './recorder.ts'

export type RecorderStatus = {
  readonly session: string
  readonly up_ms: number
  readonly frames: number
  readonly frames_per_second: number
  readonly peak_frames_per_second: number
  readonly markets: {
    readonly asked: number
    readonly valid: number
    readonly in_doubt: number
    readonly unknown: number
  }
  readonly connections: readonly {
    readonly connection: number | null
    readonly state: SessionState
    readonly markets: number
    readonly unproven: number
    readonly attempts: number
    readonly orientation: string | null
  }[]
  readonly counts: Readonly<Record<string, number>>
  readonly unknown_fields: Readonly<Record<string, number>>
  readonly connections_lost: number
  readonly backpressure: string
  readonly journal: {
    readonly id: string
    readonly head: string
    readonly durable: string
    readonly records: number
    readonly bytes: number
    readonly buffered_bytes: number
    readonly commit_p50_ms: number
    readonly commit_p99_ms: number
    readonly commit_max_ms: number
    readonly write_failures: number
  }
  readonly quarantine: readonly {
    readonly at: string
    readonly was: string
    readonly market: string | null
    readonly time: string
  }[]
}

export function statusOf(recorder: Recorder): RecorderStatus {
  const { fold, journal, links, rates } = recorder
  const metrics = journal.metrics()
  return {
    session: recorder.session,
    up_ms: Math.round(recorder.upMs),
    frames: fold.counts.frames,
    frames_per_second: rates.framesPerSecond,
    peak_frames_per_second: rates.peakPerSecond,
    markets: marketsOf(recorder),
    connections: links.map(({ connection, session }) => ({
      connection: connection ?? null,
      state: session.state,
      markets: session.markets.size,
      unproven: session.unproven,
      attempts: session.attempts,
      orientation: connection === undefined ? null : (fold.connection(connection)?.orientation.verdict ?? null),
    })),
    counts: { ...fold.counts },
    unknown_fields: Object.fromEntries(fold.census.counts()),
    connections_lost: recorder.connectionsLost,
    backpressure: recorder.backpressure,
    journal: {
      id: journal.id,
      head: formatPosition(journal.head),
      durable: formatPosition(journal.durable),
      records: metrics.records,
      bytes: metrics.bytes,
      buffered_bytes: metrics.bufferedBytes,
      commit_p50_ms: rounded(metrics.commitMs.p50),
      commit_p99_ms: rounded(metrics.commitMs.p99),
      commit_max_ms: rounded(metrics.commitMs.max),
      write_failures: metrics.writeFailures,
    },
    quarantine: recorder.quarantine.map(({ at, was, market, atMs }) => {
      return { at, was, market: market ?? null, time: new Date(atMs).toISOString() }
    }),
  }
}

/** Markets asked for, by what may be said of their books. */
export function marketsOf(recorder: Recorder): RecorderStatus['markets'] {
  const asked = recorder.markets
  let valid = 0
  let unknown = 0
  for (const ticker of asked) {
    const market = recorder.fold.market(ticker)
    if (market?.valid === true) valid++
    else if (market?.doubt === 'unknown_market') unknown++
  }
  return { asked: asked.length, valid, in_doubt: asked.length - valid - unknown, unknown }
}

const rounded = (ms: number): number => Math.round(ms * 100) / 100
