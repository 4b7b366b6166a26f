/** The metrics as Prometheus reads them, made at each scrape; nothing is counted on the way of a frame. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge, Registry } from 'prom-client'
import type { Metric, MetricFacts } from './metric.ts'
import { METRICS } from './metric-table.ts'

const LOOP_RESOLUTION_MS = 10

export class MetricPage {
  readonly #registry = new Registry()
  readonly #instruments: { readonly metric: Metric; readonly instrument: Gauge | Counter }[]

  constructor() {
    this.#instruments = METRICS.map((metric) => {
      const { name, help, labels, kind } = metric
      const described = { name, help, labelNames: [...labels], registers: [this.#registry] }
      return { metric, instrument: kind === 'gauge' ? new Gauge(described) : new Counter(described) }
    })
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  /** A metric whose figure is not known has no sample: an absent recorder's counts are not zero. */
  async write(facts: MetricFacts): Promise<string> {
    for (const { metric, instrument } of this.#instruments) {
      instrument.reset()
      if (metric.labels.length === 0) instrument.remove()
      const read = metric.read(facts)
      const samples = typeof read === 'number' ? [{ value: read }] : (read ?? [])
      for (const { value, labels = {} } of samples as readonly { value: number; labels?: Record<string, string> }[]) {
        if (Number.isFinite(value)) instrument.inc(labels, Math.max(0, value))
      }
    }
    return await this.#registry.metrics()
  }
}

/** How late this thread's event loop came since the last question. */
export class LoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS })

  constructor() {
    this.#histogram.enable()
  }

  /** Milliseconds beyond the timer's own resolution. */
  read(): { p50: number; p99: number; max: number } {
    const late = (ns: number) => Math.max(0, ns / 1e6 - LOOP_RESOLUTION_MS)
    const { max } = this.#histogram
    const delay = {
      p50: late(this.#histogram.percentile(50)),
      p99: late(this.#histogram.percentile(99)),
      max: late(max),
    }
    this.#histogram.reset()
    return delay
  }

  close(): void {
    this.#histogram.disable()
  }
}
