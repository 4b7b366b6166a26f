/**
 * Any text frame of Kalshi's WebSocket, decoded with `JSON.parse`: the plain decoder. It reads everything; the scanner
 * beside it reads the one shape that makes up nearly all traffic and must agree with this file on every byte.
 *
 * Never throws: bad bytes are data. The only place that spells the names of control frames.
 */
import { readDelta, readSnapshot } from './book-messages.ts'
import type { Frame } from './frame.ts'
import { countOf, type Fault, isCount, isJson, type Json, malformed, textOf } from './json.ts'
import { readTicker, readTrade } from './market-messages.ts'

export function decodeFrame(text: string, useYesPrice: boolean, seen?: FieldWatch): Frame {
  let frame: unknown
  try {
    frame = JSON.parse(text)
  } catch {
    return malformed('frame', text)
  }
  if (!isJson(frame)) return malformed('frame', text)
  const type = frame['type']
  if (typeof type !== 'string') return malformed('type', type, frame)
  const decode = TYPES.get(type)
  if (decode === undefined) return { type: 'unknown', name: type, ...place(frame) }
  seen?.(type, frame)
  return decode(frame, useYesPrice)
}

/** Told of each frame of a known type, so that unknown fields can be counted. */
export type FieldWatch = (type: string, frame: Json) => void

// A Map, since a plain object would answer to a frame of type `constructor`.
const TYPES: ReadonlyMap<string, (frame: Json, useYesPrice: boolean) => Frame> = new Map([
  ['orderbook_delta', decodeDelta],
  ['orderbook_snapshot', decodeSnapshot],
  ['trade', decodeTrade],
  ['ticker', decodeTicker],
  ['subscribed', decodeSubscribed],
  ['ok', decodeOk],
  ['unsubscribed', decodeUnsubscribed],
  ['error', decodeError],
])

function decodeDelta(frame: Json, useYesPrice: boolean): Frame {
  const checked = marketMessage(frame)
  if ('type' in checked) return checked
  const { msg, market } = checked
  const { sid, seq } = frame
  if (!isCount(sid)) return malformed('sid', sid, frame)
  if (!isCount(seq)) return malformed('seq', seq, frame)
  const delta = readDelta(msg, useYesPrice)
  return isFault(delta) ? malformed(delta.at, delta.was, frame) : { type: 'delta', sid, seq, market, ...delta }
}

function decodeSnapshot(frame: Json, useYesPrice: boolean): Frame {
  const checked = marketMessage(frame)
  if ('type' in checked) return checked
  const { msg, market } = checked
  const { sid, seq } = frame
  if (!isCount(sid)) return malformed('sid', sid, frame)
  if (!isCount(seq)) return malformed('seq', seq, frame)
  const levels = readSnapshot(msg, useYesPrice)
  if (isFault(levels)) return malformed(levels.at, levels.was, frame)
  return { type: 'snapshot', id: countOf(frame['id']), sid, seq, market, marketId: textOf(msg['market_id']), ...levels }
}

function decodeTrade(frame: Json): Frame {
  const checked = marketMessage(frame)
  if ('type' in checked) return checked
  const trade = readTrade(checked.msg)
  if (isFault(trade)) return malformed(trade.at, trade.was, frame)
  return { type: 'trade', ...place(frame), market: checked.market, ...trade }
}

function decodeTicker(frame: Json): Frame {
  const checked = marketMessage(frame)
  if ('type' in checked) return checked
  const ticker = readTicker(checked.msg)
  if (isFault(ticker)) return malformed(ticker.at, ticker.was, frame)
  return { type: 'ticker', ...place(frame), market: checked.market, ...ticker }
}

function decodeSubscribed(frame: Json): Frame {
  const msg = frame['msg']
  if (!isJson(msg)) return malformed('msg', msg, frame)
  const { channel, sid } = msg
  if (typeof channel !== 'string') return malformed('msg.channel', channel, frame)
  if (!isCount(sid)) return malformed('msg.sid', sid, frame)
  return { type: 'subscribed', id: countOf(frame['id']), channel, sid }
}

/** `ok` answers an update (a ticker list in `msg`, or at top level as one capture of Feb 2026 has it) or a listing. */
function decodeOk(frame: Json): Frame {
  const msg = frame['msg']
  const id = countOf(frame['id'])
  if (Array.isArray(msg)) {
    const subscriptions = msg.filter(isJson).flatMap(({ channel, sid }) => {
      return typeof channel === 'string' && isCount(sid) ? [{ channel, sid }] : []
    })
    return { type: 'list', id, subscriptions }
  }
  const listed = (isJson(msg) ? msg['market_tickers'] : undefined) ?? frame['market_tickers']
  const markets = Array.isArray(listed) ? listed.filter((each) => typeof each === 'string') : undefined
  return { type: 'ok', id, ...place(frame), markets }
}

function decodeUnsubscribed(frame: Json): Frame {
  return { type: 'unsubscribed', id: countOf(frame['id']), ...place(frame) }
}

function decodeError(frame: Json): Frame {
  const msg = frame['msg']
  if (!isJson(msg)) return malformed('msg', msg, frame)
  const code = msg['code']
  if (!isCount(code)) return malformed('msg.code', code, frame)
  const listed = Array.isArray(msg['market_tickers']) ? msg['market_tickers'] : [msg['market_ticker']]
  return {
    type: 'error',
    id: countOf(frame['id']),
    ...place(frame),
    code,
    message: textOf(msg['msg']) ?? '',
    markets: listed.filter((each) => typeof each === 'string'),
  }
}

const place = (frame: Json) => ({ sid: countOf(frame['sid']), seq: countOf(frame['seq']) })

const isFault = (value: object): value is Fault => 'fault' in value

function marketMessage(frame: Json): { msg: Json; market: string } | Frame {
  const msg = frame['msg']
  if (!isJson(msg)) return malformed('msg', msg, frame)
  const market = msg['market_ticker']
  if (typeof market !== 'string' || market.length === 0) return malformed('msg.market_ticker', market, frame)
  return { msg, market }
}
