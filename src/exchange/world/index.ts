/** The simulated world: latent processes, markets that open and settle, traders, and what they do as happenings. */
export type { DeltaHappening, Happening, LifecycleChange, Tell, TradeHappening } from './happening.ts'
export type { GridName, PriceRange } from './price-grid.ts'
export { World } from './world.ts'
export type {
  MarketResult,
  MarketStatus,
  StrikeType,
  WorldEvent,
  WorldMarket,
  WorldSeries,
  WorldTrade,
} from './world-market.ts'
export { KEEP_ENDED_MS_DEFAULT, LIFE_MS_DEFAULT, type WorldOptions } from './world-options.ts'
