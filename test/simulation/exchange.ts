/**
 * The other side: a small exchange that tells the truth. Its books are plain Maps; it speaks Kalshi's protocol as
 * docs/exchange.md describes it (one count for each sid, shared by all its markets and by `ok`; snapshots on subscribe, on
 * add_markets and on get_snapshot; groups of one `ts_ms`, crossed only inside). It keeps what it sent on each
 * subscription, so that a checker can ask what its book was as of any number.
 *
 * Its whims are in the weather: refused and ignored commands, terminal errors, frames of unknown types, and changes that
 * it tells nobody. What happens to its frames on the way is the wire's business.
 */
import { readCommand, type SentCommand } from '#codec'
import { type CentiCents, type CentiContracts, formatContracts, formatDollars } from '#domain'
import type { SeededRandom } from '#journal'
import { type Change, PlainBook, type SideName } from './plain-book.ts'
import type { VirtualTime } from './virtual-time.ts'
import { CALM, type Weather } from './weather.ts'

/** A frame on its way, with what the checkers need to know of it. */
export type Sent = {
  readonly text: string
  readonly kind: 'snapshot' | 'delta' | 'trade' | 'ticker' | 'ok' | 'subscribed' | 'error' | 'unknown'
  readonly sid?: number
  readonly seq?: number
  readonly channel?: string
  readonly market?: string
  /** Of a delta: the moment of its group, Unix ms. */
  readonly groupMs?: number
  /** Not as it was sent. */
  readonly isSpoiled?: boolean
}

/** Where the exchange puts what it has to say to one client. */
export interface Line {
  send(frame: Sent): void
  ping(): void
  end(detail: string): void
}

/** The exchange's book of one market right after a number of one subscription. */
export type Told = {
  readonly seq: number
  /** `undefined` while the exchange keeps a change of this market from this subscription. */
  readonly text: string | undefined
  /** A whole book, one change, or that nothing more will be told. */
  readonly what: PlainBook | Change | 'ended'
}

type Subscription = {
  readonly sid: number
  readonly channel: string
  seq: number
  readonly markets: Set<string>
  readonly told: Map<string, Told[]>
  readonly kept: Set<string>
}

export type ExchangeConnection = {
  readonly line: Line
  readonly byChannel: Map<string, Subscription>
  readonly bySid: Map<number, Subscription>
  useYesPrice: boolean
  isOpen: boolean
}

type Market = { readonly ticker: string; readonly book: PlainBook; queue: Change[]; groupMs: number }

export type ExchangeOptions = {
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly markets: readonly string[]
  readonly groupsPerSecond: number
  /** Levels of a side at the start. */
  readonly depth: number
  readonly inject: (fault: string) => void
  /** A market changes and nobody is told. */
  readonly untold: (ticker: string) => void
}

const TICK_MS = 250
const PING_MS = 10_000

export class SimulatedExchange {
  weather: Weather = { ...CALM }
  isQuiet = false
  readonly #options: ExchangeOptions
  readonly #markets = new Map<string, Market>()
  readonly #connections = new Set<ExchangeConnection>()
  #trades = 0

  constructor(options: ExchangeOptions) {
    this.#options = options
    for (const ticker of options.markets) {
      const market: Market = { ticker, book: new PlainBook(), queue: [], groupMs: 0 }
      for (let level = 0; level < options.depth; level++) {
        for (const side of ['yes', 'no'] as const) market.book.apply(this.#addition(side))
      }
      this.#uncross(market.book, [])
      this.#markets.set(ticker, market)
    }
    this.#every(TICK_MS, () => this.#tick())
    this.#every(PING_MS, () => this.#ping())
    this.#trade()
  }

  knows(ticker: string): boolean {
    return this.#markets.has(ticker)
  }

  book(ticker: string): PlainBook {
    return this.#markets.get(ticker)!.book
  }

  /** What the exchange told of a market up to a number of a subscription; `undefined` when it was nothing yet. */
  told(connection: ExchangeConnection, sid: number, ticker: string, seq: number): Told | undefined {
    const told = connection.bySid.get(sid)?.told.get(ticker) ?? []
    let low = 0
    let high = told.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (told[middle]!.seq <= seq) low = middle + 1
      else high = middle
    }
    return told[low - 1]
  }

