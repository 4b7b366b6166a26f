/** What a recorder says of itself, put together when it is asked. */
import { resolve } from 'node:path'
import { formatPosition } from '#domain'
import type { ExchangeLink } from '#kalshi'
import type { RecorderStatus } from '#live'
import { VERSION } from '../version.ts'
import type { Recorder } from './recorder.ts'

export function statusOf(recorder: Recorder): RecorderStatus {
  const { fold, journal, links, rates } = recorder
  const metrics = journal.metrics()
  const { isFailing, failure } = recorder.journalTrouble
  return {
    environment: recorder.environment,
    version: VERSION,
    pid: process.pid,
    data_folder: resolve(recorder.dataFolder),
    session: recorder.session,
    started: new Date(Date.now() - recorder.upMs).toISOString(),
    up_ms: Math.round(recorder.upMs),
    frames: fold.counts.frames,
    frames_per_second: rates.framesPerSecond,
    peak_frames_per_second: rates.peakPerSecond,
    markets: marketsOf(recorder),
    connections: links.map((link) => connectionOf(recorder, link)),
    counts: { ...fold.counts },
    unknown_fields: Object.fromEntries(fold.census.counts()),
    connections_lost: recorder.connectionsLost,
    audit: auditOf(recorder),
    wire: wireOf(recorder),
    message_age_ms: ageOf(recorder),
    clock: clockOf(recorder),
    backpressure: recorder.backpressure,
    refusal: recorder.refusal ?? null,
    cut_off: cutOffOf(recorder),
    frames_unrecorded: recorder.framesUnrecorded,
    paused: recorder.paused ?? null,
    stopping: recorder.isStopping,
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
      failing: isFailing,
      damaged: journal.recovery.damage.length,
      failed: failure ?? null,
    },
    quarantine: recorder.quarantine.map(({ at, was, market, atMs }) => {
      return { at, was, market: market ?? null, time: new Date(atMs).toISOString() }
    }),
  }
}

function connectionOf(recorder: Recorder, link: ExchangeLink): RecorderStatus['connections'][number] {
  const { connection, session } = link
  const age = connection === undefined ? undefined : recorder.age.of(connection)
  return {
    connection: connection ?? null,
    state: session.state,
    markets: session.markets.size,
    unproven: session.unproven,
    attempts: session.attempts,
    orientation: connection === undefined ? null : (recorder.fold.connection(connection)?.orientation.verdict ?? null),
    message_age_ms:
      age === undefined || age.recent.count === 0
        ? null
        : { p50: rounded(age.recent.p50Ms), trend_ms_per_minute: rounded(age.trend.msPerMinute) },
    replaced: recorder.replacementsOf(link),
  }
}

function clockOf({ clock }: Recorder): RecorderStatus['clock'] {
  if (clock === undefined) return null
  return { source: clock.source, offset_ms: rounded(clock.offsetMs), error_ms: rounded(clock.errorMs) }
}

/** The change that has lasted longest. */
function wireOf({ links }: Recorder): RecorderStatus['wire'] {
  const changes = links.flatMap(({ session }) => session.wireChange ?? [])
  const [first] = changes.sort((a, b) => a.sinceMs - b.sinceMs)
  const units = links.length > 0 && links.every(({ session }) => session.hasCheckedUnits)
  if (first === undefined) return { changed: false, since: null, what: null, units_checked: units }
  const since = new Date(Date.now() - (performance.now() - first.sinceMs)).toISOString()
  return { changed: true, since, what: first.what, units_checked: units }
}

function auditOf({ links, fold, audits }: Recorder): RecorderStatus['audit'] {
  const nowMs = performance.now()
  const { auditsMatched: matched, auditsOffset: offset, auditsMismatched: mismatched } = fold.counts
  return {
    asked: links.reduce((sum, { session }) => sum + session.audits.asked, 0),
    matched,
    offset,
    mismatched,
    many_offsets: audits.hasManyOffsets,
    last_mismatch: audits.lastMismatchMs === undefined ? null : new Date(audits.lastMismatchMs).toISOString(),
    oldest_market_ms: Math.round(Math.max(0, ...links.map(({ session }) => session.audits.oldestMs(nowMs)))),
    sids: links.flatMap(
      ({
        connection,
        session: {
          bookSid: sid,
          audits: { lastMs },
        },
      }) =>
        connection === undefined || sid === undefined
          ? []
          : [{ connection, sid, last_ms: lastMs === undefined ? null : Math.round(nowMs - lastMs) }],
    ),
  }
}

function ageOf({ age: { total, recent, ahead } }: Recorder): RecorderStatus['message_age_ms'] {
  if (total.count === 0) return null
  const { count, p50Ms, p99Ms, maxMs } = recent
  return { p50: rounded(p50Ms), p99: rounded(p99Ms), max: rounded(maxMs), count, ahead }
}

function cutOffOf({ cutOff }: Recorder): RecorderStatus['cut_off'] {
  return cutOff === undefined ? null : { since: new Date(cutOff.sinceMs).toISOString(), frames: cutOff.frames }
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
