/**
 * Kalshi's WebSocket error codes and what a recorder does about each (AsyncAPI text, read 2026-11; retired codes with
 * their older meaning). Total over 1 … 28; an unknown code is refused like a bad parameter and told.
 */

export type ErrorAction =
  /** The subscription is dead: only a new connection helps. */
  | 'reconnect'
  /** Nothing was wrong with the command: send it again after a pause, a limited number of times. */
  | 'retry'
  /** What was asked for is there already. */
  | 'accept'
  /** These markets do not fit on this connection. */
  | 'market_limit'
  /** The markets named do not exist. */
  | 'unknown_market'
  /** The command itself was wrong: a fault of ours, told and not repeated. */
  | 'refuse'

const ACTIONS: Readonly<Record<number, ErrorAction>> = {
  1: 'refuse', // unable to process message
  2: 'refuse', // params required
  3: 'refuse', // channels required
  4: 'refuse', // subscription ids required
  5: 'refuse', // unknown command
  6: 'accept', // retired: already subscribed
  7: 'reconnect', // unknown subscription id: our picture of the connection is wrong
  8: 'refuse', // unknown channel
  9: 'reconnect', // authentication required
  10: 'reconnect', // channel error, terminal
  11: 'refuse', // invalid parameter
  12: 'refuse', // exactly one sid required
  13: 'refuse', // unsupported action
  14: 'refuse', // market ticker required
  15: 'refuse', // action required
  16: 'unknown_market', // retired: market not found
  17: 'reconnect', // retired: internal error, terminal in copies of mid-2026
  18: 'retry', // command timeout
  19: 'refuse', // shard_factor must be > 0
  20: 'refuse', // shard_factor required with shard_key
  21: 'refuse', // shard_key out of range
  22: 'refuse', // shard_factor must be <= 100
  23: 'refuse', // match ids required
  24: 'refuse', // index ids required
  25: 'reconnect', // subscription buffer overflow, terminal
  26: 'market_limit', // subscription market limit exceeded
  27: 'retry', // too many requests
  28: 'refuse', // underlying tickers required
}

export const errorAction = (code: number): ErrorAction => ACTIONS[code] ?? 'refuse'

/** Whether the code ends the subscription that it names. */
export const isTerminal = (code: number): boolean => code === 10 || code === 25 || code === 17
