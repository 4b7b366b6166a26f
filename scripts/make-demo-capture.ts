/**
 * Makes captures/demo.jsonl.gz: one minute of six invented markets, the same bytes for the same seed.
 *
 * It has what a recorder must cope with: cent and tenth-of-a-cent prices, fractional sizes, cancel-and-replace pairs,
 * bursts, trades, tickers, a book crossed inside one `ts_ms`, and a market that closes (a purge, then an empty snapshot
 * that nobody asked for). `node --conditions=source scripts/make-demo-capture.ts [SEED] [FILE]`
 */
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type CentiCents, type CentiContracts, complement, formatContracts, formatDollars, ONE_DOLLAR } from '#domain'
import { deriveUuid, seededUnit } from '#exchange'

export const DEMO_SEED = 1

type Side = 'yes' | 'no'
type Market = {
  readonly ticker: string
  readonly marketId: string
  /** The step of the edges below 0.10 and above 0.90; the middle steps by 100. In 1/10,000 dollar. */
  readonly edgeStep: 10 | 100
  readonly book: Readonly<Record<Side, Map<number, number>>>
  /** Share of the activity. */
  readonly weight: number
  volume: number
  lastTickerMs: number
  isClosed: boolean
}

const STARTED_UNIX_MS = Date.UTC(2026, 10, 22, 12)
const LENGTH_MS = 60_000
const CLOSES_AT_MS = 48_000
const CROSSES_AT_MS = 20_000
const STEPS_PER_SECOND = 10
const MARKETS = [
  { ticker: 'KXDEMO-RAIN-MON', middle: 4200, edgeStep: 100, weight: 3 },
  { ticker: 'KXDEMO-RAIN-TUE', middle: 6700, edgeStep: 100, weight: 2 },
  { ticker: 'KXDEMO-GAME-HOME', middle: 9300, edgeStep: 10, weight: 4 },
  { ticker: 'KXDEMO-GAME-AWAY', middle: 700, edgeStep: 10, weight: 3 },
  { ticker: 'KXDEMO-RATE-UP', middle: 8800, edgeStep: 10, weight: 2 },
  { ticker: 'KXDEMO-SHORT-NOON', middle: 5000, edgeStep: 10, weight: 4 },
] as const

/** The capture as text: lines of `{"recv_ns","raw"}`. */
export function makeDemoCapture(seed: number): string {
  return new Demo(seed).run()
}

class Demo {
  readonly #unit: () => number
  readonly #lines: string[] = []
  readonly #markets: Market[]
  readonly #seq = { 1: 0, 2: 0 }
  #nowMs = 0
  #receivedUs = 0
  #trades = 0
  #changedUnixMs = 0
  #micros = 0