  connect(line: Line): ExchangeConnection {
    const connection = { line, byChannel: new Map(), bySid: new Map(), useYesPrice: true, isOpen: true }
    this.#connections.add(connection)
    return connection
  }

  disconnect(connection: ExchangeConnection): void {
    connection.isOpen = false
    this.#connections.delete(connection)
  }

  /** A command as it arrives. */
  receive(connection: ExchangeConnection, text: string): void {
    const { random, inject } = this.#options
    const command = readCommand(text)
    if (command === undefined || !connection.isOpen) return
    const { id } = JSON.parse(text) as { id: number }
    if (random.unit() < this.weather.ignoreCommand) {
      inject('command_ignored')
      return
    }
    if (random.unit() < this.weather.refuseCommand) {
      const code = random.unit() < 0.5 ? 27 : 18
      inject(`error_${code}`)
      this.#send(connection, { text: json({ id, type: 'error', msg: { code, msg: 'refused' } }), kind: 'error' })
      return
    }
    if (command.cmd === 'subscribe') this.#subscribe(connection, id, command, text)
    else this.#update(connection, id, command)
  }

  /** Tells what it kept: every subscription gets a whole book of each market that it was not told everything of. */
  tellWhatWasKept(): void {
    for (const connection of this.#connections) {
      const subscription = connection.byChannel.get('orderbook_delta')
      if (subscription === undefined) continue
      for (const ticker of [...subscription.kept]) this.#snapshot(connection, subscription, ticker)
    }
  }

