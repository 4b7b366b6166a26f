/**
 * Folds the lines of a capture into a tape, one by one.
 *
 * A book is proven from its snapshot to a break in its sid's sequence; only what applies to a proven book is played, so
 * that a capture with holes never makes the exchange send a book that was not. A change that would leave less than
 * nothing in a proven book is a fault of the capture.
 */
import {
  type CentiContracts,
  complement,
  formatContracts,
  formatDollars,
  isBookPrice,
  isTicker,
  type Level,
  parseContracts,
  parseDollars,
} from '#domain'
import { applyChange, type Book, type BookLevels, type Change, emptyBook, replaceLevels } from '../ladder.ts'
import { CHANNEL_OF_TYPE } from '../wire/protocol.ts'
import { createInterner, cutMessage } from './message.ts'
import type { Tape, TapeEvent, TapeMarket } from './tape.ts'

type Fields = Readonly<Record<string, unknown>>

type Draft = {
  market: { -readonly [Key in keyof TapeMarket]: TapeMarket[Key] } & { prices: Set<number> }
  book: Book
  sid: number | undefined
  proven: boolean
  hadSnapshot: boolean
}

/** Frames that the exchange makes itself. */
const OWN_TYPES = new Set(['subscribed', 'ok', 'unsubscribed', 'error'])

export class TapeBuilder {
  /** The frame with `untilSeq` has been taken; nothing more is. */
  isComplete = false
  highestSeq = 0

  readonly #options: { readonly untilSeq?: number | undefined; readonly keepTimes: boolean }
  readonly #intern = createInterner()
  readonly #drafts = new Map<string, Draft>()
  readonly #events: TapeEvent[] = []
  readonly #lastSeq = new Map<number, number>()
  readonly #leftOut: Record<string, number> = {}
  #firstNs: bigint | undefined
  #atNs = 0

  constructor(options: { readonly untilSeq?: number | undefined; readonly keepTimes: boolean }) {
    this.#options = options
  }

  /** Takes one line; returns what is wrong with it. */
  add(line: string): string | undefined {
    const record = parseFields(line)
    if (record === undefined) return 'is no JSON object'
    if (!('raw' in record)) return this.#addFrame(record, undefined)
    if (typeof record['raw'] !== 'string') return '`raw` must be the frame as text'
    const receivedNs = record['recv_ns']
    if (!/^\d{1,19}$/.test(String(receivedNs))) return '`recv_ns` must be Unix nanoseconds, in digits'
    const frame = parseFields(record['raw'])
    return frame === undefined ? '`raw` is no JSON object' : this.#addFrame(frame, BigInt(String(receivedNs)))
  }

