/**
 * Journal records folded into books: the one place that decides what a frame means.
 *
 * The live feed runs it on each frame right after the journal took it; every reader of a journal runs it on the records.
 * Same records, same books, same verdicts: it has no clock, no chance and no I/O, and it decides nothing about sockets.
 * What it notices it tells its listener, synchronously, while it happens.
 *
 * The rules (docs/wire.md has the sources):
 *  1. Every frame with a `sid` and a `seq` takes the next number of that sid, whatever its type.
 *  2. A number skipped puts every book of the sid in doubt; a number already passed is counted and dropped.
 *  3. A book is proven from its own in-sequence snapshot, and only from that.
 *  4. A delta that would leave less than nothing puts its book in doubt; nothing is clamped.
 *  5. A book may be crossed within one exchange time; still crossed after it, it is in doubt.
 *  6. A malformed frame puts its market in doubt, or the whole sid when no market can be read from it.
 *  7. An answer to get_snapshot of a proven book is compared with it before it counts (audits.ts).
 */
import {
  DeltaScanner,
  decodeFrame,
  FieldCensus,
  type Frame,
  readCommand,
  type SnapshotFrame,
  TickerTable,
} from '#codec'
import type {
  CentiCents,
  CentiContracts,
  CheckpointBook,
  ConnectionOpenedBody,
  ContextBody,
  ContextConnection,
  GapBody,
  Level,
  Side,
  ValidityBody,
} from '#domain'
import { Audits } from './audits.ts'
import { Belief } from './belief.ts'
import { Connection } from './connection.ts'
import { newCounts } from './counts.ts'
import { isTerminal } from './error-codes.ts'
import type { FoldListener } from './listener.ts'
import { type DoubtCause, Market } from './market.ts'
import { Subscription } from './subscription.ts'

const BOOK_CHANNEL = 'orderbook_delta'

export class Fold {
  readonly counts = newCounts()
  readonly census = new FieldCensus()
  readonly #listener: FoldListener
  readonly #belief: Belief
  readonly #audits: Audits
  readonly #tickers = new TickerTable()
  /** By the market's number in the ticker table; a number given up leaves a hole. */
  readonly #markets: (Market | undefined)[] = []
  readonly #connections = new Map<number, Connection>()
  readonly #scanner = new DeltaScanner(this.#tickers)
  readonly #decoder = new TextDecoder()
  /** A piece of the journal was missed, and no context has come since. */
  #isBehindDamage = false
  /** The connection of the last frame: frames come in runs of one. */
  #current: Connection | undefined

  constructor(listener: FoldListener = {}) {
    this.#listener = listener
    this.#belief = new Belief(listener, this.counts)
    this.#audits = new Audits(listener, this.counts, this.#belief)
  }

  /** The market of a ticker; `undefined` when nothing was ever heard of it. */
  market(ticker: string): Market | undefined {
    const number = this.#tickers.numberOf(ticker)
    return number < 0 ? undefined : this.#markets[number]
  }

  /** All markets, in order of first sight. */
  markets(): Market[] {
    return this.#markets.filter((each) => each !== undefined)
  }

  connection(id: number): Connection | undefined {
    return this.#connections.get(id)
  }

  connections(): Iterable<Connection> {
    return this.#connections.values()
  }

  /** A connection opened. */
  opened(id: number, body: ConnectionOpenedBody): void {
    // Open already means that its end was lost with a piece of the journal.
    this.lost(id)
    this.#connections.set(id, new Connection(id, body))
    this.#current = undefined
  }

  /** A connection ended: its books stand still and are no longer proven. */
  lost(id: number, cause: DoubtCause = 'connection_lost'): void {
    const connection = this.#connections.get(id)
    if (connection === undefined) return
    for (const each of connection.subscriptions()) this.#belief.doubtAll(each, cause)
    this.#connections.delete(id)
    this.#current = undefined
  }

