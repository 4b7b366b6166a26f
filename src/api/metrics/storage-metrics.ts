/** Metrics of what is kept: the journal, its disk, the database. */
import { by, countBy, counter, gauge, type Metric, seconds } from './metric.ts'

const STORE_STATES = ['opening', 'writing', 'waiting', 'standby', 'stopped', 'unavailable', 'refused']

/** Bytes between two places of the journal, as far as they are in one segment; else those of the later one. */
function bytesBetween(durable: string, head: string): number {
  const [fromSegment = 0, from = 0] = durable.split(':').map(Number)
  const [toSegment = 0, to = 0] = head.split(':').map(Number)
  return Math.max(0, fromSegment === toSegment ? to - from : to)
}

export const STORAGE_METRICS: readonly Metric[] = [
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
    'disk_days_left',
    'Until the disk is full, at the rate measured; expected before anything was.',
    ({ recorder }) => recorder?.disk?.days_left ?? undefined,
  ),
  gauge(
    'disk_full',
    '1 while no frame is recorded for want of room.',
    ({ recorder }) => recorder && (recorder.disk?.full === true ? 1 : 0),
  ),
  counter(
    'frames_unrecorded_total',
    'Frames that reached books while the disk was full, and are in no journal.',
    ({ recorder }) => recorder?.frames_unrecorded,
  ),
  gauge(
    'archive_behind_segments',
    'Sealed segments that are not proved to be in the archive.',
    ({ recorder }) => recorder?.archive?.behind_segments,
  ),
  gauge(
    'archive_last_success_timestamp_seconds',
    'When nothing was left to be archived, Unix time.',
    ({ recorder }) => {
      const last = recorder?.archive?.last_success
      return last == null ? undefined : Date.parse(last) / 1000
    },
  ),
  gauge('archive_failing', '1 when the last look at the archive failed.', ({ recorder }) =>
    recorder?.archive == null ? undefined : recorder.archive.last_error === null ? 0 : 1,
  ),
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
]
