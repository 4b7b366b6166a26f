/**
 * One client: its subscriptions, the commands it sends and everything that is sent to it.
 *
 * Frames are counted when they are handed to its socket while that is open. What the client does not read before its
 * socket closes was counted and is lost, as on any wire.
 */
import { type Book, encodeSnapshot } from '../ladder.ts'
import type { StageSocket, Venue } from '../venue.ts'
import { type Command, type Named, readCommand } from './command.ts'
import { type FrameFaults, spoil } from './frame-faults.ts'
import type { Outbox } from './outbox.ts'
import { ALL_INDICES, type Channel, type Envelope, ERROR_TEXT, type ErrorCode, encodeFrame } from './protocol.ts'
import { ReplyOrder } from './reply-order.ts'
import { Subscription } from './subscription.ts'

export type ConnectionLimits = {
  readonly marketsPerSubscriptionMax: number
  readonly commandsPerSecondMax: number
  readonly bufferBytesMax: number
}

/** What a connection needs of the exchange around it. */
export type Surroundings = {
  readonly venue: Venue
  readonly limits: ConnectionLimits
  readonly faults: FrameFaults
  /** The chance that a command is carried out after the next one, and where it comes from. */
  readonly replies: { readonly swapRate: number; readonly unit: () => number }
  /** `use_yes_price` is answered the wrong way round. */
  isOrientationFlipped(): boolean
  /** The exchange's wall clock, Unix ms. */
  nowMs(): number
  /** Tells that a connection holds more markets of the order book than before. */
  booksSubscribed(connection: Connection): void
}

export type ConnectionReport = {
  readonly id: number
  readonly remote: string
  readonly frames: Readonly<Record<string, number>>
  readonly total: number
  readonly last_seq: Readonly<Record<string, number>>
  readonly use_yes_price: boolean | null
  readonly open: boolean
}

export class Connection implements StageSocket {
  readonly id: number
  readonly remote: string
  readonly #outbox: Outbox
  readonly #around: Surroundings
  readonly #order: ReplyOrder
  readonly #subscriptions = new Map<number, Subscription>()
  readonly #frames: Record<string, number> = {}
  readonly #lastSeq: Record<string, number> = {}
  #made = 0
  #total = 0
  #nextSid = 1
  #useYesPrice: boolean | null = null
  #second = 0
  #commandsThisSecond = 0
  #isOverflowing = false
  #isStalled = false
  #isDeaf = false
  #held: { readonly type: string; readonly text: string }[] = []
  #heldBytes = 0

  /** One function for all subscriptions, not one for each. */
  readonly #sendOut = (envelope: Envelope): void => this.send(envelope)

  constructor(id: number, remote: string, outbox: Outbox, around: Surroundings) {
    this.id = id
    this.remote = remote
    this.#outbox = outbox
    this.#around = around
    const { swapRate, unit } = around.replies
    this.#order = new ReplyOrder((text) => this.#answer(text), swapRate, unit)
  }

  get isOpen(): boolean {
    return this.#outbox.isOpen
  }

  /** Whether the server answers this client at all: neither stalled nor half-open. */
  get isAnswering(): boolean {
    return !this.#isStalled && !this.#isDeaf
  }

  get bufferedBytes(): number {
    return this.#outbox.bufferedBytes + this.#heldBytes
  }

