/**
 * Who is told what the fold notices. Every call is synchronous, from inside the fold: a listener marks and returns; it
 * does not call the fold back.
 */
import type {
  ErrorFrame,
  ListFrame,
  MalformedFrame,
  OkFrame,
  SubscribedFrame,
  TickerFrame,
  TradeFrame,
  UnsubscribedFrame,
} from '#codec'
import type { CentiCents, CentiContracts, Side } from '#domain'
import type { Audited } from './audit.ts'
import type { Connection } from './connection.ts'
import type { DoubtCause, Market } from './market.ts'
import type { Subscription } from './subscription.ts'

export type ControlFrame = SubscribedFrame | OkFrame | ListFrame | UnsubscribedFrame | ErrorFrame

export interface FoldListener {
  /** A book changed: the hot path, called for each delta applied and each snapshot. */
  changed?(market: Market): void
  /** A delta was applied: `size` rests at `price` (in its own side's prices) now. The hot path; called before `changed`. */
  applied?(market: Market, side: Side, price: CentiCents, change: CentiContracts, size: CentiContracts): void
  /** `market.valid` changed, other than by an audit under way. */
  validity?(market: Market): void
  /** An audit under way keeps a book back, or does so no longer: `market.valid` changed, and no interval of validity ends. */
  keptBack?(market: Market): void
  /** The exchange's snapshot of a proven book was compared with it, and what it told is settled. */
  audited?(market: Market, found: Audited): void
  /** A book was proven by its own snapshot (or taken over from a checkpoint). */
  proven?(market: Market): void
  /** A command asks for the market on the order-book channel. */
  asked?(connection: number, market: Market): void
  /** Nobody asks for the market any more: told when the command is sent, and again when it is forgotten. */
  letGo?(market: Market): void
  /** A proven book no longer is. */
  doubted?(market: Market, cause: DoubtCause): void
  /** The exchange does not know the ticker. */
  unknownMarket?(connection: number, market: Market): void
  /** Numbers `expected` … `received - 1` of a subscription were missed. */
  broken?(connection: number, subscription: Subscription, expected: number, received: number): void
  /** A subscription's count began anew without a word: nothing on it can be believed. */
  fellBack?(connection: number, subscription: Subscription, received: number): void
  /** A delta came of a market that the exchange had said it does not know. */
  stirred?(connection: number, market: Market): void
  /** A frame of a type that we do not read came on the order-book channel: it may have changed a book. */
  unread?(connection: number, name: string): void
  /** A frame of a type that we do not read came, on whatever channel. */
  passedOver?(connection: number, name: string): void
  /** A connection's orientation was judged, or judged again. */
  oriented?(connection: Connection): void
  /** A checkpoint holds another book than the one folded from the frames: for whoever proves a journal. */
  checkpointDiffers?(market: Market): void
  control?(connection: number, frame: ControlFrame): void
  trade?(connection: number, frame: TradeFrame): void
  ticker?(connection: number, frame: TickerFrame): void
  malformed?(connection: number, frame: MalformedFrame): void
}
