/** Metrics of the recorder's feed: frames, markets, connections. */
import { by, countBy, counter, gauge, type Metric, pick, seconds, truth } from './metric.ts'

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
/** Label values are written like names elsewhere. */
const snakeCased = (values: Readonly<Record<string, number>> | undefined) =>
  values &&
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key.replace(/[A-Z]/g, (each) => `_${each.toLowerCase()}`), value]),
  )

const auditsOf = (audit: { matched: number; offset: number; mismatched: number } | undefined) =>
  by('result', audit && { matched: audit.matched, offset: audit.offset, mismatched: audit.mismatched })

export const RECORDING_METRICS: readonly Metric[] = [
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
  counter(
    'audits_asked_total',
    'Books of which a fresh snapshot was asked for.',
    ({ recorder }) => recorder?.audit?.asked,
  ),
  counter(
    'audits_total',
    'Books compared with the exchange’s own snapshot, by result.',
    ({ recorder }) => auditsOf(recorder?.audit),
    ['result'],
  ),
  gauge('audit_oldest_market_seconds', 'The longest that a proven book stands without a snapshot.', ({ recorder }) =>
    seconds(recorder?.audit?.oldest_market_ms),
  ),
  gauge(
    'audit_many_offsets',
    '1 while snapshots are too often beside our books by a part of a group.',
    ({ recorder }) => truth(recorder?.audit?.many_offsets),
  ),
  gauge('wire_changed', '1 while the same fault is in too many fresh books of a connection.', ({ recorder }) =>
    truth(recorder?.wire?.changed),
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
]
