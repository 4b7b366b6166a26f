/**
 * The words of the wire as the exchange speaks them: channels, actions, error codes, and the order of an envelope's keys.
 *
 * Codes and meanings: docs.kalshi.com/asyncapi.yaml 2.0.0 (read 2026-11). The wording of 8 and 25 is Kalshi's own; the
 * other texts are ours, and no client should read them.
 */

export const CHANNELS = ['orderbook_delta', 'trade', 'ticker', 'market_lifecycle_v2', 'cfbenchmarks_value'] as const
export type Channel = (typeof CHANNELS)[number]

/** The channels that a capture is played on. */
export const MARKET_CHANNELS: ReadonlySet<Channel> = new Set(CHANNELS.slice(0, 4))

/** `ticker` frames carry no seq (docs.kalshi.com/asyncapi.yaml, read 2026-11); those of the other channels do. */
export const isSequenced = (channel: Channel): boolean => channel !== 'ticker'

/** The channel on which a recorded frame type is played; `undefined` for types that the exchange does not play. */
export const CHANNEL_OF_TYPE: ReadonlyMap<string, Channel> = new Map([
  ['orderbook_snapshot', 'orderbook_delta'],
  ['orderbook_delta', 'orderbook_delta'],
  ['trade', 'trade'],
  ['ticker', 'ticker'],
  ['market_lifecycle_v2', 'market_lifecycle_v2'],
  ['event_lifecycle', 'market_lifecycle_v2'],
  ['event_fee_update', 'market_lifecycle_v2'],
])

export const ACTIONS = ['add_markets', 'delete_markets', 'get_snapshot'] as const
export type Action = (typeof ACTIONS)[number]

export const isAction = (name: unknown): name is Action => (ACTIONS as readonly unknown[]).includes(name)

/** What is done with an index subscription (docs.kalshi.com/websockets/cfbenchmarks-value, read 2026-11). */
export const INDEX_ACTIONS = ['subscribe_indices', 'unsubscribe_indices', 'indexlist'] as const
export type IndexAction = (typeof INDEX_ACTIONS)[number]

export const isIndexAction = (name: unknown): name is IndexAction =>
  (INDEX_ACTIONS as readonly unknown[]).includes(name)

/** Stands for every index there is. */
export const ALL_INDICES = 'all'

export const ERROR_TEXT = {
  1: 'Unable to process message',
  2: 'Params required',
  3: 'Channels required',
  4: 'Subscription IDs required',
  5: 'Unknown command',
  7: 'Unknown subscription ID',
  8: 'Unknown channel name',
  10: 'Channel error',
  11: 'Invalid parameter',
  12: 'Exactly one subscription ID is required',
  13: 'Unsupported action',
  14: 'Market Ticker required',
  15: 'Action required',
  24: 'Index IDs required',
  25: 'Subscription buffer overflow',
  26: 'Subscription market limit exceeded',
  27: 'Too many requests',
} as const
export type ErrorCode = keyof typeof ERROR_TEXT

/** What stands around a message. Keys are written in the order seen on the wire: type, id, sid, seq, msg, sending_ts_ms. */
export type Envelope = {
  readonly type: string
  /** The id of the command answered; 0 and `undefined` are no id. */
  readonly id?: number | undefined
  readonly sid?: number | undefined
  readonly seq?: number | undefined
  /** JSON text. */
  readonly msg?: string | undefined
}

/** One frame as text, compact, ended by a newline as Kalshi's are. */
export function encodeFrame({ type, id, sid, seq, msg }: Envelope, sendingMs: number): string {
  let text = `{"type":"${type}"`
  if (id !== undefined && id !== 0) text += `,"id":${id}`
  if (sid !== undefined) text += `,"sid":${sid}`
  if (seq !== undefined) text += `,"seq":${seq}`
  if (msg !== undefined) text += `,"msg":${msg}`
  return `${text},"sending_ts_ms":${sendingMs}}\n`
}
