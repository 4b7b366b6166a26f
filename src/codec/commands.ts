/**
 * The commands that a client sends, as text. The only place that spells them. `id` starts at 1: 0 counts as no id and
 * its answer could not be matched.
 */
import { countOf } from './json.ts'

export type Channel = 'orderbook_delta' | 'trade' | 'ticker'

export type Command =
  | {
      readonly cmd: 'subscribe'
      readonly channel: Channel
      readonly markets: readonly string[]
      readonly useYesPrice: boolean
    }
  | {
      readonly cmd: 'update'
      readonly action: 'add_markets' | 'delete_markets' | 'get_snapshot'
      readonly sid: number
      readonly markets: readonly string[]
    }
  | { readonly cmd: 'unsubscribe'; readonly sids: readonly number[] }
  | { readonly cmd: 'list' }

export function encodeCommand(id: number, command: Command): string {
  return JSON.stringify({ id, ...body(command) })
}

function body(command: Command) {
  switch (command.cmd) {
    case 'subscribe': {
      const params = { channels: [command.channel], market_tickers: command.markets, skip_ticker_ack: true }
      // Always explicit: Kalshi will flip the default (docs.kalshi.com/getting_started/order_direction, read 2026-06).
      // Tells the last ticker at once: what the units of the first books are held against (API; unconfirmed live).
      const told = command.channel === 'ticker' ? { send_initial_snapshot: true } : {}
      const priced = command.channel === 'orderbook_delta' ? { use_yes_price: command.useYesPrice } : {}
      return { cmd: 'subscribe', params: { ...params, ...priced, ...told } }
    }
    case 'update': {
      const { action, sid, markets } = command
      // get_snapshot takes only the array forms (Kalshi changelog, 2026-04-20).
      return { cmd: 'update_subscription', params: { sids: [sid], action, market_tickers: markets } }
    }
    case 'unsubscribe':
      return { cmd: 'unsubscribe', params: { sids: command.sids } }
    case 'list':
      return { cmd: 'list_subscriptions' }
  }
}

/** What a sent command asked for, read back from its text: a replay learns from it which markets a connection wanted. */
export type SentCommand = {
  readonly id: number | undefined
  readonly cmd: string
  readonly channels: readonly string[]
  readonly action: string | undefined
  readonly sids: readonly number[]
  readonly markets: readonly string[]
}

/** `undefined` when the text is no command. */
export function readCommand(text: string): SentCommand | undefined {
  let command: unknown
  try {
    command = JSON.parse(text)
  } catch {
    return undefined
  }
  const { id, cmd, params } = (command ?? {}) as { id?: unknown; cmd?: unknown; params?: Record<string, unknown> }
  if (typeof cmd !== 'string') return undefined
  const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
  return {
    id: countOf(id),
    cmd,
    channels: list(params?.['channels']).filter((each) => typeof each === 'string'),
    action: typeof params?.['action'] === 'string' ? params['action'] : undefined,
    sids: list(params?.['sids']).filter((each) => typeof each === 'number'),
    markets: list(params?.['market_tickers']).filter((each) => typeof each === 'string'),
  }
}