  constructor(seed: number) {
    this.#unit = seededUnit(seed)
    this.#markets = MARKETS.map(({ ticker, middle, edgeStep, weight }) => {
      const market: Market = {
        ticker,
        marketId: deriveUuid(`market ${ticker}`),
        edgeStep,
        book: { yes: new Map(), no: new Map() },
        weight,
        volume: this.#size() * 50,
        lastTickerMs: Number.NEGATIVE_INFINITY,
        isClosed: false,
      }
      this.#fill(market, 'yes', middle)
      this.#fill(market, 'no', ONE_DOLLAR - middle)
      return market
    })
  }

  run(): string {
    this.#begin()
    const [, , crossing, , , closing] = this.#markets as [Market, Market, Market, Market, Market, Market]
    let hasCrossed = false
    const lastStep = (LENGTH_MS / 1000) * STEPS_PER_SECOND
    for (let step = 1; step <= lastStep; step++) {
      this.#nowMs = Math.max(this.#nowMs, Math.floor(((step + this.#unit()) * 1000) / STEPS_PER_SECOND))
      if (!hasCrossed && this.#nowMs >= CROSSES_AT_MS) {
        hasCrossed = true
        this.#cross(crossing)
      }
      if (!closing.isClosed && this.#nowMs >= CLOSES_AT_MS) this.#close(closing)
      this.#act(this.#anyMarket())
    }
    return `${this.#lines.join('\n')}\n`
  }

  #begin(): void {
    this.#write({ type: 'subscribed', id: 1, msg: { channel: 'orderbook_delta', sid: 1 } })
    this.#write({ type: 'subscribed', id: 2, msg: { channel: 'trade', sid: 2 } })
    this.#write({ type: 'subscribed', id: 2, msg: { channel: 'ticker', sid: 3 } })
    this.#markets.forEach((market, index) => {
      const held = this.#markets.slice(0, index + 1).map(({ ticker }) => ticker)
      if (index > 3) {
        this.#write({ type: 'ok', id: index, sid: 1, seq: this.#next(1), msg: { market_tickers: held.sort() } })
      }
      this.#snapshot(market)
    })
    for (const market of this.#markets) this.#ticker(market)
  }

  #act(market: Market): void {
    const kind = this.#unit()
    const side: Side = this.#unit() < 0.5 ? 'yes' : 'no'
    if (kind < 0.55) this.#replace(market, side)
    else if (kind < 0.72) this.#change(market, side, this.#freePrice(market, side), this.#size())
    else if (kind < 0.84) this.#shrink(market, side)
    else if (kind < 0.94) this.#trade(market, side)
    else this.#burst(market)
    if (this.#nowMs - market.lastTickerMs > 4000) this.#ticker(market)
  }

  /** Cancel and replace: the same size leaves one level and arrives at another. */
  #replace(market: Market, side: Side): void {
    const from = this.#anyPrice(market, side)
    if (from === undefined) return
    const size = Math.min(market.book[side].get(from) as number, this.#size())
    this.#change(market, side, from, -size)
    this.#change(market, side, this.#freePrice(market, side), size)
  }

  #shrink(market: Market, side: Side): void {
    const price = this.#anyPrice(market, side)
    if (price === undefined || market.book[side].size < 4) return
    const size = market.book[side].get(price) as number
    this.#change(market, side, price, this.#unit() < 0.4 ? -size : -Math.min(size, this.#size()))
  }

  /** Many changes within a few milliseconds, as when a price moves. */
  #burst(market: Market): void {
    const count = 10 + Math.floor(this.#unit() * 30)
    for (let index = 0; index < count; index++) {
      if (this.#unit() < 0.2) this.#nowMs++
      this.#replace(market, this.#unit() < 0.5 ? 'yes' : 'no')
    }
  }

  /** A trade takes from the best level of the resting side. */
  #trade(market: Market, resting: Side): void {
    const price = best(market.book[resting])
    if (price === undefined || market.book[resting].size < 4) return
    const size = Math.min(market.book[resting].get(price) as number, this.#size())
    this.#change(market, resting, price, -size)
    market.volume += size
    const yesPrice = (resting === 'yes' ? price : ONE_DOLLAR - price) as CentiCents
    const taker: Side = resting === 'yes' ? 'no' : 'yes'
    const unixMs = STARTED_UNIX_MS + this.#nowMs
    this.#write({
      type: 'trade',
      sid: 2,
      seq: this.#next(2),
      msg: {
        trade_id: deriveUuid(`trade ${++this.#trades}`),
        market_ticker: market.ticker,
        yes_price_dollars: formatDollars(yesPrice),
        no_price_dollars: formatDollars(complement(yesPrice)),
        count_fp: formatContracts(size as CentiContracts),
        taker_side: taker,
        taker_outcome_side: taker,
        taker_book_side: taker === 'yes' ? 'bid' : 'ask',
        is_block_trade: false,
        ts: Math.floor(unixMs / 1000),
        ts_ms: unixMs,
      },
    })
    this.#ticker(market)
  }

  #ticker(market: Market): void {
    if (this.#nowMs - market.lastTickerMs < 1000) return
    market.lastTickerMs = this.#nowMs
    const yesBid = best(market.book.yes)
    const noBid = best(market.book.no)
    const unixMs = STARTED_UNIX_MS + this.#nowMs
    const dollars = (price: number) => formatDollars(price as CentiCents)
    const contracts = (size: number) => formatContracts(size as CentiContracts)
    this.#write({
      type: 'ticker',
      sid: 3,
      msg: {
        market_id: market.marketId,
        market_ticker: market.ticker,
        price_dollars: dollars(yesBid ?? 0),
        yes_bid_dollars: dollars(yesBid ?? 0),
        yes_ask_dollars: dollars(noBid === undefined ? ONE_DOLLAR : ONE_DOLLAR - noBid),
        volume_fp: contracts(market.volume),
        open_interest_fp: contracts(Math.floor(market.volume / 2)),
        dollar_volume: Math.floor(market.volume / 200),
        dollar_open_interest: Math.floor(market.volume / 400),
        yes_bid_size_fp: contracts(yesBid === undefined ? 0 : (market.book.yes.get(yesBid) as number)),
        yes_ask_size_fp: contracts(noBid === undefined ? 0 : (market.book.no.get(noBid) as number)),
        last_trade_size_fp: contracts(100),
        ts: Math.floor(unixMs / 1000),
        ts_ms: unixMs,
        time: new Date(unixMs).toISOString(),
      },
    })
  }

  /** A bid that meets the other side's best, shown before the levels it trades with are gone. All in one `ts_ms`. */
  #cross(market: Market): void {
    const noBest = best(market.book.no) as number
    const price = ONE_DOLLAR - noBest + stepAt(market, ONE_DOLLAR - noBest)
    const size = market.book.no.get(noBest) as number
    this.#change(market, 'yes', price, size + 500)
    this.#change(market, 'no', noBest, -size)
    for (const other of [...market.book.no.keys()]) {
      if (other + price >= ONE_DOLLAR) this.#change(market, 'no', other, -(market.book.no.get(other) as number))
    }
  }

  /** Every order is cancelled in one `ts_ms`, and an empty snapshot follows. */
  #close(market: Market): void {
    market.isClosed = true
    for (const side of ['yes', 'no'] as const) {
      for (const [price, size] of [...market.book[side]]) this.#change(market, side, price, -size)
    }
    this.#receivedUs += 400_000
    this.#snapshot(market)
  }

  #snapshot({ ticker, marketId, book }: Market): void {
    const levels = (side: Side) =>
      [...book[side]]
        .sort(([a], [b]) => a - b)
        .map(([price, size]) => [formatDollars(price as CentiCents), formatContracts(size as CentiContracts)])
    const msg = {
      market_ticker: ticker,
      market_id: marketId,
      ...(book.yes.size > 0 ? { yes_dollars_fp: levels('yes') } : {}),
      ...(book.no.size > 0 ? { no_dollars_fp: levels('no') } : {}),
    }
    this.#write({ type: 'orderbook_snapshot', sid: 1, seq: this.#next(1), msg })
  }

  #change(market: Market, side: Side, price: number, change: number): void {
    const size = (market.book[side].get(price) ?? 0) + change
    if (size === 0) market.book[side].delete(price)
    else market.book[side].set(price, size)
    const unixMs = STARTED_UNIX_MS + this.#nowMs
    this.#micros = unixMs === this.#changedUnixMs ? Math.min(999, this.#micros + 1 + Math.floor(this.#unit() * 4)) : 0
    this.#changedUnixMs = unixMs
    const micros = String(this.#micros).padStart(3, '0')
    this.#write({
      type: 'orderbook_delta',
      sid: 1,
      seq: this.#next(1),
      msg: {
        market_ticker: market.ticker,
        market_id: market.marketId,
        price_dollars: formatDollars(price as CentiCents),
        delta_fp: formatContracts(change as CentiContracts),
        side,
        ts: `${new Date(unixMs).toISOString().slice(0, -1)}${micros}Z`,
        ts_ms: unixMs,
      },
    })
  }

  /** Writes one line, received 2 to 6 ms after it was made and never before the line ahead of it. */
  #write(frame: object): void {
    const madeUs = this.#nowMs * 1000
    if (this.#nowMs > 0) {
      this.#receivedUs = Math.max(this.#receivedUs + 20, madeUs + 2000 + Math.floor(this.#unit() * 4000))
    }
    const receivedNs = BigInt(STARTED_UNIX_MS) * 1_000_000n + BigInt(this.#receivedUs) * 1000n
    this.#lines.push(JSON.stringify({ recv_ns: String(receivedNs), raw: `${JSON.stringify(frame)}\n` }))
  }

  #next(sid: 1 | 2): number {
    return ++this.#seq[sid]
  }

  #fill(market: Market, side: Side, middle: number): void {
    let price = middle - stepAt(market, middle)
    for (let level = 0; level < 22 && price > 0; level++) {
      if (this.#unit() < 0.9) market.book[side].set(price, this.#size() * 3)
      price -= stepAt(market, price - 1)
    }
  }

  #anyMarket(): Market {
    const open = this.#markets.filter(({ isClosed }) => !isClosed)
    let left = this.#unit() * open.reduce((sum, { weight }) => sum + weight, 0)
    for (const market of open) {
      left -= market.weight
      if (left < 0) return market
    }
    return open[0] as Market
  }

  #anyPrice(market: Market, side: Side): number | undefined {
    const prices = [...market.book[side].keys()].sort((a, b) => b - a)
    return prices[Math.floor(this.#unit() ** 2 * prices.length)]
  }

  /** A price of the grid, near the best, that does not cross the other side. */
  #freePrice(market: Market, side: Side): number {
    const other = best(market.book[side === 'yes' ? 'no' : 'yes'])
    const limit = ONE_DOLLAR - (other ?? ONE_DOLLAR / 2)
    let price = limit
    const steps = 1 + Math.floor(this.#unit() ** 2 * 14)
    for (let step = 0; step < steps; step++) price -= stepAt(market, price - 1)
    return price > 0 ? price : stepAt(market, 0)
  }

  /** Hundredths of a contract; about one in six has a fraction. */
  #size(): number {
    const whole = (1 + Math.floor(this.#unit() ** 3 * 400)) * 100
    return this.#unit() < 0.16 ? whole + 1 + Math.floor(this.#unit() * 98) : whole
  }
}

const best = (ladder: ReadonlyMap<number, number>): number | undefined =>
  ladder.size === 0 ? undefined : Math.max(...ladder.keys())

const stepAt = ({ edgeStep }: Market, price: number): number => (price < 1000 || price >= 9000 ? edgeStep : 100)

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename) {
  const [seed = String(DEMO_SEED), file = join(import.meta.dirname, '..', 'captures', 'demo.jsonl.gz')] =
    process.argv.slice(2)
  if (!/^\d{1,9}$/.test(seed)) throw new Error(`SEED must be a whole number, was ${seed}`)
  const text = makeDemoCapture(Number(seed))
  writeFileSync(file, gzipSync(text, { level: 9 }))
  process.stdout.write(`${file}: ${text.split('\n').length - 1} lines\n`)
}
