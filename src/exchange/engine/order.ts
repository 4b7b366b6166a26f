/** Orders of one market as the matching engine takes, keeps and answers them. Every order is a bid, on YES or on NO. */
import type { CentiCents, CentiContracts, SideName } from '#domain'
import type { AccountId } from './ledger.ts'

export type OrderId = number

export type TimeInForce = 'good_till_canceled' | 'immediate_or_cancel' | 'fill_or_kill'

/** Who gives way when an account meets itself: the order that comes, or the one that rests. */
export type SelfTradePrevention = 'taker_at_cross' | 'maker'

export type OrderRequest = {
  readonly account: AccountId
  readonly side: SideName
  /** The most that is paid for a contract of `side`. */
  readonly price: CentiCents
  readonly count: CentiContracts
  readonly timeInForce?: TimeInForce
  readonly postOnly?: boolean
  readonly selfTradePrevention?: SelfTradePrevention
}

export type RefusalReason =
  | 'invalid_price'
  | 'invalid_order_size'
  | 'invalid_parameters'
  | 'post_only_cross'
  | 'fill_or_kill_insufficient'
  | 'available_balance_too_low'
  | 'market_inactive'
  | 'order_not_found'

export type Placed =
  | { readonly kind: 'refused'; readonly reason: RefusalReason }
  | {
      readonly kind: 'accepted'
      readonly orderId: OrderId
      readonly filled: CentiContracts
      /** What rests in the book now. */
      readonly resting: CentiContracts
      /** What neither filled nor rests. */
      readonly cancelled: CentiContracts
    }

/** An order in the book. The engine alone changes it. */
export type RestingOrder = {
  readonly id: OrderId
  readonly account: AccountId
  readonly side: SideName
  readonly price: CentiCents
  readonly remaining: CentiContracts
  readonly filled: CentiContracts
}

/** Why a resting order left the book without a match. */
export type CancelReason = 'cancelled' | 'decreased' | 'amended' | 'self_trade'
