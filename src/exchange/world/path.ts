/**
 * A latent process: one number that moves at ticks, once a second at most, when there is news.
 *
 * When news comes, and how much it may move the number, is drawn ahead and known to the makers; which way it moves is
 * not. Moves are normal with that variance, so a claim on the number at a later tick has an exact fair value, which is
 * a martingale. The past is kept for a bounded number of ticks.
 */
import type { Chance } from './chance.ts'

export const TICK_MS = 1000

/** How unequal the news are. */
const VARIANCE_SIGMA = 0.6

export type PathOptions = {
  readonly startMs: number
  /** Between two ticks; {@link TICK_MS} or a multiple of it. */
  readonly tickMs: number
  readonly startValue: number
  /** Standard deviation over one tick, averaged over quiet and busy ones. */
  readonly deviationPerTick: number
  /** How many of the ticks bring news, 0 … 1. */
  readonly newsShare: number
  /** How far ahead of the present it is asked, in ticks, at most. */
  readonly aheadTicks: number
}

/** Ticks behind the newest one asked for that can still be asked, beyond those ahead. */
const PAST_TICKS = 64

export class Path {
  readonly startMs: number
  readonly #chance: Chance
  readonly #options: PathOptions
  readonly #values: Float64Array
  /** Variance from the start up to each tick. */
  readonly #variances: Float64Array
  #lastTick = 0

  constructor(chance: Chance, options: PathOptions) {
    this.startMs = options.startMs
    this.#chance = chance
    this.#options = options
    const capacity = options.aheadTicks + PAST_TICKS
    this.#values = new Float64Array(capacity)
    this.#variances = new Float64Array(capacity)
    this.#values[0] = options.startValue
  }

  /** The tick whose value holds at this time. */
  tickAt(ms: number): number {
    return Math.max(0, Math.floor((ms - this.startMs) / this.#options.tickMs))
  }

  msOf(tick: number): number {
    return this.startMs + tick * this.#options.tickMs
  }

  value(tick: number): number {
    this.#drawTo(tick)
    return this.#values[tick % this.#values.length] as number
  }

  /** How uncertain the value at `to` is at `from`. */
  varianceBetween(from: number, to: number): number {
    if (to <= from) return 0
    this.#drawTo(to)
    const capacity = this.#variances.length
    return (this.#variances[to % capacity] as number) - (this.#variances[from % capacity] as number)
  }

  isNews(tick: number): boolean {
    return tick > 0 && this.varianceBetween(tick - 1, tick) > 0
  }

  #drawTo(tick: number): void {
    const capacity = this.#values.length
    const { deviationPerTick, newsShare } = this.#options
    // The mean of a log-normal factor with median 1.
    const factorMean = Math.exp((VARIANCE_SIGMA * VARIANCE_SIGMA) / 2)
    const mean = (deviationPerTick * deviationPerTick) / newsShare / factorMean
    while (this.#lastTick < tick) {
      const before = this.#lastTick % capacity
      this.#lastTick++
      const at = this.#lastTick % capacity
      const variance = this.#chance.is(newsShare) ? this.#chance.logNormal(mean, VARIANCE_SIGMA) : 0
      const move = variance > 0 ? Math.sqrt(variance) * this.#chance.normal() : 0
      this.#values[at] = (this.#values[before] as number) + move
      this.#variances[at] = (this.#variances[before] as number) + variance
    }
  }
}
