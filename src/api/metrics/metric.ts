/** What a metric is, what is known when somebody scrapes, and how figures become samples. The metrics stand in metric-table.ts. */
import type { LiveGap, ServiceStatus } from '#live'
import type { Health } from '../health/judge-health.ts'
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
export const gauge = (name: string, help: string, read: Read, labels: readonly string[] = []) =>
  metric('gauge', name, help, labels, read)
export const counter = (name: string, help: string, read: Read, labels: readonly string[] = []) =>
  metric('counter', name, help, labels, read)

/** One sample for each entry, under one label. */
export const by = (label: string, values: Readonly<Record<string, number>> | undefined): Sample[] =>
  Object.entries(values ?? {}).map(([key, value]) => ({ labels: { [label]: key }, value }))

export const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000)
export const truth = (is: boolean | undefined): number | undefined => (is === undefined ? undefined : Number(is))
export const pick = (counts: Readonly<Record<string, number>> | undefined, names: readonly string[]) =>
  counts && Object.fromEntries(names.map((name) => [name, counts[name] ?? 0]))
export function countBy<Item>(items: readonly Item[], keyOf: (item: Item) => string, keys: readonly string[] = []) {
  const counts: Record<string, number> = Object.fromEntries(keys.map((key) => [key, 0]))
  for (const item of items) counts[keyOf(item)] = (counts[keyOf(item)] ?? 0) + 1
  return counts
}