  /** The recording ended here: whatever is open is open no more. */
  ended(cause: DoubtCause): void {
    for (const id of [...this.#connections.keys()]) this.lost(id, cause)
  }

  /** A run of the recorder began: whatever was open before it died without a word. */
  sessionStarted(): void {
    this.ended('process_down')
  }

  /** A command as sent: tells which markets a connection waits for, and which it lets go. */
  command(id: number, bytes: Uint8Array): void {
    const connection = this.#connections.get(id)
    const command = readCommand(this.#decoder.decode(bytes))
    if (connection === undefined || command === undefined) return
    this.counts.commands++
    if (command.cmd === 'subscribe' && command.channels.includes(BOOK_CHANNEL)) this.#ask(connection, command.markets)
    if (command.cmd !== 'update_subscription' || command.sids.length === 0) return
    const subscription = connection.subscription(command.sids[0]!)
    if (subscription?.channel !== BOOK_CHANNEL) return
    if (command.action === 'add_markets') this.#ask(connection, command.markets)
    if (command.action === 'get_snapshot') {
      for (const ticker of command.markets) this.#audits.asked(subscription, this.market(ticker))
    }
    if (command.action === 'delete_markets') {
      this.#letGo(connection, subscription, command.id, command.markets)
    }
  }

  /**
   * One WebSocket text message. `receivedMs` is its receive stamp as Unix ms with fraction: kept with the book, decides
   * nothing. Synchronous; allocates nothing for a delta in today's shape.
   */
  frame(id: number, bytes: Uint8Array, receivedMs: number): void {
    let connection = this.#current
    if (connection === undefined || connection.id !== id) {
      connection = this.#connections.get(id)
      if (connection === undefined) {
        this.counts.unplaced++
        return
      }
      this.#current = connection
    }
    this.counts.frames++
    const scanner = this.#scanner
    if (scanner.scan(bytes, connection.opened.useYesPrice)) {
      this.counts.scanned++
      const { sid, seq, side, price, change, exchangeMs } = scanner
      this.#delta(connection, sid, seq, this.#markets[scanner.market]!, side, price, change, exchangeMs, receivedMs)
      return
    }
    this.#plain(connection, bytes, receivedMs)
  }

  /** A change of validity whose cause lies outside the frames. */
  validity({ action, markets, cause }: ValidityBody, connection?: number): void {
    if (action === 'settle_orientation') {
      const settled = connection === undefined ? undefined : this.#connections.get(connection)
      settled?.asked.stopWaiting()
      if (settled?.orientation.settle() === true) this.#belief.orientationChanged(settled)
      return
    }
    if (action === 'release') {
      this.#release(markets ?? [], connection === undefined ? undefined : this.#connections.get(connection))
      return
    }
    for (const ticker of markets ?? []) {
      const market = this.market(ticker)
      if (market === undefined) continue
      if (action === 'settle_audits') this.#audits.ended(market)
      else this.#belief.doubt(market, cause)
    }
  }

  /** What a segment says of the open connections at its start. Only a reader that begins there needs it. */
  context(body: ContextBody): void {
    for (const each of body.connections ?? []) {
      const known = this.#connections.get(each.connection)
      if (known !== undefined) {
        const isSame = (each.sids ?? []).every(({ sid, lastSeq }) => known.subscription(sid)?.last === lastSeq)
        if (!this.#isBehindDamage || isSame) continue
        // Frames of it were in the piece that was missed: it stands where this says.
        this.lost(each.connection, 'journal_damage')
      }
      const connection = new Connection(each.connection, each)
      connection.orientation.resume(each.orientation ?? {})
      connection.sendsIds = each.sendsIds === true
      connection.asked.resume(each.asked ?? {})
      // Known by name from here on, as the feed knew them: a frame that is malformed puts its own market in doubt alone.
      for (const ticker of connection.asked.tickers()) this.#marketOf(ticker)
      for (const { market: ticker, cause } of each.doubts ?? []) {
        const market = this.#marketOf(ticker)
        if (!market.proven) market.cause = cause as DoubtCause
      }
      for (const standing of each.sids ?? []) {
        const subscription = new Subscription(connection, standing.sid, standing.channel, 'any')
        subscription.resume(standing)
        connection.add(subscription)
        if (standing.channel === BOOK_CHANNEL) this.#notRead(connection, subscription, each.doubts ?? [])
      }
      this.#connections.set(each.connection, connection)
      // It may have been judged where nothing was recorded.
      if (connection.orientation.verdict !== 'pending') this.#listener.oriented?.(connection)
    }
    this.#isBehindDamage = false
    this.#current = undefined
  }

  /** A book as the feed had it here. Taken over by a reader that has not proven that market itself. */
  checkpoint(book: CheckpointBook, receivedMs: number): void {
    const subscription = this.#connections.get(book.connection)?.subscription(book.sid)
    if (subscription === undefined) return
    const market = this.#marketOf(book.market)
    market.deltasSinceCheckpoint = 0
    market.basedMs = receivedMs
    if (market.proven && differs(market, book)) this.#listener.checkpointDiffers?.(market)
    if (market.proven) return
    market.book.replace({ yes: book.yes as readonly Level[], no: book.no as readonly Level[] })
    market.exchangeMs = book.exchangeMs
    this.#belief.prove(subscription, market, book.seq, receivedMs)
  }

  /** A piece of the journal cannot be read: whatever stood there, nothing is believed across it. */
  damaged(): void {
    this.#isBehindDamage = true
    for (const connection of this.#connections.values()) {
      for (const each of connection.subscriptions()) this.#belief.doubtAll(each, 'journal_damage')
    }
  }

  /**
   * The journal took no frames for a while, since the disk was full: nothing is believed across it. While its end is not
   * known the connections stay; at its end they are given up, and the context that follows tells where they stand by then.
   * For readers: the feed's own books lived on.
   */
  gap({ cause, toNs }: GapBody): void {
    if (cause !== 'disk_full') return
    for (const connection of this.#connections.values()) {
      for (const each of connection.subscriptions()) this.#belief.doubtAll(each, 'disk_full')
    }
    if (toNs !== undefined) this.ended('disk_full')
  }

  /**
   * What led to these books is in no journal. A reader takes the next snapshot of each for its first; so must we, or it would be
   * an audit here and a proof there. Nor does a question of before count: no reader has seen it of a book that it holds.
   */
  unrecorded(): void {
    for (const market of this.markets()) {
      market.isUnrecorded = true
      // It differs, and what may explain it is in no journal.
      if (market.audit?.isOpen === true) this.#belief.doubt(market, 'disk_full')
      market.audit = undefined
    }
  }

  /** Lets a market go for good: its number in the table is used again. */
  forget(ticker: string): void {
    const market = this.market(ticker)
    if (market === undefined) return
    this.#belief.doubt(market, 'unsubscribed')
    this.#listener.letGo?.(market)
    market.source?.detach(market)
    this.#markets[this.#tickers.numberOf(ticker)] = undefined
    this.#tickers.remove(ticker)
  }

  #plain(connection: Connection, bytes: Uint8Array, receivedMs: number): void {
    const text = this.#decoder.decode(bytes)
    const frame = decodeFrame(text, connection.opened.useYesPrice, this.census.watch)
    switch (frame.type) {
      case 'delta': {
        const { sid, seq, side, price, change, exchangeMs } = frame
        const market = connection.opened.firstSeq === 'any' ? this.#marketOf(frame.market) : this.market(frame.market)
        this.#delta(connection, sid, seq, market, side, price, change, exchangeMs, receivedMs)
        return
      }
      case 'snapshot':
        this.#snapshot(connection, frame, receivedMs)
        return
      case 'trade':
        this.counts.trades++
        if (this.#takePlace(connection, frame, receivedMs)) this.#listener.trade?.(connection.id, frame)
        return
      case 'ticker':
        this.#ticker(connection, frame, receivedMs)
        return
      case 'malformed':
        this.#malformed(connection, frame, receivedMs)
        return
      case 'unknown':
        this.#unknown(connection, frame, receivedMs)
        return
      default:
        this.counts.controls++
        this.#control(connection, frame, receivedMs)
    }
  }

  #delta(
    connection: Connection,
    sid: number,
    seq: number,
    market: Market | undefined,
    side: Side,
    price: CentiCents,
    change: CentiContracts,
    exchangeMs: number,
    receivedMs: number,
  ): void {
    this.counts.deltas++
    const subscription = connection.subscription(sid)
    if (subscription === undefined) {
      this.counts.unplaced++
      return
    }
    if (seq === subscription.last! + 1) subscription.last = seq
    else if (!this.#takeNumber(connection, subscription, seq)) return
    subscription.lastMs = receivedMs
    if (exchangeMs > subscription.exchangeMs) subscription.exchangeMs = exchangeMs
    if (subscription.crossed.size > 0) this.#belief.endCrossedGroups(subscription, market, exchangeMs)

    if (market?.audit?.isEndedBy(exchangeMs) === true) this.#audits.ended(market)
    if (market?.proven !== true || market.source !== subscription) {
      this.#notApplied(connection, market)
      return
    }
    const size = market.book.add(side, price, change)
    if (size < 0) {
      this.counts.negative++
      this.#belief.doubt(market, 'negative_size')
      return
    }
    market.seq = seq
    market.exchangeMs = exchangeMs
    market.changedMs = receivedMs
    market.deltas++
    market.deltasSinceCheckpoint++
    if (market.book.isCrossed) this.#belief.crossed(subscription, market)
    if (market.audit?.applied(side, price, change, exchangeMs) === true) this.#audits.explained(market)
    this.#listener.applied?.(market, side, price, change, size as CentiContracts)
    this.#listener.changed?.(market)
  }

  #snapshot(connection: Connection, frame: Frame & { type: 'snapshot' }, receivedMs: number): void {
    this.counts.snapshots++
    const subscription = connection.subscription(frame.sid)
    if (subscription === undefined) {
      this.counts.unplaced++
      return
    }
    if (!this.#takeNumber(connection, subscription, frame.seq)) return
    const beforeMs = subscription.lastMs
    subscription.lastMs = receivedMs
    if (frame.id !== undefined) connection.sendsIds = true
    const arrival = connection.arrived(frame.market)
    if (arrival === 'unasked') {
      this.counts.unasked++
      return
    }
    const market = this.#marketOf(frame.market)
    // A ticker that the exchange does not know is answered with an empty id ([R] 2026-05, unconfirmed live).
    if (frame.marketId === '') {
      this.counts.unknownMarkets++
      this.#belief.doubt(market, 'unknown_market')
      this.#listener.unknownMarket?.(connection.id, market)
    } else {
      if (subscription.unread.has(market) && arrival === 'later' && !isEmptied(frame)) {
        this.counts.unread++
        return
      }
      const isAudit =
        market.proven && !market.isUnrecorded && market.source === subscription && isAnswer(connection, frame, market)
      if (isAudit && !this.#audits.compare(market, frame, beforeMs)) return
      if (!isAudit) this.#audits.replaced(market)
      market.book.replace(frame)
      market.isUnrecorded = false
      market.snapshots++
      market.deltasSinceCheckpoint = 0
      // A reader that begins in this segment may have to pass over any later snapshot: the segment needs a book besides.
      if (arrival === 'first') market.basedMs = receivedMs
      market.snapshotMs = receivedMs
      market.exchangeMs = 0
      if (connection.orientation.see(market.ticker, market.book)) this.#belief.orientationChanged(connection)
      this.#belief.prove(subscription, market, frame.seq, receivedMs)
      if (isAudit) this.#audits.matched(market, frame)
      this.#listener.changed?.(market)
    }
    if (arrival === 'first') this.#settleIfAllCame(connection)
  }

  #ticker(connection: Connection, frame: Frame & { type: 'ticker' }, receivedMs: number): void {
    this.counts.tickers++
    if (!this.#takePlace(connection, frame, receivedMs)) return
    const market = this.market(frame.market)
    if (frame.yesAsk !== undefined && market?.proven === true && market.source?.connectionId === connection.id) {
      if (connection.orientation.compare(market.book, frame.yesAsk)) this.#belief.orientationChanged(connection)
    }
    this.#listener.ticker?.(connection.id, frame)
  }

  #malformed(connection: Connection, frame: Frame & { type: 'malformed' }, receivedMs: number): void {
    this.counts.malformed++
    this.#takePlace(connection, frame, receivedMs)
    const market = frame.market === undefined ? undefined : this.market(frame.market)
    for (const each of connection.subscriptions()) {
      // Without a sid it may have been for any of them.
      if (each.channel !== BOOK_CHANNEL || each.sid !== (frame.sid ?? each.sid)) continue
      if (market === undefined) this.#belief.doubtAll(each, 'malformed')
      else this.#belief.doubt(market, 'malformed')
    }
    this.#listener.malformed?.(connection.id, frame)
  }

  /** Kept, counted and passed over; told when it came where books are told of, since it may have been about one. */
  #unknown(connection: Connection, frame: Frame & { type: 'unknown' }, receivedMs: number): void {
    this.counts.unknown++
    this.census.countType(frame.name)
    this.#takePlace(connection, frame, receivedMs)
    const subscription = frame.sid === undefined ? undefined : connection.subscription(frame.sid)
    this.#listener.passedOver?.(connection.id, frame.name)
    if (subscription?.channel === BOOK_CHANNEL) this.#listener.unread?.(connection.id, frame.name)
  }

  #control(connection: Connection, frame: ControlFrame, receivedMs: number): void {
    if (frame.type === 'subscribed') this.#subscribed(connection, frame.sid, frame.channel)
    else if (frame.type !== 'list') this.#takePlace(connection, frame, receivedMs)

    this.#forgetAll(connection.asked.answered(frame.id))
    const subscription = 'sid' in frame && frame.sid !== undefined ? connection.subscription(frame.sid) : undefined
    if (subscription !== undefined && frame.type === 'unsubscribed') {
      this.#belief.doubtAll(subscription, 'unsubscribed')
      connection.remove(subscription.sid)
    }
    if (subscription !== undefined && frame.type === 'error' && isTerminal(frame.code)) {
      // Nothing that still comes on it is believed.
      this.#belief.doubtAll(subscription, 'terminal_error')
      connection.remove(subscription.sid)
    }
    this.#listener.control?.(connection.id, frame)
  }

  #subscribed(connection: Connection, sid: number, channel: string): void {
    const before = connection.opened.firstSeq === 'any' ? undefined : connection.subscription(sid)
    if (before !== undefined) this.#belief.doubtAll(before, 'sequence_break')
    connection.add(new Subscription(connection, sid, channel, 'one'))
  }

  /** Takes a frame's number where it has one. Answers whether the frame counts: `false` for one already passed. */
  #takePlace(
    connection: Connection,
    place: { sid: number | undefined; seq: number | undefined },
    receivedMs: number,
  ): boolean {
    if (place.sid === undefined || place.seq === undefined) return true
    const subscription = connection.subscription(place.sid)
    if (subscription === undefined) return true
    if (!this.#takeNumber(connection, subscription, place.seq)) return false
    subscription.lastMs = receivedMs
    return true
  }

  /** Takes the next number of a subscription, in order or not. Answers `false` for one already passed: drop its frame. */
  #takeNumber(connection: Connection, subscription: Subscription, seq: number): boolean {
    const { last = seq - 1 } = subscription
    const meaning = subscription.take(seq)
    if (meaning === 'next') return true
    if (meaning === 'repeat') {
      this.counts.repeats++
      return false
    }
    this.counts.breaks++
    if (subscription.channel === BOOK_CHANNEL) this.#belief.doubtAll(subscription, 'sequence_break')
    if (meaning === 'fell_back') {
      this.#listener.fellBack?.(connection.id, subscription, seq)
      return false
    }
    this.#listener.broken?.(connection.id, subscription, last + 1, seq)
    return true
  }

