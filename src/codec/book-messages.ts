/**
 * The two order-book messages, in every shape that Kalshi has sent: integer cents (until 2025-09), the same with
 * `*_dollars` beside them (until 2026-03), and today's `*_dollars_fp` (protocol changes by date: docs/wire.md).
 * The most exact shape present is read. Pure; answers a {@link Fault} instead of throwing.
 */
import {
  byPrice,
  type CentiCents,
  type CentiContracts,
  complement,
  isBookPrice,
  type Level,
  NO,
  parseContracts,
  parseDollars,
  parseSide,
  type Side,
  YES,
} from '#domain'
import { type Fault, fault, isCount, type Json } from './json.ts'
import { parseRfc3339Ms } from './time.ts'

/** More levels than any grid has ticks: a side longer than this is no snapshot. */
const LEVELS_MAX = 9_999

export type DeltaMessage = {
  readonly side: Side
  readonly price: CentiCents
  readonly change: CentiContracts
  readonly exchangeMs: number
}

/** `useYesPrice`: NO levels arrive in YES prices and are turned back. */
export function readDelta(msg: Json, useYesPrice: boolean): DeltaMessage | Fault {
  const side = parseSide(msg['side'])
  if (side === undefined) return fault('msg.side', msg['side'])
  const sent = msg['price_dollars'] !== undefined ? dollars(msg['price_dollars']) : cents(msg['price'])
  if (sent === undefined) return fault('msg.price_dollars', msg['price_dollars'] ?? msg['price'])
  const change = msg['delta_fp'] !== undefined ? contracts(msg['delta_fp']) : wholeContracts(msg['delta'])
  if (change === undefined) return fault('msg.delta_fp', msg['delta_fp'] ?? msg['delta'])
  const exchangeMs = readExchangeMs(msg)
  if (typeof exchangeMs !== 'number') return exchangeMs
  return { side, price: side === NO && useYesPrice ? complement(sent) : sent, change, exchangeMs }
}

export type SnapshotMessage = { readonly yes: readonly Level[]; readonly no: readonly Level[] }

export function readSnapshot(msg: Json, useYesPrice: boolean): SnapshotMessage | Fault {
  const shape = SHAPES.find(({ suffix }) => has(msg, `yes${suffix}`) || has(msg, `no${suffix}`)) ?? SHAPES[0]!
  const yes = readLevels(msg, `yes${shape.suffix}`, shape, YES, useYesPrice)
  if ('fault' in yes) return yes
  const no = readLevels(msg, `no${shape.suffix}`, shape, NO, useYesPrice)
  if ('fault' in no) return no
  return { yes, no }
}

/** `ts_ms`, else the deprecated `ts` (RFC 3339 text, or whole seconds), else 0. */
export function readExchangeMs(msg: Json): number | Fault {
  const ms = msg['ts_ms']
  if (ms !== undefined) return isCount(ms) ? ms : fault('msg.ts_ms', ms)
  const ts = msg['ts']
  if (typeof ts === 'string') return parseRfc3339Ms(ts) ?? 0
  return isCount(ts) ? ts * 1000 : 0
}

type Shape = {
  readonly suffix: string
  readonly price: (value: unknown) => CentiCents | undefined
  readonly size: (value: unknown) => CentiContracts | undefined
}

const dollars = (value: unknown): CentiCents | undefined => inBook(textual(value, parseDollars))
const contracts = (value: unknown): CentiContracts | undefined => textual(value, parseContracts)
const cents = (value: unknown): CentiCents | undefined =>
  Number.isSafeInteger(value) ? inBook(((value as number) * 100) as CentiCents) : undefined
const wholeContracts = (value: unknown): CentiContracts | undefined =>
  Number.isSafeInteger(value) && Math.abs(value as number) <= 1e12
    ? (((value as number) * 100) as CentiContracts)
    : undefined
const inBook = (price: CentiCents | undefined): CentiCents | undefined =>
  price !== undefined && isBookPrice(price) ? price : undefined

/** Most exact first. */
const SHAPES: readonly Shape[] = [
  { suffix: '_dollars_fp', price: dollars, size: contracts },
  { suffix: '_dollars', price: dollars, size: wholeContracts },
  { suffix: '', price: cents, size: wholeContracts },
]

function textual<T>(value: unknown, parse: (text: string) => T | undefined): T | undefined {
  return typeof value === 'string' ? parse(value) : undefined
}

const has = (msg: Json, key: string): boolean => Array.isArray(msg[key])

function readLevels(msg: Json, key: string, shape: Shape, side: Side, useYesPrice: boolean): Level[] | Fault {
  const sent = msg[key]
  // An empty side is absent ([R] recorded frames, 2026-08); `null` was seen in old REST bodies.
  if (sent === undefined || sent === null) return []
  if (!Array.isArray(sent)) return fault(`msg.${key}`, sent)
  if (sent.length > LEVELS_MAX) return fault(`msg.${key}.length`, sent.length)
  const levels: Level[] = []
  for (const each of sent) {
    if (!Array.isArray(each) || each.length !== 2) return fault(`msg.${key}[]`, each)
    const price = shape.price(each[0])
    if (price === undefined) return fault(`msg.${key}[].price`, each[0])
    const size = shape.size(each[1])
    if (size === undefined || size < 0) return fault(`msg.${key}[].size`, each[1])
    if (size > 0) levels.push([side === NO && useYesPrice ? complement(price) : price, size])
  }
  levels.sort(byPrice)
  const twice = levels.find(([price], index) => index > 0 && levels[index - 1]![0] === price)
  return twice === undefined ? levels : fault(`msg.${key}[].price twice`, twice[0])
}
