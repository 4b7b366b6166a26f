/**
 * Every metric: its name with its unit, what it is, and where its figures come from. docs/api.md prints this table. No
 * label ever names a market: their number has no bound, and a market is looked at in /rl/markets.
 */
import type { LiveGap, ServiceStatus } from '#live'
import { HEALTH_REASONS, type Health } from '../health/judge-health.ts'
import type { WsMetrics } from '../ws/index.ts'

/** What is known when somebody scrapes. */
export type MetricFacts = {
  readonly version: string
  readonly environment: string
  readonly health: Health
  readonly recorder: ServiceStatus | undefined
  readonly copy:
    | { readonly isLive: boolean; readonly behindMs: number; readonly valid: number; readonly markets: number }
    | undefined
  readonly gaps: readonly LiveGap[] | undefined
  readonly api: {
    /** `undefined` before there is one. */
    readonly websocket: WsMetrics | undefined
    /** By first digit of the status. */
    readonly requests: Readonly<Record<string, number>>
    readonly encoded: number
    readonly reused: number
    readonly loopMs: { readonly p50: number; readonly p99: number; readonly max: number }
    readonly rssBytes: number
    readonly heapBytes: number
  }
}

export type Sample = { readonly labels?: Readonly<Record<string, string>>; readonly value: number }
type Read = (facts: MetricFacts) => number | undefined | readonly Sample[]
export type Metric = {
  readonly name: string
  readonly kind: 'gauge' | 'counter'
  readonly help: string
  readonly labels: readonly string[]
  readonly read: Read
}

const metric = (kind: Metric['kind'], name: string, help: string, labels: readonly string[], read: Read): Metric => ({
  kind,
  name: `kalshiflow_${name}`,
  help,
  labels,
  read,
})
const gauge = (name: string, help: string, read: Read, labels: readonly string[] = []) =>
  metric('gauge', name, help, labels, read)
const counter = (name: string, help: string, read: Read, labels: readonly string[] = []) =>
  metric('counter', name, help, labels, read)

/** One sample for each entry, under one label. */
const by = (label: string, values: Readonly<Record<string, number>> | undefined): Sample[] =>
  Object.entries(values ?? {}).map(([key, value]) => ({ labels: { [label]: key }, value }))

const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000)
const truth = (is: boolean | undefined): number | undefined => (is === undefined ? undefined : Number(is))
const pick = (counts: Readonly<Record<string, number>> | undefined, names: readonly string[]) =>
  counts && Object.fromEntries(names.map((name) => [name, counts[name] ?? 0]))
/** Label values are written like names elsewhere. */
const snakeCased = (values: Readonly<Record<string, number>> | undefined) =>
  values &&
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key.replace(/[A-Z]/g, (each) => `_${each.toLowerCase()}`), value]),
  )
const loop = (thread: string, delay: { p50: number; p99: number; max: number } | undefined): Sample[] =>
  delay === undefined
    ? []
    : Object.entries(delay).map(([quantile, ms]) => ({
        labels: { thread, quantile: QUANTILES[quantile] ?? quantile },
        value: ms / 1000,
      }))
const quantilesOf = (age: { p50: number; p99: number; max: number } | undefined): Sample[] =>
  age === undefined
    ? []
    : (['p50', 'p99', 'max'] as const).map((name) => ({
        labels: { quantile: QUANTILES[name]! },
        value: age[name] / 1000,
      }))
const QUANTILES: Readonly<Record<string, string>> = { p50: '0.5', p99: '0.99', max: '1' }

const KINDS = ['deltas', 'snapshots', 'trades', 'tickers', 'controls', 'unknown', 'malformed'] as const
const FAULTS = ['repeats', 'negative', 'crossed', 'unproven', 'unasked', 'unplaced', 'unknownMarkets'] as const
const CONNECTION_STATES = [
  'idle',
  'connecting',
  'subscribing',
  'proving',
  'live',
  'waiting',
  'stalled',
  'paused',
  'closed',
]
const STORE_STATES = ['opening', 'writing', 'waiting', 'standby', 'stopped', 'unavailable', 'refused']

function countBy<Item>(items: readonly Item[], keyOf: (item: Item) => string, keys: readonly string[] = []) {
  const counts: Record<string, number> = Object.fromEntries(keys.map((key) => [key, 0]))
  for (const item of items) counts[keyOf(item)] = (counts[keyOf(item)] ?? 0) + 1
  return counts
}

