/**
 * What the simulated world tells: one atomic engine event is one batch of happenings, in the order in which a wire
 * would send them. Nothing here knows of frames, subscribers or sequence numbers.
 */
import type { CentiCents, CentiContracts, SideName } from '#domain'
import type { WorldEvent, WorldMarket } from './world-market.ts'

/** `initialized → active` and `active → closed` are told to nobody, as on Kalshi; `activated` ends a pause. */
export type LifecycleChange =
  | 'created'
  | 'activated'
  | 'deactivated'
  | 'close_date_updated'
  | 'determined'
  | 'settled'
  | 'price_level_structure_updated'

export type DeltaHappening = {
  readonly kind: 'delta'
  readonly market: WorldMarket
  readonly side: SideName
  /** In the prices of its own side. */
  readonly price: CentiCents
  readonly change: CentiContracts
  readonly atMs: number
}

export type TradeHappening = {
  readonly kind: 'trade'
  readonly market: WorldMarket
  /** UUID, unique across runs that differ in seed or start. */
  readonly tradeId: string
  readonly yesPrice: CentiCents
  readonly count: CentiContracts
  readonly takerSide: SideName
  /** On the YES leg: a taker who buys NO sells YES, `ask`. */
  readonly takerBookSide: 'bid' | 'ask'
  readonly atMs: number
}

export type Happening =
  | DeltaHappening
  | TradeHappening
  /** An unasked empty snapshot: the book is empty now, without a delta that says so. */
  | { readonly kind: 'cleared'; readonly market: WorldMarket; readonly atMs: number }
  | {
      readonly kind: 'lifecycle'
      readonly market: WorldMarket
      readonly change: LifecycleChange
      readonly atMs: number
    }
  /** The event is new. It comes before the `created` of its markets. */
  | { readonly kind: 'event'; readonly event: WorldEvent; readonly atMs: number }
  /** A reference index, about once a second. */
  | { readonly kind: 'index'; readonly indexId: string; readonly value: string; readonly atMs: number }

/** Receives one batch; it must have read it before it returns, and must not change the world meanwhile. */
export type Tell = (batch: readonly Happening[]) => void
