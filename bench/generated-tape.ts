/**
 * A tape of order-book frames made from a seed, the same bytes on every machine: what anybody can measure who has no
 * recorded frames.
 *
 * Frames are written as Kalshi writes them (keys in wire order, `market_id` a UUID, `ts` and `ts_ms`, `sending_ts_ms` on
 * the envelope, a newline at the end; seen in recorded frames to 2026-10, `sending_ts_ms` on order-book frames unconfirmed
 * live). Markets are drawn by Zipf's law; half of the changes are pairs that take a size from one level and rest it on
 * another, one size in six has a fraction, half of the markets tick by a tenth of a cent near the edges: all as measured
 * on recorded production frames.
 *
 * Books never cross here: recorded frames show what happens then. No code of the recorder is used.
 */
import { deriveUuid, seededUnit } from '#exchange'

export type TapeOptions = {
  readonly markets: number
  readonly deltas: number
  readonly seed: number
  /** Whether NO levels are written in YES prices, as a subscription with `use_yes_price` gets them. */
  readonly useYesPrice: boolean
  /** `shuffled`: keys in any order and one field that nobody knows, in every delta. */
  readonly shape: 'today' | 'shuffled'
}

/** The answer to the subscription, which comes before the tape's first frame. It takes no number. */
export const SUBSCRIBED = '{"type":"subscribed","id":1,"msg":{"channel":"orderbook_delta","sid":1}}\n'

/** The command that the tape's frames answer: a fold takes no market that was not asked for. */
export const subscribeTo = (tickers: readonly string[]): Buffer =>
  Buffer.from(
    JSON.stringify({ id: 1, cmd: 'subscribe', params: { channels: ['orderbook_delta'], market_tickers: tickers } }),
  )

export const ZIPF_EXPONENT = 1.1
const STARTED_UNIX_MS = Date.UTC(2026, 10, 22, 12)
/** Mean time between two changes: 3,000 a second, the peak of 500 markets in July 2026. */
const STEP_US = 333
const FRACTION_SHARE = 0.16
const PAIR_SHARE = 0.5

type Side = 'yes' | 'no'

type Market = {
  readonly ticker: string
  readonly id: string
  /** Prices of each side's own grid, ascending, the last one next to the middle; and what rests there. */
  readonly prices: Readonly<Record<Side, readonly number[]>>
  readonly sizes: Readonly<Record<Side, Float64Array>>
}

/** `markets` snapshots, then `deltas` deltas, as text, in sequence from 1. */
export function* generateTape({ markets, deltas, seed, useYesPrice, shape }: TapeOptions): Generator<string> {
  const unit = seededUnit(seed)
  // Chance of its own: shuffled or not, a seed leads to the same books.
  const shuffle = seededUnit(seed)
  const listed = Array.from({ length: markets }, (_, index) => makeMarket(index, unit))
  const draw = zipf(markets, unit)
  const wirePrice = (side: Side, price: number) => decimal(side === 'no' && useYesPrice ? 10_000 - price : price, 4)
  let seq = 0
  let nowUs = STARTED_UNIX_MS * 1000
  for (const market of listed) yield snapshot(market, ++seq, wirePrice, Math.floor(nowUs / 1000))

  let owed: { readonly market: Market; readonly side: Side; readonly size: number } | undefined
  while (seq < markets + deltas) {
    const market = owed?.market ?? listed[draw()]!
    const side: Side = owed?.side ?? (unit() < 0.5 ? 'yes' : 'no')
    const sizes = market.sizes[side]
    const level = nearTop(sizes.length, unit)
    const before = sizes[level]!
    if (owed === undefined) nowUs += Math.ceil(-Math.log(1 - unit()) * STEP_US)
    else nowUs += 1
    const change: number = owed?.size ?? (before > 0 && unit() < 0.6 ? -taken(before, unit) : size(unit))
    owed = change < 0 && unit() < PAIR_SHARE ? { market, side, size: -change } : undefined
    sizes[level] = before + change
    const price = wirePrice(side, market.prices[side][level]!)
    const frame = { seq: ++seq, market, side, price, change: decimal(change, 2), nowUs }
    yield shape === 'today' ? delta(frame) : shuffledDelta(frame, shuffle)
  }
}

function makeMarket(index: number, unit: () => number): Market {
  const ticker = `KXBENCH-26NOV2217-T${String(index).padStart(4, '0')}`
  const middle = 1000 + Math.floor(unit() * 81) * 100
  const isTapered = index % 2 === 1
  const yes = grid(middle, isTapered)
  const no = grid(10_000 - middle, isTapered)
  const rest = (count: number) => Float64Array.from({ length: count }, () => (unit() < 0.8 ? size(unit) * 3 : 0))
  return {
    ticker,
    id: deriveUuid(`bench ${ticker}`),
    prices: { yes, no },
    sizes: { yes: rest(yes.length), no: rest(no.length) },
  }
}

