/** A market of the simulated world as the world itself handles it: what others may read, its engine, and how it is quoted. */
import type { CentiCents, CentiContracts, SideName } from '#domain'
import type { MarketEngine, OrderId } from '../engine/index.ts'
import { type Book, emptyBook } from '../ladder.ts'
import { deriveUuid } from '../uuid.ts'
import type { Claim } from './claim.ts'
import type { MarketPlan } from './event-plan.ts'
import type { Path } from './path.ts'
import { type GridName, PRICE_RANGES, type PriceRange } from './price-grid.ts'
import type {
  MarketResult,
  MarketStatus,
  StrikeType,
  WorldEvent,
  WorldMarket,
  WorldSeries,
  WorldTrade,
} from './world-market.ts'

/** How a market is quoted and how busy it is; drawn once. */
export type Character = {
  /** Half of what lies between the best bids, before the grid widens it; 1/10,000 dollar. */
  readonly halfSpread: number
  /** Prices at which each side rests, where the grid has so many. */
  readonly levels: number
  /** Orders at each of them, on average. */
  readonly ordersPerPrice: number
  /** Share of the world's activity, compared with other markets. */
  readonly weight: number
  /** Whether anybody makes a market here. */
  readonly isMade: boolean
  readonly sizeMedian: number
}

/** The event as its markets need it. */
export type DrivenEvent = WorldEvent & {
  readonly canCloseEarly: boolean
  readonly path: Path
  readonly endTick: number
  fairValue(market: LiveMarket, tick: number): number
  payoff(market: LiveMarket): number
  describeEnd(): string
}

export class LiveMarket implements WorldMarket {
  readonly ticker: string
  readonly marketId: string
  readonly event: DrivenEvent
  readonly series: WorldSeries
  readonly marketType: 'binary' | 'scalar'
  readonly title: string
  readonly yesSubTitle: string
  readonly noSubTitle: string
  readonly rulesPrimary: string
  readonly rulesSecondary = 'This market is simulated: nothing in it is real, and nothing can be won or lost.'
  readonly strikeType: StrikeType
  readonly floorStrike?: number
  readonly capStrike?: number
  readonly customStrike?: Readonly<Record<string, string>>
  readonly canCloseEarly: boolean
  readonly earlyCloseCondition?: string
  readonly createdMs: number
  openMs: number
  closeMs: number
  expectedExpirationMs: number
  latestExpirationMs: number
  updatedMs: number
  determinedMs?: number
  settledMs?: number
  readonly settlementTimerSeconds: number
  status: MarketStatus = 'initialized'
  result: MarketResult = ''
  settlementValue?: CentiCents
  expirationValue = ''
  grid: GridName
  readonly book: Book = emptyBook()
  lastTrade?: WorldTrade

  readonly claim: Claim
  readonly character: Character
  engine!: MarketEngine
  /** While set, changes of the book are not told: it ends by an empty snapshot. */
  isMuted = false
  /** Newest last. */
  trades: WorldTrade[] = []
  /** How lively it is in this second, around 1. */
  excitement = 1
  /** The logarithm behind it, and the second for which it was drawn. */
  excitementLog = 0
  excitementSecond = -1
  /** The order that gives a planted signal away. */
  signalOrder: { readonly id: OrderId; readonly side: SideName } | undefined
  /** Second of the last frame that a ticker would have been sent in. */
  tickerSecond = -1
  #lastTickerState = ''

  constructor(event: DrivenEvent, plan: MarketPlan, grid: GridName, character: Character, times: MarketTimes) {
    this.event = event
    this.series = event.series
    this.ticker = plan.ticker
    this.marketId = deriveUuid(plan.ticker)
    this.marketType = plan.claim.kind === 'scalar' ? 'scalar' : 'binary'
    this.claim = plan.claim
    this.title = plan.title
    this.yesSubTitle = plan.yesSubTitle
    this.noSubTitle = plan.yesSubTitle
    this.rulesPrimary = `If the simulated number is as in "${plan.yesSubTitle}" at the close, then the market resolves to Yes.`
    this.strikeType = plan.strikeType
    if (plan.floorStrike !== undefined) this.floorStrike = plan.floorStrike
    if (plan.capStrike !== undefined) this.capStrike = plan.capStrike
    if (plan.customStrike !== undefined) this.customStrike = plan.customStrike
    this.canCloseEarly = event.canCloseEarly
    if (event.canCloseEarly) {
      this.earlyCloseCondition = 'This market will close and expire after the outcome is known.'
    }
    this.grid = grid
    this.character = character
    this.createdMs = times.createdMs
    this.openMs = times.openMs
    this.closeMs = times.closeMs
    this.expectedExpirationMs = times.closeMs
    this.latestExpirationMs = times.closeMs
    this.updatedMs = times.createdMs
    this.settlementTimerSeconds = times.settlementTimerSeconds
  }

  get priceLevelStructure(): string {
    return this.grid
  }

  get priceRanges(): readonly PriceRange[] {
    return PRICE_RANGES[this.grid]
  }

  get volume(): CentiContracts {
    return this.engine.volume
  }

  get openInterest(): CentiContracts {
    return this.engine.openInterest
  }

  /** Whether a ticker message would say something new now. */
  hasTickerChanged(): boolean {
    const { engine } = this
    const yes = engine.bestPrice('yes')
    const no = engine.bestPrice('no')
    const state = `${yes} ${no} ${yes && this.book.yes.get(yes)} ${no && this.book.no.get(no)} ${engine.volume}`
    if (state === this.#lastTickerState) return false
    this.#lastTickerState = state
    return true
  }
}

export type MarketTimes = {
  readonly createdMs: number
  readonly openMs: number
  readonly closeMs: number
  readonly settlementTimerSeconds: number
}