  /** Markets of the exchange held on the order-book channel. */
  get bookCount(): number {
    let count = 0
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.channel === 'orderbook_delta') {
        for (const ticker of subscription.tickers) if (subscription.listing(ticker) !== undefined) count++
      }
    }
    return count
  }

  /** Takes one text message of the client. */
  receive(text: string): void {
    if (this.#isDeaf) return
    this.#order.receive(text)
  }

  #answer(text: string): void {
    if (this.#isDeaf) return
    if (this.#isOverRate()) this.#refuse(0, 27)
    else {
      const channelOf = (sid: number) => this.#subscriptions.get(sid)?.channel
      this.#carryOut(readCommand(text, channelOf, this.#around.venue.channels))
    }
    this.flush()
  }

  /** Hands one frame to the socket, or does to it what is planned. */
  send(envelope: Envelope): void {
    if (!this.isOpen || this.#isDeaf) return
    const frame = { type: envelope.type, text: encodeFrame(envelope, this.#around.nowMs()) }
    if (envelope.sid !== undefined && envelope.seq !== undefined) this.#lastSeq[envelope.sid] = envelope.seq
    this.#made++
    const isMarketData = envelope.sid !== undefined && envelope.type !== 'ok' && envelope.type !== 'error'
    const fault = this.#around.faults.faultOf(this.id, this.#made, isMarketData)
    if (fault === undefined) this.#hand(frame)
    else for (const each of spoil(frame, fault)) this.#hand(each)
    this.#keepInBounds(envelope.sid)
  }

  /** Sends a text of the caller's making, counted as `raw`. */
  sendRaw(text: string): void {
    if (!this.isOpen || this.#isDeaf) return
    this.#hand({ type: 'raw', text })
    this.flush()
  }

  flush(): void {
    this.#outbox.flush()
  }

  /** Sends an error of a subscription; 10 and 25 end it. False when there is no such sid. */
  sendError(sid: number, code: ErrorCode): boolean {
    const subscription = this.#subscriptions.get(sid)
    if (subscription === undefined) return false
    subscription.send('error', encodeError(code))
    if (code === 10 || code === 25) this.#end(subscription)
    this.flush()
    return true
  }

  /** Holds every frame back until {@link resume}; frames held are not counted yet. */
  stall(): void {
    this.#isStalled = true
  }

  resume(): void {
    this.#isStalled = false
    const held = this.#held
    this.#held = []
    this.#heldBytes = 0
    for (const frame of held) this.#hand(frame)
    this.flush()
  }

  /** From now on nothing is sent and nothing is heard, while the socket stays open. */
  halfOpen(): void {
    this.#isDeaf = true
  }

  /** The next `count` commands are carried out together, the last one first. */
  delayReplies(count: number): void {
    this.#order.reverse(count)
  }

  /** Lets go of all subscriptions; what was counted stays. */
  ended(): void {
    for (const subscription of this.#subscriptions.values()) subscription.end()
    this.#subscriptions.clear()
    this.#order.end()
    this.#held = []
    this.#heldBytes = 0
  }

  report(): ConnectionReport {
    return {
      id: this.id,
      remote: this.remote,
      frames: { ...this.#frames },
      total: this.#total,
      last_seq: { ...this.#lastSeq },
      use_yes_price: this.#useYesPrice,
      open: this.isOpen,
    }
  }

  #hand(frame: { readonly type: string; readonly text: string }): void {
    if (this.#isStalled) {
      this.#held.push(frame)
      this.#heldBytes += frame.text.length
      return
    }
    this.#outbox.push(frame.text)
    this.#frames[frame.type] = (this.#frames[frame.type] ?? 0) + 1
    this.#total++
  }

  #carryOut(command: Command): void {
    switch (command.kind) {
      case 'refused':
        this.#refuse(command.id, command.code, command.sid)
        break
      case 'list':
        this.#list(command.id)
        break
      case 'subscribe':
        this.#subscribe(command)
        break
      case 'unsubscribe':
        this.#unsubscribe(command.id, command.sids)
        break
      case 'update':
        this.#update(command)
        break
      case 'update_indices':
        this.#updateIndices(command)
        break
    }
  }

  #list(id: number): void {
    const rows = [...this.#subscriptions.values()].map(({ channel, sid }) => ({ channel, sid }))
    this.send({ type: 'ok', id, msg: JSON.stringify(rows) })
  }

  #subscribe(command: Extract<Command, { kind: 'subscribe' }>): void {
    const wanted = command.channels.map((channel) => ({
      channel,
      tickers: isIndex(channel) ? this.#indicesFor(command.indexIds) : this.#tickersFor(channel, command.named),
    }))
    const over = wanted.find(
      ({ channel, tickers }) =>
        !carriesAll(channel, command.named) && this.#isOverLimit(this.#holding(channel), tickers),
    )
    if (over !== undefined) {
      this.#refuse(command.id, 26, this.#holding(over.channel)?.sid)
      return
    }
    for (const { channel, tickers } of wanted) {
      const held = this.#holding(channel)
      const subscription = held ?? this.#open(channel, command)
      const added = tickers.filter((ticker) => subscription.add(ticker))
      if (carriesAll(channel, command.named)) subscription.follow()
      if (held === undefined) {
        this.send({ type: 'subscribed', id: command.id, msg: `{"channel":"${channel}","sid":${subscription.sid}}` })
      } else this.#acknowledge(subscription, command.id, command.named)
      this.#sendStart(subscription, added, command.sendInitialSnapshot)
    }
  }

  #unsubscribe(id: number, sids: readonly number[]): void {
    for (const sid of sids) {
      const subscription = this.#subscriptions.get(sid) as Subscription
      subscription.send('unsubscribed', undefined, id)
      this.#end(subscription)
    }
  }

  #update(command: Extract<Command, { kind: 'update' }>): void {
    const subscription = this.#subscriptions.get(command.sid) as Subscription
    const tickers = this.#tickersFor(subscription.channel, command.named)
    if (command.action === 'get_snapshot') {
      const holdsAll = tickers.every((ticker) => subscription.tickers.has(ticker))
      if (!holdsAll) this.#refuse(command.id, 11, command.sid)
      else for (const ticker of tickers) this.#sendBook(subscription, ticker, command.id)
    } else if (command.action === 'delete_markets') {
      for (const ticker of tickers) subscription.delete(ticker)
      this.#acknowledge(subscription, command.id, command.named)
    } else if (this.#isOverLimit(subscription, tickers)) {
      this.#refuse(command.id, 26, command.sid)
    } else {
      const added = tickers.filter((ticker) => subscription.add(ticker))
      this.#acknowledge(subscription, command.id, command.named)
      this.#sendStart(subscription, added, command.sendInitialSnapshot)
    }
  }

  /** Answered by `ok` with the ids held (unconfirmed live); `indexlist` by a frame of its own that changes nothing. */
  #updateIndices({ id, sid, action, indexIds }: Extract<Command, { kind: 'update_indices' }>): void {
    const subscription = this.#subscriptions.get(sid) as Subscription
    if (action === 'indexlist') {
      const msg = JSON.stringify({ index_ids: this.#around.venue.indexIds() })
      subscription.send('cfbenchmarks_value_indexlist', msg, id)
      return
    }
    for (const index of this.#indicesFor(indexIds)) {
      if (action === 'subscribe_indices') subscription.add(index)
      else subscription.delete(index)
    }
    subscription.send('ok', encodeIndices(subscription), id)
  }

  #indicesFor(indexIds: readonly string[]): readonly string[] {
    return indexIds.includes(ALL_INDICES) ? this.#around.venue.indexIds() : indexIds
  }

  #open(channel: Channel, options: { readonly useYesPrice: boolean; readonly skipTickerAck: boolean }): Subscription {
    const subscription = new Subscription(this.#nextSid++, channel, options, this.#around.venue, this.#sendOut)
    this.#subscriptions.set(subscription.sid, subscription)
    if (channel === 'orderbook_delta') this.#useYesPrice = options.useYesPrice
    return subscription
  }

  #tickersFor(channel: Channel, named: Named): readonly string[] {
    const { venue } = this.#around
    if (carriesAll(channel, named)) return venue.tickers()
    if (named?.by === 'tickers') return named.names
    return (named?.names ?? []).flatMap((marketId) => venue.listingById(marketId)?.ticker ?? [])
  }

  /** What a market begins with: its book, or its last ticker where that was asked for. */
  #sendStart(subscription: Subscription, tickers: readonly string[], initialTicker: boolean): void {
    if (subscription.channel === 'orderbook_delta') {
      for (const ticker of tickers) this.#sendBook(subscription, ticker)
      this.#around.booksSubscribed(this)
    }
    if (subscription.channel !== 'ticker' || !initialTicker) return
    for (const ticker of tickers) {
      const listing = subscription.listing(ticker)
      const msg = listing === undefined ? undefined : this.#around.venue.lastTicker(listing)
      if (msg !== undefined) subscription.send('ticker', msg)
    }
  }

  /** An unlisted ticker is no error: its book is empty and its market id is "" (seen by clients, 2026). */
  #sendBook(subscription: Subscription, ticker: string, id?: number): void {
    if (!this.#subscriptions.has(subscription.sid)) return
    const listing = subscription.listing(ticker)
    const book = listing === undefined ? NO_BOOK : this.#around.venue.bookOf(listing)
    const yesPrices = subscription.useYesPrice !== this.#around.isOrientationFlipped()
    subscription.send('orderbook_snapshot', encodeSnapshot(ticker, listing?.marketId ?? '', book, yesPrices), id)
  }

  #acknowledge(subscription: Subscription, id: number, named: Named): void {
    if (subscription.skipTickerAck) subscription.send('ok', undefined, id)
    else if (isIndex(subscription.channel)) subscription.send('ok', encodeIndices(subscription), id)
    else subscription.send('ok', encodeTickers(subscription, named?.by ?? 'tickers'), id)
  }

  #refuse(id: number, code: ErrorCode, sid?: number): void {
    const subscription = sid === undefined ? undefined : this.#subscriptions.get(sid)
    if (subscription === undefined) this.send({ type: 'error', id, msg: encodeError(code) })
    else subscription.send('error', encodeError(code), id)
  }

  #holding(channel: Channel): Subscription | undefined {
    for (const subscription of this.#subscriptions.values()) if (subscription.channel === channel) return subscription
    return undefined
  }

  #isOverLimit(held: Subscription | undefined, tickers: readonly string[]): boolean {
    const all = new Set(tickers)
    for (const ticker of held?.tickers ?? []) all.add(ticker)
    return all.size > this.#around.limits.marketsPerSubscriptionMax
  }

  #isOverRate(): boolean {
    const second = Math.floor(this.#around.nowMs() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#commandsThisSecond = 0
    }
    return ++this.#commandsThisSecond > this.#around.limits.commandsPerSecondMax
  }

  /** A client that does not read loses its subscription first, and its connection when it goes on asking. */
  #keepInBounds(sid: number | undefined): void {
    const { bufferedBytes } = this
    const { bufferBytesMax } = this.#around.limits
    if (bufferedBytes <= bufferBytesMax) return
    if (bufferedBytes > 2 * bufferBytesMax) this.#outbox.destroy()
    else if (sid !== undefined) this.#overflow(sid)
  }

  /** The client reads too slowly: the subscription is dead, and says so in its last frame. */
  #overflow(sid: number): void {
    const subscription = this.#subscriptions.get(sid)
    if (subscription === undefined || this.#isOverflowing) return
    this.#isOverflowing = true
    subscription.send('error', encodeError(25))
    this.#end(subscription)
    this.#isOverflowing = false
  }

  #end(subscription: Subscription): void {
    subscription.end()
    this.#subscriptions.delete(subscription.sid)
  }
}

/** Every channel but the order book may be had without naming markets; market_lifecycle_v2 takes no names at all. */
const carriesAll = (channel: Channel, named: Named): boolean =>
  !isIndex(channel) && (named === undefined || channel === 'market_lifecycle_v2')

const isIndex = (channel: Channel): boolean => channel === 'cfbenchmarks_value'

const NO_BOOK: Book = { yes: new Map(), no: new Map() }

const encodeIndices = ({ tickers }: Subscription): string => JSON.stringify({ index_ids: [...tickers].sort() })

const encodeError = (code: ErrorCode): string => JSON.stringify({ code, msg: ERROR_TEXT[code] })

/** The full list held, under the name by which the command gave its markets. */
function encodeTickers(subscription: Subscription, by: 'tickers' | 'ids'): string {
  const tickers = [...subscription.tickers].sort()
  if (by === 'tickers') return JSON.stringify({ market_tickers: tickers })
  return JSON.stringify({ market_ids: tickers.flatMap((ticker) => subscription.listing(ticker)?.marketId ?? []) })
}
