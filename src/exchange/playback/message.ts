/**
 * A recorded message cut up at the places that differ each time it is sent: ticker and market id (copies), the price of
 * a NO delta (use_yes_price), the times (moved to the present), the trade id (a copy's trade is another trade).
 *
 * Cut once when the capture is read, so that sending is string joining; everything else in the message is as recorded.
 */
import { type CentiCents, complement, formatDollars, parseDollars } from '#domain'
import { encodeTime } from '../rfc3339.ts'
import { deriveUuid } from '../uuid.ts'

type Slot = 'ticker' | 'market_id' | 'trade_id' | 'no_price' | 'unix_ms' | 'unix_s' | 'rfc3339'

export type Message = {
  /** One more than there are slots: the text before, between and after them. */
  readonly literals: readonly string[]
  readonly slots: readonly Slot[]
  /** Exchange time in Unix ms; `undefined` when the message carries none. */
  readonly exchangeMs: number | undefined
  /** The digits of `ts` or `time` below a millisecond, as recorded. */
  readonly finerDigits: string
  /** The price of a NO delta, in NO prices; 0 elsewhere. */
  readonly noPrice: CentiCents
  readonly tradeId: string
}

/** What fills the slots of one sending. */
export type Sending = {
  readonly ticker: string
  readonly marketId: string
  readonly yesPrices: boolean
  /** Added to every time in the message. */
  readonly shiftMs: number
  /** 0 for the recorded trade itself; a word that makes other trades of it otherwise. */
  readonly tradeSalt: string
}

/** Keeps each piece of text once: most of a capture repeats, and this saves about half of its memory. */
export type Interner = (text: string) => string

export function createInterner(): Interner {
  const known = new Map<string, string>()
  return (text) => {
    const kept = known.get(text)
    if (kept !== undefined) return kept
    known.set(text, text)
    return text
  }
}

export type CutOptions = { readonly keepTimes: boolean; readonly intern: Interner }

/** Cuts a message. With `keepTimes` the times are left as recorded. */
export function cutMessage(type: string, msg: Readonly<Record<string, unknown>>, options: CutOptions): Message {
  const { keepTimes, intern } = options
  const literals: string[] = []
  const slots: Slot[] = []
  let literal = '{'
  let first = true
  const time = timeOf(msg)
  for (const [key, value] of Object.entries(msg)) {
    literal += `${first ? '' : ','}${JSON.stringify(key)}:`
    first = false
    const slot = slotOf(type, key, value, msg, keepTimes)
    if (slot === undefined) {
      literal += JSON.stringify(value)
      continue
    }
    const quote = slot === 'unix_ms' || slot === 'unix_s' ? '' : '"'
    literals.push(intern(literal + quote))
    slots.push(slot)
    literal = quote
  }
  literals.push(intern(`${literal}}`))
  const isNoDelta = slots.includes('no_price')
  return {
    literals,
    slots: shareShape(slots),
    exchangeMs: time.exchangeMs,
    finerDigits: time.finerDigits,
    noPrice: isNoDelta ? (parseDollars(String(msg['price_dollars'])) as CentiCents) : (0 as CentiCents),
    tradeId: typeof msg['trade_id'] === 'string' ? msg['trade_id'] : '',
  }
}

/** The message as JSON text. */
export function fillMessage(message: Message, sending: Sending): string {
  const { literals, slots } = message
  let text = literals[0] as string
  for (let index = 0; index < slots.length; index++) {
    text += fill(slots[index] as Slot, message, sending)
    text += literals[index + 1] as string
  }
  return text
}

function fill(slot: Slot, message: Message, sending: Sending): string | number {
  switch (slot) {
    case 'ticker':
      return sending.ticker
    case 'market_id':
      return sending.marketId
    case 'trade_id':
      return sending.tradeSalt === '' ? message.tradeId : deriveUuid(`${message.tradeId} ${sending.tradeSalt}`)
    case 'no_price':
      return formatDollars(sending.yesPrices ? complement(message.noPrice) : message.noPrice)
    case 'unix_ms':
      return (message.exchangeMs as number) + sending.shiftMs
    case 'unix_s':
      return Math.floor(((message.exchangeMs as number) + sending.shiftMs) / 1000)
    case 'rfc3339':
      return encodeTime((message.exchangeMs as number) + sending.shiftMs, message.finerDigits)
  }
}

function slotOf(
  type: string,
  key: string,
  value: unknown,
  msg: Readonly<Record<string, unknown>>,
  keepTimes: boolean,
): Slot | undefined {
  switch (key) {
    case 'market_ticker':
      return 'ticker'
    case 'market_id':
      return 'market_id'
    case 'trade_id':
      return typeof value === 'string' ? 'trade_id' : undefined
    case 'price_dollars':
      return type === 'orderbook_delta' && msg['side'] === 'no' ? 'no_price' : undefined
    case 'ts_ms':
      return !keepTimes && Number.isSafeInteger(value) ? 'unix_ms' : undefined
    case 'ts':
    case 'time':
      if (keepTimes) return undefined
      if (Number.isSafeInteger(value)) return 'unix_s'
      return typeof value === 'string' && decodeTime(value) !== undefined ? 'rfc3339' : undefined
    default:
      return undefined
  }
}

function timeOf(msg: Readonly<Record<string, unknown>>): { exchangeMs: number | undefined; finerDigits: string } {
  const text = [msg['ts'], msg['time']].find((value) => typeof value === 'string')
  const decoded = typeof text === 'string' ? decodeTime(text) : undefined
  const seconds = Number.isSafeInteger(msg['ts']) ? (msg['ts'] as number) * 1000 : undefined
  const exchangeMs = Number.isSafeInteger(msg['ts_ms']) ? (msg['ts_ms'] as number) : (decoded?.unixMs ?? seconds)
  return { exchangeMs, finerDigits: decoded?.finerDigits ?? '' }
}

const RFC3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/

function decodeTime(text: string): { unixMs: number; finerDigits: string } | undefined {
  const match = RFC3339.exec(text)
  if (match === null) return undefined
  const wholeMs = Date.parse(`${match[1]}Z`)
  if (Number.isNaN(wholeMs)) return undefined
  const fraction = match[2] ?? ''
  return { unixMs: wholeMs + Number(fraction.slice(0, 3).padEnd(3, '0')), finerDigits: fraction.slice(3) }
}

/** The few shapes there are, so that messages share them. */
const SHAPES = new Map<string, readonly Slot[]>()

function shareShape(slots: readonly Slot[]): readonly Slot[] {
  const key = slots.join()
  const shared = SHAPES.get(key)
  if (shared !== undefined) return shared
  SHAPES.set(key, slots)
  return slots
}
