/** Metrics of what people are told, of message ages by connection, and of the clock that they rest on. */
import { by, counter, gauge, type Metric, type MetricFacts, type Sample, seconds, truth } from './metric.ts'

/** By place in the status: the number of a connection changes whenever it is made, the places are at most as many as are allowed. */
const byPlace = ({ recorder }: MetricFacts, read: (age: { p50: number; trend_ms_per_minute: number }) => number) =>
  recorder?.connections.flatMap(({ message_age_ms: age }, place): Sample[] =>
    age ? [{ labels: { place: String(place + 1) }, value: read(age) / 1000 }] : [],
  )

export const ALERT_METRICS: readonly Metric[] = [
  gauge(
    'connection_message_age_seconds',
    'Median age of a connection’s messages, over ten seconds.',
    (facts) => byPlace(facts, ({ p50 }) => p50),
    ['place'],
  ),
  gauge(
    'connection_message_age_growth_seconds',
    'How much older they become each minute; 0 where they do not.',
    (facts) => byPlace(facts, ({ trend_ms_per_minute }) => trend_ms_per_minute),
    ['place'],
  ),
  counter('connections_replaced_total', 'Connections made anew because their messages grew old.', ({ recorder }) =>
    recorder?.connections.reduce((sum, { replaced }) => sum + (replaced ?? 0), 0),
  ),
  gauge('clock_off_seconds', 'How far this machine’s clock is off, either way, as far as is known.', ({ recorder }) =>
    seconds(recorder?.clock ? Math.abs(recorder.clock.offset_ms) : undefined),
  ),
  gauge('clock_error_seconds', 'By how much that may be wrong.', ({ recorder }) => seconds(recorder?.clock?.error_ms)),
  gauge('journal_damaged', 'Damaged places that were found at start.', ({ recorder }) => recorder?.journal.damaged),
  gauge(
    'alerts_firing',
    '1 for each alarm that fires.',
    ({ recorder }) =>
      by('alert', recorder?.alerts ? Object.fromEntries(recorder.alerts.firing.map((name) => [name, 1])) : undefined),
    ['alert'],
  ),
  counter(
    'alert_messages_total',
    'Messages to people, by kind of target and what became of them: sent, failed, dropped.',
    ({ recorder }) =>
      recorder?.alerts?.targets.flatMap(({ kind, sent, failed, dropped }) =>
        Object.entries({ sent, failed, dropped }).map(([result, value]) => ({ labels: { kind, result }, value })),
      ),
    ['kind', 'result'],
  ),
  counter('dead_man_pings_total', 'Pings that were answered.', ({ recorder }) => recorder?.alerts?.dead_man?.pings),
  gauge('dead_man_withheld', '1 while the next ping would be withheld.', ({ recorder }) =>
    truth(recorder?.alerts?.dead_man ? recorder.alerts.dead_man.withheld.length > 0 : undefined),
  ),
]
