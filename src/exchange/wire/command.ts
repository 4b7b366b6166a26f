/**
 * Reads what a client sends. Pure: a text and the client's sids in, a command or an error code out.
 *
 * Checks in the order of the codes a client would expect: the envelope (1, 5), params (2), what the command needs
 * (3, 4, 12, 7, 15, 13, 14, 24), then the values (8, 11). A command is carried out whole or not at all.
 */
import { isTicker } from '#domain'
import {
  type Action,
  CHANNELS,
  type Channel,
  type ErrorCode,
  type IndexAction,
  isAction,
  isIndexAction,
} from './protocol.ts'

/** The markets that a command names; `ids` only on the ticker channel. `undefined`: none named. */
export type Named = { readonly by: 'tickers' | 'ids'; readonly names: readonly string[] } | undefined

export type Command =
  | {
      readonly kind: 'subscribe'
      readonly id: number
      readonly channels: readonly Channel[]
      readonly named: Named
      /** For the index channel; empty when none were named, which is allowed. */
      readonly indexIds: readonly string[]
      readonly useYesPrice: boolean
      readonly skipTickerAck: boolean
      readonly sendInitialSnapshot: boolean
    }
  | { readonly kind: 'unsubscribe'; readonly id: number; readonly sids: readonly number[] }
  | {
      readonly kind: 'update'
      readonly id: number
      readonly sid: number
      readonly action: Action
      readonly named: Named
      readonly sendInitialSnapshot: boolean
    }
  | {
      readonly kind: 'update_indices'
      readonly id: number
      readonly sid: number
      readonly action: IndexAction
      readonly indexIds: readonly string[]
    }
  | { readonly kind: 'list'; readonly id: number }
  | Refusal

export type Refusal = {
  readonly kind: 'refused'
  readonly id: number
  readonly code: ErrorCode
  /** The subscription that the error belongs to. */
  readonly sid?: number
}

type Fields = Readonly<Record<string, unknown>>

const ALL_CHANNELS: ReadonlySet<Channel> = new Set(CHANNELS)

/**
 * `channelOf` tells the channel of one of the client's sids, `undefined` for a sid it does not have; `known` are the
 * channels that there are.
 */
export function readCommand(
  text: string,
  channelOf: (sid: number) => Channel | undefined,
  known: ReadonlySet<Channel> = ALL_CHANNELS,
): Command {
  const fields = parseFields(text)
  if (fields === undefined) return { kind: 'refused', id: 0, code: 1 }
  const { id: givenId, cmd, params } = fields
  if (givenId !== undefined && !(Number.isSafeInteger(givenId) && (givenId as number) >= 0)) {
    return { kind: 'refused', id: 0, code: 11 }
  }
  const id = (givenId as number | undefined) ?? 0
  if (cmd === 'list_subscriptions') return { kind: 'list', id }
  if (cmd !== 'subscribe' && cmd !== 'unsubscribe' && cmd !== 'update_subscription')
    return { kind: 'refused', id, code: 5 }
  if (!isFields(params)) return { kind: 'refused', id, code: 2 }
  if (cmd === 'subscribe') return readSubscribe(id, params, known)
  if (cmd === 'unsubscribe') return readUnsubscribe(id, params, channelOf)
  return readUpdate(id, params, channelOf)
}

function readSubscribe(id: number, params: Fields, known: ReadonlySet<Channel>): Command {
  const refuse = (code: ErrorCode): Refusal => ({ kind: 'refused', id, code })
  const { channels, use_yes_price, skip_ticker_ack, send_initial_snapshot } = params
  if (channels === undefined || (Array.isArray(channels) && channels.length === 0)) return refuse(3)
  if (!Array.isArray(channels)) return refuse(11)
  const isKnown = (name: unknown): name is Channel => known.has(name as Channel)
  if (!channels.every(isKnown)) return refuse(8)
  if (![use_yes_price, skip_ticker_ack, send_initial_snapshot].every(isFlag)) return refuse(11)
  const named = readNamed(
    params,
    channels.every((channel) => channel === 'ticker'),
  )
  if (named === 'invalid') return refuse(11)
  const indexIds = readIndexIds(params)
  if (indexIds === 'invalid') return refuse(11)
  const needsTickers = channels.includes('orderbook_delta')
  if (named === undefined ? needsTickers : named.names.length === 0) return refuse(14)
  return {
    kind: 'subscribe',
    id,
    channels: [...new Set(channels)],
    named,
    indexIds: indexIds ?? [],
    useYesPrice: use_yes_price === true,
    skipTickerAck: skip_ticker_ack === true,
    sendInitialSnapshot: send_initial_snapshot === true,
  }
}