/** Bytes between two places of the journal, as far as they are in one segment; else those of the later one. */
function bytesBetween(durable: string, head: string): number {
  const [fromSegment = 0, from = 0] = durable.split(':').map(Number)
  const [toSegment = 0, to = 0] = head.split(':').map(Number)
  return Math.max(0, fromSegment === toSegment ? to - from : to)
}

export const METRICS: readonly Metric[] = [
  gauge(
    'info',
    'Always 1; says version and environment.',
    ({ version, environment }) => [{ labels: { version, environment }, value: 1 }],
    ['version', 'environment'],
  ),
  gauge('ready', '1 when /rl/health answers 200.', ({ health }) => Number(health.ready)),
  gauge(
    'impaired',
    '1 for each reason of /rl/health that holds.',
    ({ health }) =>
      by(
        'reason',
        Object.fromEntries(
          Object.keys(HEALTH_REASONS).map((code) => [code, Number(health.reasons.some((each) => each.code === code))]),
        ),
      ),
    ['reason'],
  ),
  gauge('recorder_up', '1 when the recorder answers.', ({ recorder }) => Number(recorder !== undefined)),
  gauge('recorder_uptime_seconds', 'Since the run began.', ({ recorder }) => seconds(recorder?.up_ms)),
  gauge('recorder_paused', '1 while an operator has paused it.', ({ recorder }) =>
    truth(recorder && recorder.paused !== null),
  ),
  counter('frames_total', 'Frames taken in this run.', ({ recorder }) => recorder?.frames),
  counter(
    'frames_by_kind_total',
    'Frames taken, by what they were.',
    ({ recorder }) => by('kind', pick(recorder?.counts, KINDS)),
    ['kind'],
  ),
  counter(
    'frames_refused_total',
    'Frames that changed no book, by why; all are in the journal.',
    ({ recorder }) => by('why', snakeCased(pick(recorder?.counts, FAULTS))),
    ['why'],
  ),
  gauge('frames_per_second', 'Over the last seconds.', ({ recorder }) => recorder?.frames_per_second),
  gauge('frames_per_second_peak', 'Highest of the run.', ({ recorder }) => recorder?.peak_frames_per_second),
  gauge(
    'markets',
    'Markets asked for, by what may be said of their books.',
    ({ recorder }) => by('state', recorder && pick(recorder.markets, ['valid', 'in_doubt', 'unknown'])),
    ['state'],
  ),
  counter(
    'sequence_breaks_total',
    'Times that numbers of a subscription were missed.',
    ({ recorder }) => recorder?.counts['breaks'],
  ),
  gauge(
    'connections',
    'Connections to the exchange, by state.',
    ({ recorder }) => by('state', recorder && countBy(recorder.connections, ({ state }) => state, CONNECTION_STATES)),
    ['state'],
  ),
  counter(
    'connections_lost_total',
    'Connections that ended and were not meant to.',
    ({ recorder }) => recorder?.connections_lost,
  ),
  gauge(
    'backpressure',
    '0 flowing, 1 sockets paused, 2 connections let go.',
    ({ recorder }) => recorder && ['flowing', 'paused', 'stalled'].indexOf(recorder.backpressure),
  ),
  counter('journal_records_total', 'Records taken in this run.', ({ recorder }) => recorder?.journal.records),
  counter('journal_bytes_total', 'Bytes of their bodies.', ({ recorder }) => recorder?.journal.bytes),
  gauge('journal_buffered_bytes', 'Taken and not written yet.', ({ recorder }) => recorder?.journal.buffered_bytes),
  gauge(
    'journal_durable_lag_bytes',
    'Between the last record and what is durable.',
    ({ recorder }) => recorder && bytesBetween(recorder.journal.durable, recorder.journal.head),
  ),
  gauge(
    'journal_commit_seconds',
    'From the start of a write to the end of its sync.',
    ({ recorder }) =>
      by(
        'quantile',
        recorder && {
          0.5: recorder.journal.commit_p50_ms / 1000,
          0.99: recorder.journal.commit_p99_ms / 1000,
          1: recorder.journal.commit_max_ms / 1000,
        },
      ),
    ['quantile'],
  ),
  counter(
    'journal_write_failures_total',
    'Writes and syncs that the disk refused.',
    ({ recorder }) => recorder?.journal.write_failures,
  ),
  gauge('disk_free_bytes', 'Of the data folder.', ({ recorder }) => recorder?.disk?.free_bytes),
  gauge('disk_size_bytes', 'Of the data folder.', ({ recorder }) => recorder?.disk?.total_bytes),
  gauge(
    'store_state',
    '1 for the state that the database writer is in.',
    ({ recorder }) =>
      by('state', recorder?.store ? countBy([recorder.store], ({ state }) => state, STORE_STATES) : undefined),
    ['state'],
  ),
  gauge('store_behind_seconds', 'Age of the oldest thing that is not in the database.', ({ recorder }) =>
    seconds(recorder?.store?.behind_ms),
  ),
  gauge(
    'store_behind_bytes',
    'Of the journal that are not in the database.',
    ({ recorder }) => recorder?.store?.behind_bytes,
  ),
  counter('store_rows_total', 'Rows written in this run.', ({ recorder }) => recorder?.store?.rows),
  gauge(
    'store_rows_per_second',
    'Over the last seconds in which there were any.',
    ({ recorder }) => recorder?.store?.rows_per_second,
  ),
  counter('store_transactions_total', 'Committed in this run.', ({ recorder }) => recorder?.store?.transactions),
  counter(
    'store_quarantined_total',
    'Records that became no rows; see rl_quarantine.',
    ({ recorder }) => recorder?.store?.quarantined,
  ),
  gauge(
    'store_failures',
    'Since the last transaction that was committed.',
    ({ recorder }) => recorder?.store?.failures,
  ),
  counter(
    'store_restarts_total',
    'Times that its thread was started again.',
    ({ recorder }) => recorder?.store?.restarts,
  ),
  counter(
    'thread_restarts_total',
    'Times that a thread beside the recorder was started again.',
    ({ recorder }) =>
      by(
        'thread',
        recorder && Object.fromEntries(Object.entries(recorder.threads).map(([name, each]) => [name, each.restarts])),
      ),
    ['thread'],
  ),
  gauge(
    'message_age_seconds',
    'From the exchange’s time in a delta to the book, over ten seconds; quantile 1 is the oldest.',
    ({ recorder }) => quantilesOf(recorder?.message_age_ms ?? undefined),
    ['quantile'],
  ),
  gauge('copy_live', '1 while the copy of the books follows the recorder.', ({ copy }) => truth(copy?.isLive)),
  gauge('copy_behind_seconds', 'The copy is behind the recorder.', ({ copy }) => seconds(copy?.behindMs)),
  gauge('copy_markets', 'Markets of the copy.', ({ copy }) => copy?.markets),
  gauge('copy_valid_markets', 'Of them, those whose book may be believed.', ({ copy }) => copy?.valid),
  gauge(
    'gaps',
    'Gaps known since the copy was opened, by cause.',
    ({ gaps }) => by('cause', gaps && countBy(gaps, ({ cause }) => cause)),
    ['cause'],
  ),
  gauge(
    'gaps_open',
    'Of them, those with a market that is not proven again.',
    ({ gaps }) => gaps?.filter(({ open }) => open > 0).length,
  ),
  gauge(
    'event_loop_delay_seconds',
    'How late the event loop came; quantile 1 is the longest.',
    ({ recorder, api }) => [...loop('recorder', recorder?.event_loop_delay_ms), ...loop('api', api.loopMs)],
    ['thread', 'quantile'],
  ),
  gauge(
    'resident_memory_bytes',
    'Of the process; recorder and service may be one.',
    ({ recorder, api }) => by('of', { ...(recorder && { recorder: recorder.memory.rss_bytes }), api: api.rssBytes }),
    ['of'],
  ),
  gauge(
    'heap_memory_bytes',
    'In use in the thread’s heap.',
    ({ recorder, api }) => by('of', { ...(recorder && { recorder: recorder.memory.heap_bytes }), api: api.heapBytes }),
    ['of'],
  ),
  counter(
    'http_requests_total',
    'Answers, by the first digit of their status.',
    ({ api }) => by('class', api.requests),
    ['class'],
  ),
  counter('snapshots_encoded_total', 'Books that were made into text.', ({ api }) => api.encoded),
  counter('snapshots_reused_total', 'Books and answers whose text was there.', ({ api }) => api.reused),
  gauge('websocket_clients', 'Connected now.', ({ api }) => api.websocket?.clients),
  counter('websocket_clients_opened_total', 'Connections taken.', ({ api }) => api.websocket?.clients_opened),
  counter('websocket_clients_refused_total', 'Connections refused.', ({ api }) => api.websocket?.clients_refused),
  counter(
    'websocket_clients_cut_total',
    'Clients closed with 4008, for not reading.',
    ({ api }) => api.websocket?.clients_cut_slow,
  ),
  counter('websocket_messages_total', 'Sent to all clients.', ({ api }) => api.websocket?.messages_sent),
  gauge(
    'websocket_unread_bytes',
    'Held for clients that have not taken them.',
    ({ api }) => api.websocket?.unread_bytes,
  ),
]