  build(): Tape {
    const markets: TapeMarket[] = []
    for (const { market, hadSnapshot } of this.#drafts.values()) if (hadSnapshot) markets.push(market)
    const kept = new Set(markets)
    const events = this.#events.filter(({ market }) => market === undefined || kept.has(market))
    for (const draft of this.#drafts.values()) draft.market.closedAt = undefined
    markedClosed(events)
    markets.forEach((market, index) => {
      ;(market as { index: number }).index = index
    })
    let opening = 0
    while (events[opening]?.kind === 'snapshot' && events[opening]?.atNs === 0) opening++
    return { markets, events, opening, leftOut: this.#leftOut }
  }

  #addFrame(frame: Fields, receivedNs: bigint | undefined): string | undefined {
    const type = frame['type']
    if (typeof type !== 'string') return 'the frame has no `type`'
    const seq = frame['seq']
    const sid = frame['sid']
    if (seq !== undefined && !Number.isSafeInteger(seq)) return '`seq` must be a whole number'
    if (sid !== undefined && !Number.isSafeInteger(sid)) return '`sid` must be a whole number'
    this.#advance(receivedNs ?? timeOfBareFrame(frame))
    const repeated = this.#follow(type, frame, sid as number | undefined, seq as number | undefined)
    if (repeated) return this.#leaveOut('repeated')
    const fault = this.#take(type, frame, sid as number | undefined)
    this.highestSeq = Math.max(this.highestSeq, (seq as number | undefined) ?? 0)
    if (seq !== undefined && seq === this.#options.untilSeq) this.isComplete = true
    return fault
  }

  /** Time never goes backward: a frame stamped before the last one counts as received with it. */
  #advance(receivedNs: bigint | undefined): void {
    if (receivedNs === undefined) return
    this.#firstNs ??= receivedNs
    this.#atNs = Math.max(this.#atNs, Number(receivedNs - this.#firstNs))
  }

  /** Follows each sid's numbers; a break or a new connection leaves its books unproven. True for a number already passed. */
  #follow(type: string, frame: Fields, sid: number | undefined, seq: number | undefined): boolean {
    if (type === 'subscribed') {
      const began = (frame['msg'] as Fields | undefined)?.['sid']
      if (typeof began === 'number') {
        this.#lastSeq.set(began, 0)
        this.#doubt(began)
      }
    }
    if (sid === undefined || seq === undefined) return false
    const expected = (this.#lastSeq.get(sid) ?? seq - 1) + 1
    if (seq < expected) return true
    if (seq > expected) this.#doubt(sid)
    this.#lastSeq.set(sid, seq)
    return false
  }

  #doubt(sid: number): void {
    for (const draft of this.#drafts.values()) if (draft.sid === sid) draft.proven = false
  }

  #take(type: string, frame: Fields, sid: number | undefined): string | undefined {
    if (OWN_TYPES.has(type)) return this.#leaveOut(type)
    const channel = CHANNEL_OF_TYPE.get(type)
    if (channel === undefined) return this.#leaveOut(type)
    const msg = frame['msg']
    if (!isFields(msg)) return `${type}: \`msg\` must be an object`
    const ticker = msg['market_ticker']
    if (ticker === undefined && channel === 'market_lifecycle_v2') {
      this.#events.push({ kind: 'other', ...this.#place(type, channel, undefined), message: this.#cut(type, msg) })
      return undefined
    }
    if (typeof ticker !== 'string' || !isTicker(ticker)) return `${type}: \`market_ticker\` must be a ticker`
    const draft = this.#draft(ticker)
    if (type === 'orderbook_snapshot') return this.#takeSnapshot(msg, draft, sid)
    if (type === 'orderbook_delta') return this.#takeDelta(msg, draft)
    noteVolume(type, msg, draft)
    this.#events.push({ kind: 'other', ...this.#place(type, channel, draft), message: this.#cut(type, msg) })
    return undefined
  }

  #takeSnapshot(msg: Fields, draft: Draft, sid: number | undefined): string | undefined {
    const levels = decodeLevels(msg)
    if (typeof levels === 'string') return `orderbook_snapshot: ${levels}`
    if (typeof msg['market_id'] === 'string') draft.market.marketId = msg['market_id']
    for (const [price] of [...levels.yes, ...levels.no]) draft.market.prices.add(price)
    replaceLevels(draft.book, levels)
    draft.sid = sid
    draft.proven = true
    draft.hadSnapshot = true
    const place = this.#place('orderbook_snapshot', 'orderbook_delta', draft)
    this.#events.push({ kind: 'snapshot', ...place, levels })
    return undefined
  }

