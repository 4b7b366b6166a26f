/** Metrics of what runs beside the feed: threads, the copy of the books, the answers and WebSockets of the service. */
import { by, countBy, counter, gauge, type Metric, type Sample, seconds, truth } from './metric.ts'

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

export const SERVICE_METRICS: readonly Metric[] = [
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