/** Prices from one step above zero to one step below `end`. */
function grid(end: number, isTapered: boolean): number[] {
  const step = (price: number) => (isTapered && (price < 1000 || price >= 9000) ? 10 : 100)
  const prices: number[] = []
  for (let price = step(0); price < end; price += step(price)) prices.push(price)
  return prices
}

/** Draws market numbers, the first most often. */
function zipf(count: number, unit: () => number): () => number {
  const sums = new Float64Array(count)
  let sum = 0
  for (let index = 0; index < count; index++) {
    sum += 1 / (index + 1) ** ZIPF_EXPONENT
    sums[index] = sum
  }
  return () => {
    const wanted = unit() * sum
    let low = 0
    for (let high = count - 1; low < high; ) {
      const middle = (low + high) >>> 1
      if (sums[middle]! < wanted) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** A level, most often one of the few next to the best price. */
const nearTop = (levels: number, unit: () => number): number =>
  Math.max(0, levels - 1 - Math.floor(-Math.log(1 - unit()) * 6))

/** All of a level in two cases of five. */
const taken = (before: number, unit: () => number): number =>
  unit() < 0.4 ? before : Math.max(1, Math.floor(before * unit()))

/** Hundredths of a contract. */
function size(unit: () => number): number {
  const whole = (1 + Math.floor(unit() ** 3 * 400)) * 100
  return unit() < FRACTION_SHARE ? whole + 1 + Math.floor(unit() * 98) : whole
}

function decimal(value: number, digits: number): string {
  const text = String(Math.abs(value)).padStart(digits + 1, '0')
  const point = text.length - digits
  return `${value < 0 ? '-' : ''}${text.slice(0, point)}.${text.slice(point)}`
}

type WirePrice = (side: Side, price: number) => string

function snapshot({ ticker, id, prices, sizes }: Market, seq: number, wirePrice: WirePrice, nowMs: number): string {
  const levels = (side: Side) => {
    const all = prices[side].flatMap((price, index) =>
      sizes[side][index]! > 0 ? [`["${wirePrice(side, price)}","${decimal(sizes[side][index]!, 2)}"]`] : [],
    )
    // Levels ascend in the price that is sent.
    return (all.length > 1 && all[0]! > all[1]! ? all.reverse() : all).join(',')
  }
  return (
    `{"type":"orderbook_snapshot","sid":1,"seq":${seq},"msg":{"market_ticker":"${ticker}","market_id":"${id}",` +
    `"yes_dollars_fp":[${levels('yes')}],"no_dollars_fp":[${levels('no')}]},"sending_ts_ms":${nowMs + 2}}\n`
  )
}

type Delta = {
  readonly seq: number
  readonly market: Market
  readonly side: Side
  readonly price: string
  readonly change: string
  readonly nowUs: number
}

function delta({ seq, market, side, price, change, nowUs }: Delta): string {
  const ms = Math.floor(nowUs / 1000)
  return (
    `{"type":"orderbook_delta","sid":1,"seq":${seq},"msg":{"market_ticker":"${market.ticker}","market_id":"${market.id}",` +
    `"price_dollars":"${price}","delta_fp":"${change}","side":"${side}","ts":"${timeText(nowUs)}","ts_ms":${ms}},` +
    `"sending_ts_ms":${ms + 2}}\n`
  )
}

function shuffledDelta({ seq, market, side, price, change, nowUs }: Delta, unit: () => number): string {
  const ms = Math.floor(nowUs / 1000)
  const msg = shuffled(
    [
      `"market_ticker":"${market.ticker}"`,
      `"market_id":"${market.id}"`,
      `"price_dollars":"${price}"`,
      `"delta_fp":"${change}"`,
      `"side":"${side}"`,
      `"ts":"${timeText(nowUs)}"`,
      `"ts_ms":${ms}`,
      `"queue_hint":{"depth":${seq % 7}}`,
    ],
    unit,
  )
  const frame = ['"type":"orderbook_delta"', '"sid":1', `"seq":${seq}`, `"msg":{${msg}}`, `"sending_ts_ms":${ms + 2}`]
  return `{${shuffled(frame, unit)}}\n`
}

function shuffled(parts: string[], unit: () => number): string {
  for (let index = parts.length - 1; index > 0; index--) {
    const other = Math.floor(unit() * (index + 1))
    ;[parts[index], parts[other]] = [parts[other]!, parts[index]!]
  }
  return parts.join(',')
}

let secondHeld = Number.NaN
let secondText = ''

/** RFC 3339 in microseconds, without trailing zeros, as recorded frames have it. */
function timeText(unixUs: number): string {
  const second = Math.floor(unixUs / 1e6)
  if (second !== secondHeld) {
    secondHeld = second
    secondText = new Date(second * 1000).toISOString().slice(0, 19)
  }
  const fraction = String(unixUs - second * 1e6)
    .padStart(6, '0')
    .replace(/0+$/, '')
  return fraction === '' ? `${secondText}Z` : `${secondText}.${fraction}Z`
}
