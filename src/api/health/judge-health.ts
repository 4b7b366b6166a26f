/**
 * Whether recording, storing and serving do what they are there for. Pure over what is known.
 *
 * `live`: this process answers. `ready`: nothing below is impaired. That markets are quiet, that a book is in doubt or that
 * a connection is being made again is no impairment: a service manager that restarted us for it would make the holes itself.
 */
import type { Limits } from '../api-limits.ts'
import type { NotConnected } from '../recorder/connection-watch.ts'
import type { RecorderFacts } from '../recorder/recorder-watch.ts'

export const HEALTH_REASONS = {
  no_recorder: 'no recorder runs on the data folder',
  recorder_silent: 'the recorder does not answer',
  journal_failing: 'the disk refuses the journal: frames wait in memory',
  journal_failed: 'the journal has failed for good: nothing is recorded',
  disk_full: 'the disk of the data folder is full: nothing is recorded until there is room',
  not_connected: 'a connection to the exchange is down, although markets are asked for on it',
  paused: 'an operator has paused the recording',
  wire_changed: 'the same fault is in many fresh books at once: frames are recorded, books are in doubt',
  stopping: 'the recording has ended: what was received is being stored',
  store_refused: 'the store must not go on: the log says what to do',
  store_unavailable: 'the database does not answer',
  store_behind: 'the database is behind',
  copy_missing: 'the copy of the books could not be opened yet',
  copy_behind: 'the copy of the books is behind the recorder',
} as const

export type HealthCode = keyof typeof HEALTH_REASONS
export type HealthReason = { readonly code: HealthCode; readonly message: string; readonly for_ms?: number }

export type Health = {
  readonly live: true
  readonly ready: boolean
  readonly reasons: readonly HealthReason[]
}

/** The copy of the books: how far behind it is, `undefined` while there is none; `none` where none is meant. */
export type CopyFacts = { readonly behindMs: number } | undefined | 'none'

export function judgeHealth(recorder: RecorderFacts, copy: CopyFacts, limits: Limits): Health {
  const reasons = [...recorderReasons(recorder, limits), ...copyReasons(copy, recorder, limits)]
  return { live: true, ready: reasons.length === 0, reasons }
}

function* recorderReasons(facts: RecorderFacts, limits: Limits): Generator<HealthReason> {
  const { status, ageMs, isAbsent, notConnectedMs, notConnected } = facts
  if (isAbsent) return yield reason('no_recorder')
  if (status === undefined) return yield reason('recorder_silent')
  // What it said last is of another time.
  if (ageMs > limits.recorderSilentMsMax) return yield reason('recorder_silent', ageMs)
  const { journal, disk, paused, store } = status
  if (journal.failed !== null) yield reason('journal_failed')
  else if (disk?.full === true) yield reason('disk_full', sinceMs(status.cut_off?.since))
  else if (journal.failing) yield reason('journal_failing')
  if (paused !== null) yield reason('paused', sinceMs(paused.since))
  // A recorder of an earlier version says nothing of it.
  if (status.wire?.changed) yield reason('wire_changed', sinceMs(status.wire.since ?? undefined))
  if (status.stopping) yield reason('stopping')
  if (notConnectedMs > limits.notConnectedMsMax) yield notConnectedReason(notConnectedMs, notConnected)
  if (store === null) return
  if (store.refused !== null || store.state === 'refused') yield reason('store_refused')
  else if (store.behind_ms > limits.storeBehindMsMax) {
    yield reason(store.state === 'writing' ? 'store_behind' : 'store_unavailable', store.behind_ms)
  } else if (isAway(store.state) && status.up_ms > limits.storeBehindMsMax && store.failures > 0) {
    yield reason('store_unavailable')
  }
}

const sinceMs = (time: string | undefined): number | undefined =>
  time === undefined ? undefined : Math.max(0, Date.now() - Date.parse(time))

const isAway = (state: string): boolean => state === 'unavailable' || state === 'waiting'

function* copyReasons(copy: CopyFacts, { status }: RecorderFacts, limits: Limits): Generator<HealthReason> {
  if (copy === 'none') return
  if (copy === undefined) yield reason('copy_missing')
  // Without a recorder there is nothing to be behind of, and that is told already.
  else if (status !== undefined && copy.behindMs > limits.copyBehindMsMax) yield reason('copy_behind', copy.behindMs)
}

function notConnectedReason(forMs: number, { connections, markets, of }: NotConnected): HealthReason {
  const { message, ...rest } = reason('not_connected', forMs)
  return { ...rest, message: `${message}: ${connections} of ${of}, with ${markets} markets` }
}

const reason = (code: HealthCode, forMs?: number): HealthReason => ({
  code,
  message: HEALTH_REASONS[code],
  ...(forMs === undefined || !Number.isFinite(forMs) ? {} : { for_ms: Math.round(forMs) }),
})