  #takeDelta(msg: Fields, draft: Draft): string | undefined {
    const change = decodeChange(msg)
    if (typeof change === 'string') return `orderbook_delta: ${change}`
    if (!draft.proven) return this.#leaveOut('unproven')
    const size = applyChange(draft.book, change)
    if (size < 0) {
      const { side, price } = change
      const left = formatContracts(size as CentiContracts)
      return `orderbook_delta: leaves ${left} contracts at ${formatDollars(price)} ${side} of ${draft.market.ticker}; the capture lacks a frame before it`
    }
    draft.market.prices.add(change.price)
    const place = this.#place('orderbook_delta', 'orderbook_delta', draft)
    this.#events.push({ kind: 'delta', ...place, change, message: this.#cut('orderbook_delta', msg) })
    return undefined
  }

  #draft(ticker: string): Draft {
    const known = this.#drafts.get(ticker)
    if (known !== undefined) return known
    const market = {
      index: 0,
      ticker,
      marketId: '',
      prices: new Set<number>(),
      volume: 0,
      openInterest: 0,
      closedAt: undefined,
    }
    const draft: Draft = { market, book: emptyBook(), sid: undefined, proven: false, hadSnapshot: false }
    this.#drafts.set(ticker, draft)
    return draft
  }

  #place(type: string, channel: TapeEvent['channel'], draft: Draft | undefined) {
    return { atNs: this.#atNs, type: this.#intern(type), channel, market: draft?.market }
  }

  #cut(type: string, msg: Fields) {
    return cutMessage(type, msg, { keepTimes: this.#options.keepTimes, intern: this.#intern })
  }

  #leaveOut(reason: string): undefined {
    this.#leftOut[reason] = (this.#leftOut[reason] ?? 0) + 1
    return undefined
  }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function parseFields(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isFields(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** A bare frame has no receive time; the exchange's own stamps stand in, and without any it follows at once. */
function timeOfBareFrame(frame: Fields): bigint | undefined {
  const msg = frame['msg']
  const unixMs = frame['sending_ts_ms'] ?? (isFields(msg) ? msg['ts_ms'] : undefined)
  return Number.isSafeInteger(unixMs) ? BigInt(unixMs as number) * 1_000_000n : undefined
}

function decodeLevels(msg: Fields): BookLevels | string {
  const sides: { yes: Level[]; no: Level[] } = { yes: [], no: [] }
  for (const side of ['yes', 'no'] as const) {
    const key = `${side}_dollars_fp`
    const levels = msg[key] ?? []
    if (!Array.isArray(levels)) return `\`${key}\` must be a list of [price, size]`
    const seen = new Set<number>()
    for (const level of levels) {
      const price = Array.isArray(level) && typeof level[0] === 'string' ? parseDollars(level[0]) : undefined
      const size = Array.isArray(level) && typeof level[1] === 'string' ? parseContracts(level[1]) : undefined
      if (price === undefined || !isBookPrice(price) || size === undefined || size < 0 || seen.has(price)) {
        return `\`${key}\` has a bad level ${JSON.stringify(level)}`
      }
      seen.add(price)
      if (size > 0) sides[side].push([price, size])
    }
  }
  return sides
}

function decodeChange(msg: Fields): Change | string {
  const { side, price_dollars: priceText, delta_fp: changeText } = msg
  if (side !== 'yes' && side !== 'no') return '`side` must be yes or no'
  const price = typeof priceText === 'string' ? parseDollars(priceText) : undefined
  if (price === undefined || !isBookPrice(price)) return '`price_dollars` must be a price as text, such as "0.4200"'
  const change = typeof changeText === 'string' ? parseContracts(changeText) : undefined
  if (change === undefined) return '`delta_fp` must be a count as text, such as "-12.50"'
  return { side, price, change }
}

function noteVolume(type: string, msg: Fields, { market }: Draft): void {
  const count = (key: string): number => (typeof msg[key] === 'string' ? (parseContracts(msg[key]) ?? 0) : 0)
  if (type === 'trade') {
    market.volume += count('count_fp')
    const price = typeof msg['yes_price_dollars'] === 'string' ? parseDollars(msg['yes_price_dollars']) : undefined
    if (price !== undefined && isBookPrice(price)) market.prices.add(price).add(complement(price))
  }
  if (type === 'ticker') {
    market.volume = count('volume_fp')
    market.openInterest = count('open_interest_fp')
    if (market.marketId === '' && typeof msg['market_id'] === 'string') market.marketId = msg['market_id']
  }
}

/** A market is closed from its last order-book event on, when that is an empty snapshot that followed another event. */
function markedClosed(events: readonly TapeEvent[]): void {
  const last = new Map<TapeMarket, number>()
  const count = new Map<TapeMarket, number>()
  events.forEach(({ market, channel }, index) => {
    if (market === undefined || channel !== 'orderbook_delta') return
    last.set(market, index)
    count.set(market, (count.get(market) ?? 0) + 1)
  })
  for (const [market, index] of last) {
    const event = events[index] as TapeEvent
    const isEmpty = event.kind === 'snapshot' && event.levels.yes.length + event.levels.no.length === 0
    if (isEmpty && (count.get(market) ?? 0) > 1) (market as { closedAt: number | undefined }).closedAt = index
  }
}
