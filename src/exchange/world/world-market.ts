/** Series, events and markets of the simulated world, as anybody outside may read them: the fields that REST and the wire show. */
import type { CentiCents, CentiContracts, SideName } from '#domain'
import type { FeeType } from '../engine/fees.ts'
import type { Book } from '../ladder.ts'
import type { PriceRange } from './price-grid.ts'

export type MarketStatus = 'initialized' | 'active' | 'inactive' | 'closed' | 'determined' | 'finalized'

export type MarketResult = '' | 'yes' | 'no' | 'scalar'

/** One print, newest last in {@link World.trades}. */
export type WorldTrade = {
  readonly tradeId: string
  readonly ticker: string
  readonly yesPrice: CentiCents
  readonly count: CentiContracts
  readonly takerSide: SideName
  readonly takerBookSide: 'bid' | 'ask'
  readonly atMs: number
}

export type WorldSeries = {
  readonly ticker: string
  readonly title: string
  readonly category: string
  readonly tags: readonly string[]
  /** `fifteen_min`, `hourly`, `daily`, `custom`. */
  readonly frequency: string
  readonly feeType: FeeType
  readonly feeMultiplier: number
  readonly settlementSources: readonly { readonly name: string; readonly url: string }[]
  readonly contractUrl: string
  readonly contractTermsUrl: string
  /** The reference index that settles it, as told in `index` happenings. */
  readonly indexId?: string
}

export type WorldEvent = {
  readonly ticker: string
  readonly series: WorldSeries
  readonly title: string
  readonly subTitle: string
  readonly mutuallyExclusive: boolean
  readonly collateralReturnType: 'MECNET' | ''
  readonly strikeDateMs?: number
  readonly strikePeriod?: string
  readonly createdMs: number
  readonly markets: readonly WorldMarket[]
}

export type StrikeType = 'greater' | 'less' | 'between' | 'structured' | 'functional'

export type WorldMarket = {
  readonly ticker: string
  /** UUID. */
  readonly marketId: string
  readonly event: WorldEvent
  readonly series: WorldSeries
  readonly marketType: 'binary' | 'scalar'
  readonly title: string
  readonly yesSubTitle: string
  readonly noSubTitle: string
  readonly rulesPrimary: string
  readonly rulesSecondary: string
  readonly strikeType: StrikeType
  /** As Kalshi shows them: numbers, in the units of the index. */
  readonly floorStrike?: number
  readonly capStrike?: number
  readonly customStrike?: Readonly<Record<string, string>>
  readonly canCloseEarly: boolean
  readonly earlyCloseCondition?: string

  /** Unix ms. */
  readonly createdMs: number
  readonly openMs: number
  /** May move once, by `close_date_updated`. */
  readonly closeMs: number
  readonly expectedExpirationMs: number
  readonly latestExpirationMs: number
  /** The last change of anything but book and trades. */
  readonly updatedMs: number
  readonly determinedMs?: number
  readonly settledMs?: number
  readonly settlementTimerSeconds: number

  readonly status: MarketStatus
  /** Empty until determined. */
  readonly result: MarketResult
  /** What a YES contract pays, 0 … 10,000; from `determined` on. */
  readonly settlementValue?: CentiCents
  /** What was measured, as text; empty until determined. */
  readonly expirationValue: string

  readonly priceLevelStructure: string
  readonly priceRanges: readonly PriceRange[]

  /** Each side in its own prices. It stands as after the last happening of the batch that is told. */
  readonly book: Book
  readonly volume: CentiContracts
  readonly openInterest: CentiContracts
  readonly lastTrade?: WorldTrade
}
