/**
 * Kalshi's WebSocket frames as events: what {@link decodeFrame} returns.
 *
 * Prices are integers of 1/10,000 dollar, sizes of 1/100 contract, NO levels in NO prices whatever the wire carried.
 * `seq` is `undefined` on channels that do not count. `exchangeMs` is Unix ms as the exchange tells it, 0 when it does not.
 */
import type { CentiCents, CentiContracts, Level, Side } from '#domain'

export type Frame =
  | DeltaFrame
  | SnapshotFrame
  | TradeFrame
  | TickerFrame
  | SubscribedFrame
  | OkFrame
  | ListFrame
  | UnsubscribedFrame
  | ErrorFrame
  | UnknownFrame
  | MalformedFrame

/** Where a frame stands in a subscription's count. */
type Place = { readonly sid: number; readonly seq: number }
type MaybePlace = { readonly sid: number | undefined; readonly seq: number | undefined }
type Answer = { readonly id: number | undefined }

export type DeltaFrame = Place & {
  readonly type: 'delta'
  readonly market: string
  readonly side: Side
  readonly price: CentiCents
  /** Signed change of the size resting at `price`. */
  readonly change: CentiContracts
  readonly exchangeMs: number
}

export type SnapshotFrame = Place &
  Answer & {
    readonly type: 'snapshot'
    readonly market: string
    /** `''` says that the exchange does not know the ticker. `undefined` when the frame has none. */
    readonly marketId: string | undefined
    /** Ascending price, sizes positive. */
    readonly yes: readonly Level[]
    readonly no: readonly Level[]
  }

export type TradeFrame = MaybePlace & {
  readonly type: 'trade'
  readonly market: string
  readonly tradeId: string | undefined
  readonly yesPrice: CentiCents
  readonly size: CentiContracts
  readonly takerSide: Side | undefined
  readonly isBlock: boolean
  readonly exchangeMs: number
}

export type TickerFrame = MaybePlace & {
  readonly type: 'ticker'
  readonly market: string
  /** `undefined` where the field is absent, empty or zero: no bid, no ask, never traded. */
  readonly yesBid: CentiCents | undefined
  /** What rests there; `undefined` where it is not told. */
  readonly yesBidSize: CentiContracts | undefined
  readonly yesAsk: CentiCents | undefined
  readonly last: CentiCents | undefined
  readonly exchangeMs: number
}

export type SubscribedFrame = Answer & { readonly type: 'subscribed'; readonly channel: string; readonly sid: number }

export type OkFrame = MaybePlace &
  Answer & {
    readonly type: 'ok'
    /** The subscription's full list after the change; `undefined` with `skip_ticker_ack`. */
    readonly markets: readonly string[] | undefined
  }

export type ListFrame = Answer & {
  readonly type: 'list'
  readonly subscriptions: readonly { readonly channel: string; readonly sid: number }[]
}

export type UnsubscribedFrame = MaybePlace & Answer & { readonly type: 'unsubscribed' }

export type ErrorFrame = MaybePlace &
  Answer & {
    readonly type: 'error'
    readonly code: number
    readonly message: string
    readonly markets: readonly string[]
  }

/** Well formed, of a type that we do not read. It may take a number all the same. */
export type UnknownFrame = MaybePlace & { readonly type: 'unknown'; readonly name: string }

/** Not readable. What could be read of its place and market is kept, so that the guard can count and name them. */
export type MalformedFrame = MaybePlace & {
  readonly type: 'malformed'
  /** The path of the field that was wrong: `frame`, `msg.price_dollars`. */
  readonly at: string
  /** What stood there, cut to 80 characters. */
  readonly was: string
  readonly market: string | undefined
}
