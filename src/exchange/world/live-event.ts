/** An event of the simulated world as the world itself handles it: its latent process, and when it ends. */
import { fairValue, payoff } from './claim.ts'
import type { EventPlan } from './event-plan.ts'
import { roundTo } from './event-plan.ts'
import type { DrivenEvent, LiveMarket } from './live-market.ts'
import type { Path } from './path.ts'
import type { WorldSeries } from './world-market.ts'

export class LiveEvent implements DrivenEvent {
  readonly ticker: string
  readonly series: WorldSeries
  readonly title: string
  readonly subTitle: string
  readonly mutuallyExclusive: boolean
  readonly collateralReturnType: 'MECNET' | ''
  readonly strikeDateMs: number
  readonly createdMs: number
  readonly canCloseEarly: boolean
  readonly markets: LiveMarket[] = []

  readonly path: Path
  /** The tick at which the markets close and what they pay is decided. */
  readonly endTick: number
  readonly decimals: number
  readonly #describe: (value: number) => string

  constructor(series: WorldSeries, plan: EventPlan, what: EventTimes) {
    this.series = series
    this.ticker = plan.ticker
    this.title = plan.title
    this.subTitle = plan.subTitle
    this.mutuallyExclusive = plan.mutuallyExclusive
    this.collateralReturnType = plan.mutuallyExclusive ? 'MECNET' : ''
    this.strikeDateMs = what.closeMs
    this.createdMs = what.createdMs
    this.canCloseEarly = what.canCloseEarly
    this.path = what.path
    this.endTick = what.endTick
    this.decimals = what.decimals
    this.#describe = plan.describe
  }

  /** What a YES contract of the market is worth to those who know the latent number, 0 … 1. */
  fairValue(market: LiveMarket, tick: number): number {
    const now = Math.min(tick, this.endTick)
    return fairValue(market.claim, this.path.value(now), this.path.varianceBetween(now, this.endTick))
  }

  /** What it pays in the end, 0 … 1. */
  payoff(market: LiveMarket): number {
    return payoff(market.claim, this.endValue)
  }

  /** The latent number at the end, as it is shown. */
  get endValue(): number {
    return roundTo(this.path.value(this.endTick), this.decimals)
  }

  describeEnd(): string {
    return this.#describe(this.endValue)
  }
}

export type EventTimes = {
  readonly createdMs: number
  readonly closeMs: number
  readonly canCloseEarly: boolean
  readonly path: Path
  readonly endTick: number
  readonly decimals: number
}
