/**
 * Every metric: its name with its unit, what it is, and where its figures come from. docs/api.md prints this table. No
 * label ever names a market: their number has no bound, and a market is looked at in /rl/markets.
 */
import { HEALTH_REASONS } from '../health/judge-health.ts'
import { ALERT_METRICS } from './alert-metrics.ts'
import { by, gauge, type Metric } from './metric.ts'
import { RECORDING_METRICS } from './recording-metrics.ts'
import { SERVICE_METRICS } from './service-metrics.ts'
import { STORAGE_METRICS } from './storage-metrics.ts'

const HEALTH_METRICS: readonly Metric[] = [
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
]

export const METRICS: readonly Metric[] = [
  ...HEALTH_METRICS,
  ...RECORDING_METRICS,
  ...STORAGE_METRICS,
  ...SERVICE_METRICS,
  ...ALERT_METRICS,
]