function readUnsubscribe(id: number, { sids }: Fields, channelOf: (sid: number) => Channel | undefined): Command {
  const refuse = (code: ErrorCode): Refusal => ({ kind: 'refused', id, code })
  if (sids === undefined || (Array.isArray(sids) && sids.length === 0)) return refuse(4)
  if (!Array.isArray(sids) || !sids.every(isSid)) return refuse(11)
  if (sids.some((sid) => channelOf(sid) === undefined)) return refuse(7)
  return { kind: 'unsubscribe', id, sids: [...new Set(sids)] }
}

function readUpdate(id: number, params: Fields, channelOf: (sid: number) => Channel | undefined): Command {
  const { sid: one, sids: many, action, send_initial_snapshot } = params
  if (one === undefined && many === undefined) return { kind: 'refused', id, code: 4 }
  if (one !== undefined && many !== undefined) return { kind: 'refused', id, code: 12 }
  if (many !== undefined && !Array.isArray(many)) return { kind: 'refused', id, code: 11 }
  if (Array.isArray(many) && many.length !== 1) return { kind: 'refused', id, code: 12 }
  const sid: unknown = one !== undefined ? one : (many as unknown[])[0]
  if (!isSid(sid)) return { kind: 'refused', id, code: 11 }
  const channel = channelOf(sid)
  if (channel === undefined) return { kind: 'refused', id, code: 7 }

  const refuse = (code: ErrorCode): Refusal => ({ kind: 'refused', id, code, sid })
  if (action === undefined || action === '') return refuse(15)
  if (channel === 'cfbenchmarks_value') return readIndexUpdate(id, sid, action, params)
  if (!isAction(action)) return refuse(13)
  if (action === 'get_snapshot' && channel !== 'orderbook_delta') return refuse(13)
  if (!isFlag(send_initial_snapshot)) return refuse(11)
  const named = readNamed(params, channel === 'ticker')
  if (named === 'invalid') return refuse(11)
  // For get_snapshot only the array form works (changelog 2026-04-20), and an empty array yields nothing (probe, 2026-05-26).
  if (action === 'get_snapshot' && !Array.isArray(params['market_tickers'])) return refuse(14)
  if (action !== 'get_snapshot' && (named === undefined || named.names.length === 0)) return refuse(14)
  return { kind: 'update', id, sid, action, named, sendInitialSnapshot: send_initial_snapshot === true }
}

function readIndexUpdate(id: number, sid: number, action: unknown, params: Fields): Command {
  const refuse = (code: ErrorCode): Refusal => ({ kind: 'refused', id, code, sid })
  if (!isIndexAction(action)) return refuse(13)
  const indexIds = readIndexIds(params)
  if (indexIds === 'invalid') return refuse(11)
  if (action !== 'indexlist' && (indexIds === undefined || indexIds.length === 0)) return refuse(24)
  return { kind: 'update_indices', id, sid, action, indexIds: indexIds ?? [] }
}

function readIndexIds({ index_ids }: Fields): readonly string[] | undefined | 'invalid' {
  if (index_ids === undefined) return undefined
  const isName = (name: unknown): name is string => typeof name === 'string' && name !== ''
  return Array.isArray(index_ids) && index_ids.every(isName) ? index_ids : 'invalid'
}

/** At most one of the four ways to name markets; `ids` where they are taken. */
function readNamed(params: Fields, takesIds: boolean): Named | 'invalid' {
  const { market_ticker, market_tickers, market_id, market_ids } = params
  const given = [market_ticker, market_tickers, market_id, market_ids].filter((value) => value !== undefined)
  if (given.length === 0) return undefined
  if (given.length > 1) return 'invalid'
  const byId = market_id !== undefined || market_ids !== undefined
  if (byId && !takesIds) return { by: 'tickers', names: [] }
  const isList = market_tickers !== undefined || market_ids !== undefined
  const names: unknown = isList ? given[0] : [given[0]]
  if (!Array.isArray(names)) return 'invalid'
  const isName = byId
    ? (name: unknown) => typeof name === 'string'
    : (name: unknown) => typeof name === 'string' && isTicker(name)
  return names.every(isName) ? { by: byId ? 'ids' : 'tickers', names } : 'invalid'
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isFlag = (value: unknown): boolean => value === undefined || typeof value === 'boolean'
const isSid = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0

function parseFields(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isFields(value) ? value : undefined
  } catch {
    return undefined
  }
}