  /** A delta of a book that is not proven, or of a market that we do not hold. */
  #notApplied(connection: Connection, market: Market | undefined): void {
    if (market === undefined) {
      this.counts.unasked++
      return
    }
    this.counts.unproven++
    if (market.cause !== 'unknown_market' || !connection.asked.has(market.ticker)) return
    market.cause = 'no_snapshot'
    this.#listener.stirred?.(connection.id, market)
  }

  #ask(connection: Connection, tickers: readonly string[]): void {
    for (const ticker of tickers) {
      const market = this.#marketOf(ticker)
      connection.asked.ask(ticker)
      this.#listener.asked?.(connection.id, market)
    }
  }

  #letGo(connection: Connection, subscription: Subscription, id: number | undefined, tickers: readonly string[]): void {
    connection.asked.letGo(id, tickers)
    for (const ticker of tickers) {
      const market = this.market(ticker)
      if (market === undefined) continue
      if (market.source === subscription) {
        this.#belief.doubt(market, 'unsubscribed')
        subscription.detach(market)
      }
      this.#listener.letGo?.(market)
    }
    this.#settleIfAllCame(connection)
  }

  /** Markets are recorded no longer, whatever the exchange was told. */
  #release(tickers: readonly string[], connection: Connection | undefined): void {
    connection?.asked.drop(tickers)
    this.#forgetAll(tickers)
    if (connection !== undefined) this.#settleIfAllCame(connection)
  }

  /** Forgets markets that no connection asks for. */
  #forgetAll(tickers: readonly string[]): void {
    const connections = [...this.#connections.values()]
    for (const ticker of tickers) if (!connections.some(({ asked }) => asked.has(ticker))) this.forget(ticker)
  }

  #settleIfAllCame(connection: Connection): void {
    if (connection.asked.awaiting === 0 && connection.orientation.settle()) this.#belief.orientationChanged(connection)
  }

  /** A reader begins at this context: what the feed holds proven is told by checkpoints. */
  #notRead(connection: Connection, subscription: Subscription, doubts: NonNullable<ContextConnection['doubts']>): void {
    const inDoubt = new Set(doubts.map(({ market }) => market))
    for (const ticker of connection.asked.tickers()) {
      if (inDoubt.has(ticker) || connection.asked.isAwaiting(ticker)) continue
      this.#belief.unread(subscription, this.#marketOf(ticker))
    }
  }

  #marketOf(ticker: string): Market {
    const known = this.#tickers.numberOf(ticker)
    if (known >= 0) return this.#markets[known]!
    const market = new Market(ticker)
    this.#markets[this.#tickers.add(ticker)] = market
    return market
  }
}

/**
 * Answers carry the id of their command (API, after 2026-08-22). Of an exchange that sends none, what comes after a question
 * is its answer, unless it looks like what comes after a close.
 */
const isAnswer = ({ sendsIds }: Connection, frame: SnapshotFrame, { audit }: Market): boolean =>
  frame.id !== undefined || (!sendsIds && audit !== undefined && !isEmptied(frame))

/** The snapshot that comes unasked after a close: both sides absent ([R] recorded frames, 2026-08). */
const isEmptied = ({ id, yes, no }: SnapshotFrame): boolean => id === undefined && yes.length === 0 && no.length === 0

/** Whether a checkpoint holds another book than the one that was folded. */
function differs(market: Market, { yes, no }: CheckpointBook): boolean {
  const folded = market.book.levels()
  return !sameLevels(folded.yes, yes) || !sameLevels(folded.no, no)
}

const sameLevels = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]): boolean =>
  a.length === b.length && a.every(([price, size], index) => price === b[index]![0] && size === b[index]![1])

type ControlFrame = Extract<Frame, { type: 'subscribed' | 'ok' | 'list' | 'unsubscribed' | 'error' }>