  #subscribe(connection: ExchangeConnection, id: number, command: SentCommand, text: string): void {
    for (const channel of command.channels) {
      const held = connection.byChannel.get(channel)
      if (held !== undefined) {
        // A second subscribe merges into the subscription that there is (Kalshi changelog, 2025-09-25).
        this.#add(connection, held, id, command.markets)
        continue
      }
      const sid = connection.bySid.size + 1
      const subscription = {
        sid,
        channel,
        seq: 0,
        markets: new Set<string>(),
        told: new Map(),
        kept: new Set<string>(),
      }
      connection.byChannel.set(channel, subscription)
      connection.bySid.set(sid, subscription)
      if (channel === 'orderbook_delta') connection.useYesPrice = text.includes('"use_yes_price":true')
      this.#send(connection, {
        text: json({ type: 'subscribed', id, msg: { channel, sid } }),
        kind: 'subscribed',
        channel,
      })
      this.#join(connection, subscription, command.markets)
    }
  }

  #update(connection: ExchangeConnection, id: number, { action, sids, markets }: SentCommand): void {
    const subscription = connection.bySid.get(sids[0] ?? 0)
    if (subscription === undefined) return
    if (action === 'get_snapshot') {
      // Answered by the snapshots alone ([R] 2026-05).
      for (const ticker of markets) {
        if (subscription.markets.has(ticker)) this.#snapshot(connection, subscription, ticker, id)
      }
      return
    }
    if (action === 'add_markets') this.#add(connection, subscription, id, markets)
    if (action !== 'delete_markets') return
    this.#ok(connection, subscription, id)
    for (const ticker of markets) {
      if (!subscription.markets.delete(ticker)) continue
      tell(subscription, ticker, { seq: subscription.seq, text: undefined, what: 'ended' })
    }
  }

  /** The answer and the snapshots come in either order ([R] recorded frames, 2026-08). */
  #add(connection: ExchangeConnection, subscription: Subscription, id: number, markets: readonly string[]): void {
    const fresh = markets.filter((each) => !subscription.markets.has(each))
    const isLate = this.#options.random.unit() < 0.3
    if (!isLate) this.#ok(connection, subscription, id)
    this.#join(connection, subscription, fresh)
    if (isLate) this.#ok(connection, subscription, id)
  }

  #join(connection: ExchangeConnection, subscription: Subscription, markets: readonly string[]): void {
    for (const ticker of markets) {
      subscription.markets.add(ticker)
      if (subscription.channel === 'orderbook_delta') this.#snapshot(connection, subscription, ticker)
    }
  }

  #ok(connection: ExchangeConnection, subscription: Subscription, id: number): void {
    const seq = ++subscription.seq
    const { sid } = subscription
    this.#send(connection, { text: json({ id, sid, seq, type: 'ok' }), kind: 'ok', sid, seq })
  }

  #snapshot(connection: ExchangeConnection, subscription: Subscription, ticker: string, id?: number): void {
    const { sid } = subscription
    const seq = ++subscription.seq
    const market = this.#markets.get(ticker)
    const sides: Record<string, unknown> = {}
    for (const side of ['yes', 'no'] as const) {
      const levels = [...(market?.book[side] ?? [])].map(([price, size]) => [
        this.#price(connection, side, price),
        formatContracts(size as CentiContracts),
      ])
      // An empty side is absent ([R] recorded frames, 2026-08).
      if (levels.length > 0) sides[`${side}_dollars_fp`] = levels
    }
    if (market !== undefined) {
      const book = PlainBook.copyOf(market.book)
      tell(subscription, ticker, { seq, text: book.text(), what: book })
      subscription.kept.delete(ticker)
    }
    const msg = { market_ticker: ticker, market_id: market === undefined ? '' : `id-${ticker}`, ...sides }
    const frame = { type: 'orderbook_snapshot', ...(id === undefined ? {} : { id }), sid, seq, msg }
    this.#send(connection, {
      text: json(frame),
      kind: 'snapshot',
      sid,
      seq,
      channel: 'orderbook_delta',
      market: ticker,
    })
  }

  #send(connection: ExchangeConnection, frame: Sent): void {
    connection.line.send(frame)
    const { random, inject } = this.#options
    if (frame.kind === 'unknown' || random.unit() >= this.weather.unknown) return
    inject('unknown_type')
    const subscription = connection.bySid.get(1 + random.below(4))
    if (subscription === undefined) {
      connection.line.send({ text: json({ type: 'weather_report', msg: { sky: 'clear' } }), kind: 'unknown' })
      return
    }
    const { sid } = subscription
    const seq = ++subscription.seq
    connection.line.send({ text: json({ type: 'market_mood_v3', sid, seq, msg: {} }), kind: 'unknown', sid, seq })
  }

  #tick(): void {
    const { random, inject } = this.#options
    const happens = (perSecond: number) => random.unit() < (perSecond * TICK_MS) / 1000
    for (const connection of [...this.#connections]) {
      if (happens(this.weather.terminalPerSecond)) this.#endSubscription(connection)
    }
    if (happens(this.weather.holePerSecond)) {
      if (random.unit() < 0.5) this.#growUntold(this.#anyMarket())
      else this.#crossUntold(this.#anyMarket())
    }
    if (happens(this.weather.closePerSecond)) {
      inject('emptied_book')
      this.#empty(this.#anyMarket())
    }
  }

  #ping(): void {
    for (const { line } of this.#connections) line.ping()
  }

  #endSubscription(connection: ExchangeConnection): void {
    const { random, inject } = this.#options
    const subscription = [...connection.byChannel.values()][random.below(connection.byChannel.size)]
    if (subscription === undefined) return
    const code = random.unit() < 0.5 ? 10 : 25
    inject(`error_${code}`)
    const { sid, channel } = subscription
    const seq = ++subscription.seq
    connection.byChannel.delete(channel)
    // Its snapshots are still answered, and changes are told no more: who misses the error learns of it by an audit.
    if (channel === 'orderbook_delta') for (const ticker of subscription.markets) this.#options.untold(ticker)
    const text = json({ type: 'error', sid, seq, msg: { code, msg: 'channel error' } })
    this.#send(connection, { text, kind: 'error', sid, seq })
  }

  /** A level grows and nobody is told; more often than not all of it goes next, which a client must find impossible. */
  #growUntold(market: Market): void {
    if (market.queue.length > 0) return
    const { random } = this.#options
    const side: SideName = random.unit() < 0.5 ? 'yes' : 'no'
    const [price] = [...market.book[side].keys()]
    if (price === undefined) return
    this.#changeUntold(market, { side, price, change: 100 * (1 + random.below(50)) })
    if (random.unit() < 0.3) return
    market.queue = [{ side, price, change: -market.book[side].get(price)! }]
    this.#beginGroup(market)
  }

  /** The best level of a side goes and nobody is told; the other side bids over it, and a client's book stays crossed. */
  #crossUntold(market: Market): void {
    if (market.queue.length > 0) return
    const { random } = this.#options
    const [side, other]: [SideName, SideName] = random.unit() < 0.5 ? ['yes', 'no'] : ['no', 'yes']
    const best = market.book.best(side)
    const price = 10_000 - best + 10
    if (best === 0 || price >= 10_000) return
    this.#changeUntold(market, { side, price: best, change: -market.book[side].get(best)! })
    if (price + market.book.best(side) >= 10_000) return
    market.queue = [{ side: other, price, change: 100 * (1 + random.below(50)) }]
    this.#beginGroup(market)
  }

  #changeUntold(market: Market, change: Change): void {
    this.#options.inject('untold_change')
    this.#options.untold(market.ticker)
    market.book.apply(change)
    for (const connection of this.#connections) {
      const subscription = connection.byChannel.get('orderbook_delta')
      if (subscription?.markets.has(market.ticker)) subscription.kept.add(market.ticker)
    }
  }

  /** A market closes: its orders go at once, and the empty snapshot comes unasked ([R] recorded frames, 2026-08). */
  #empty(market: Market): void {
    if (market.queue.length > 0) return
    market.book.clear()
    for (const connection of this.#connections) {
      const subscription = connection.byChannel.get('orderbook_delta')
      if (subscription?.markets.has(market.ticker)) this.#snapshot(connection, subscription, market.ticker)
    }
  }

  #trade(): void {
    const { time, random, groupsPerSecond } = this.#options
    if (!this.isQuiet) {
      const market = this.#anyMarket()
      if (market.queue.length === 0) {
        market.queue = this.#drawGroup(market.book)
        this.#beginGroup(market)
      }
    }
    time.after((random.unit() * 2000) / groupsPerSecond, 'world', () => this.#trade())
  }

  #beginGroup(market: Market): void {
    market.groupMs = Math.max(market.groupMs + 1, this.#options.time.exchangeMs)
    this.#emit(market)
  }

  /** Sends the group in bursts, so that a command may be answered inside it. */
  #emit(market: Market): void {
    const { time, random } = this.#options
    for (const change of market.queue.splice(0, 1 + random.below(6))) this.#delta(market, change)
    if (market.queue.length > 0) time.after(random.unit() * 20, 'world', () => this.#emit(market))
    else if (random.unit() < 0.2) this.#quote(market)
  }

  #delta(market: Market, change: Change): void {
    const { ticker, book, groupMs } = market
    book.apply(change)
    const text = book.text()
    for (const connection of this.#connections) {
      const subscription = connection.byChannel.get('orderbook_delta')
      if (!subscription?.markets.has(ticker)) continue
      const { sid } = subscription
      const seq = ++subscription.seq
      tell(subscription, ticker, { seq, text: subscription.kept.has(ticker) ? undefined : text, what: change })
      const msg = {
        market_ticker: ticker,
        market_id: `id-${ticker}`,
        price_dollars: this.#price(connection, change.side, change.price),
        delta_fp: formatContracts(change.change as CentiContracts),
        side: change.side,
        ts_ms: groupMs,
      }
      const frame = json({ type: 'orderbook_delta', sid, seq, msg })
      const place = { sid, seq, channel: 'orderbook_delta', market: ticker, groupMs }
      this.#send(connection, { text: frame, kind: 'delta', ...place })
    }
  }

  /** A trade and a ticker: on subscriptions of their own, the one counted and the other not. */
  #quote(market: Market): void {
    const { ticker, book, groupMs } = market
    const [yes, no] = [book.best('yes'), book.best('no')]
    const dollars = (price: number) => formatDollars(price as CentiCents)
    for (const connection of this.#connections) {
      const trades = connection.byChannel.get('trade')
      if (trades?.markets.has(ticker) && yes > 0) {
        const { sid } = trades
        const seq = ++trades.seq
        const msg = {
          trade_id: `trade-${++this.#trades}`,
          market_ticker: ticker,
          yes_price_dollars: dollars(yes),
          count_fp: '1.00',
          taker_outcome_side: 'no',
          ts_ms: groupMs,
        }
        this.#send(connection, { text: json({ type: 'trade', sid, seq, msg }), kind: 'trade', sid, seq })
      }
      const tickers = connection.byChannel.get('ticker')
      if (!tickers?.markets.has(ticker)) continue
      const msg = {
        market_ticker: ticker,
        yes_bid_dollars: dollars(yes),
        yes_ask_dollars: dollars(no === 0 ? 10_000 : 10_000 - no),
        ts_ms: groupMs,
      }
      this.#send(connection, {
        text: json({ type: 'ticker', sid: tickers.sid, msg }),
        kind: 'ticker',
        sid: tickers.sid,
      })
    }
  }

  /** Changes of one moment. The book may be crossed between two of them, and is not after the last. */
  #drawGroup(from: PlainBook): Change[] {
    const { random } = this.#options
    const book = PlainBook.copyOf(from)
    const group: Change[] = []
    const take = (change: Change) => {
      book.apply(change)
      group.push(change)
    }
    for (let count = 1 + random.below(4); count > 0; count--) {
      const side: SideName = random.unit() < 0.5 ? 'yes' : 'no'
      const levels = [...book[side]]
      const level = levels[random.below(levels.length)]
      const mood = random.unit()
      if (level === undefined || mood < 0.45) take(this.#addition(side))
      else if (mood < 0.7) take({ side, price: level[0], change: -level[1] })
      else if (mood < 0.85) take({ side, price: level[0], change: -Math.ceil(level[1] / 2) })
      else {
        // Cancelled and replaced: about half of all recorded deltas come in such pairs.
        take({ side, price: level[0], change: -level[1] })
        take({ side, price: level[0], change: level[1] })
      }
    }
    this.#uncross(book, group)
    return group
  }

  #uncross(book: PlainBook, group: Change[]): void {
    for (;;) {
      const [yes, no] = [book.best('yes'), book.best('no')]
      if (yes === 0 || no === 0 || yes + no < 10_000) return
      const side: SideName = this.#options.random.unit() < 0.5 ? 'yes' : 'no'
      const price = side === 'yes' ? yes : no
      const change = { side, price, change: -book[side].get(price)! }
      book.apply(change)
      group.push(change)
    }
  }

  #addition(side: SideName): Change {
    const { random } = this.#options
    const grid = random.unit() < 0.1 ? 10 : 100
    const price = grid * (1 + random.below(5_000 / grid + 2))
    const change = random.unit() < 0.2 ? 1 + random.below(10_000) : 100 * (1 + random.below(300))
    return { side, price, change }
  }

  #anyMarket(): Market {
    const all = [...this.#markets.values()]
    return all[this.#options.random.below(all.length)]!
  }

  #price({ useYesPrice }: ExchangeConnection, side: SideName, price: number): string {
    return formatDollars((side === 'no' && useYesPrice ? 10_000 - price : price) as CentiCents)
  }

  #every(ms: number, run: () => void): void {
    const { time } = this.#options
    const again = () => {
      run()
      time.after(ms, 'world', again)
    }
    time.after(ms, 'world', again)
  }
}

function tell(subscription: Subscription, ticker: string, told: Told): void {
  const list = subscription.told.get(ticker)
  if (list === undefined) subscription.told.set(ticker, [told])
  else list.push(told)
}

const json = (frame: object): string => `${JSON.stringify(frame)}\n`
