/**
 * A client's command, read. Any text has an answer: a command, or what is wrong with it in words. Never throws. Fields that
 * are not known are passed over.
 *
 *   {"id":1,"cmd":"subscribe","params":{"channels":["orderbook","trade"],"market_tickers":["KXFED-27APR-T4.25"]}}
 *   {"id":2,"cmd":"unsubscribe","params":{"channels":["stats"],"market_tickers":"all"}}
 */
import { isTicker } from '#domain'

export const CHANNELS = ['orderbook', 'trade', 'stats'] as const
export type Channel = (typeof CHANNELS)[number]

export type WsCommand = {
  readonly cmd: 'subscribe' | 'unsubscribe'
  readonly id: number | null
  readonly channels: readonly Channel[]
  readonly tickers: readonly string[] | 'all'
}

export type WsFaultCode = 'FLOW_WS_JSON' | 'FLOW_WS_COMMAND' | 'FLOW_WS_PARAMS' | 'FLOW_WS_LIMIT' | 'FLOW_WS_RATE'

export type WsFault = {
  readonly cmd: 'fault'
  readonly id: number | null
  readonly code: WsFaultCode
  readonly message: string
}

type Json = Readonly<Record<string, unknown>>

export function parseCommand(text: string, tickersMax: number): WsCommand | WsFault {
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch {
    return fault(null, 'FLOW_WS_JSON', `found text that is no JSON, needed one JSON object a message`)
  }
  if (!isObject(raw)) return fault(null, 'FLOW_WS_JSON', `found ${nameOf(raw)}, needed a JSON object`)
  const { id: given, cmd, params } = raw
  const id = Number.isSafeInteger(given) ? (given as number) : null
  if (given !== undefined && id === null) return fault(null, 'FLOW_WS_COMMAND', '`id` must be a whole number')
  if (cmd !== 'subscribe' && cmd !== 'unsubscribe')
    return fault(id, 'FLOW_WS_COMMAND', '`cmd` must be subscribe or unsubscribe')
  if (!isObject(params))
    return fault(id, 'FLOW_WS_PARAMS', '`params` must be an object with `channels` and `market_tickers`')
  const { channels, market_tickers: tickers } = params
  if (!Array.isArray(channels) || channels.length === 0 || !channels.every(isChannel))
    return fault(id, 'FLOW_WS_PARAMS', `\`params.channels\` must be a list of ${CHANNELS.join(', ')}`)
  const wanted = [...new Set(channels)]
  if (tickers === 'all') return { cmd, id, channels: wanted, tickers }
  if (!Array.isArray(tickers) || tickers.length === 0)
    return fault(id, 'FLOW_WS_PARAMS', '`params.market_tickers` must be "all" or a list of tickers')
  if (tickers.length > tickersMax)
    return fault(id, 'FLOW_WS_LIMIT', `found ${tickers.length} tickers, at most ${tickersMax} go into one command`)
  const bad = tickers.findIndex((each) => typeof each !== 'string' || !isTicker(each))
  if (bad >= 0) return fault(id, 'FLOW_WS_PARAMS', `\`params.market_tickers[${bad}]\` is no ticker`)
  return { cmd, id, channels: wanted, tickers: [...new Set(tickers as string[])] }
}

const fault = (id: number | null, code: WsFaultCode, message: string): WsFault => ({ cmd: 'fault', id, code, message })

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

const isChannel = (value: unknown): value is Channel => (CHANNELS as readonly unknown[]).includes(value)

const nameOf = (value: unknown): string => (Array.isArray(value) ? 'a list' : value === null ? 'null' : typeof value)
