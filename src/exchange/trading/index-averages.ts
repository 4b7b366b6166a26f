/**
 * The averages that come with each value of an index: of the minute before it, and in the last minute of a quarter of an
 * hour of that minute so far (docs.kalshi.com/websockets/cfbenchmarks-value, read 2026-11).
 */
const MINUTE_MS = 60_000
const QUARTER_MS = 15 * MINUTE_MS

type Tick = { readonly atMs: number; readonly value: number }

type Average = {
  readonly value: string
  readonly window_size: number
  readonly window_start_ts_ms: number
  readonly window_end_ts_exclusive: number
}

export type Averages = { readonly avg_60s_data: Average; readonly last_60s_windowed_average_15min?: Average }

export class IndexAverages {
  /** Of the last minute, by index. */
  readonly #ticks = new Map<string, Tick[]>()

  /** Takes a value and returns the averages that belong to it. */
  take(indexId: string, value: string, atMs: number): Averages {
    const ticks = this.#ticks.get(indexId) ?? []
    this.#ticks.set(indexId, ticks)
    while (ticks.length > 0 && (ticks[0] as Tick).atMs < atMs - MINUTE_MS) ticks.shift()
    const tick = { atMs, value: Number(value) }
    const before = averageOf(ticks, tick, atMs - MINUTE_MS, atMs)
    ticks.push(tick)
    const closeMs = Math.ceil(atMs / QUARTER_MS) * QUARTER_MS
    const startMs = closeMs - MINUTE_MS
    if (atMs <= startMs) return { avg_60s_data: before }
    const since = ticks.filter((each) => each.atMs > startMs)
    return { avg_60s_data: before, last_60s_windowed_average_15min: averageOf(since, tick, startMs, atMs) }
  }
}

/** Without any tick in the window the value itself stands in. */
function averageOf(ticks: readonly Tick[], now: Tick, startMs: number, endMs: number): Average {
  const sum = ticks.reduce((total, { value }) => total + value, 0)
  const mean = ticks.length === 0 ? now.value : sum / ticks.length
  return {
    value: mean.toFixed(8),
    window_size: ticks.length,
    window_start_ts_ms: startMs,
    window_end_ts_exclusive: endMs,
  }
}
