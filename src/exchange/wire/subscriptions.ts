/**
 * What one client holds, sid by sid, and what its commands do to it. Decides and answers; frames, counts and limits of the
 * socket are the connection's.
 */
import { type Book, encodeSnapshot } from '../ladder.ts'
import type { Venue } from '../venue.ts'
import { carriesAll, encodeError, encodeIndices, encodeTickers, isIndex } from './answers.ts'
import { type Command, type Named, readCommand } from './command.ts'
import { ALL_INDICES, type Channel, type Envelope, type ErrorCode } from './protocol.ts'
import { Subscription } from './subscription.ts'

const NO_BOOK: Book = { yes: new Map(), no: new Map() }

export type SubscriptionsOptions = {
  readonly venue: Venue
  readonly marketsPerSubscriptionMax: number
  /** `use_yes_price` is answered the wrong way round. */
  readonly isOrientationFlipped: () => boolean
  readonly send: (envelope: Envelope) => void
  /** Tells that more markets of the order book are held than before. */
  readonly booksSubscribed: () => void
}

export class Subscriptions {
  readonly #options: SubscriptionsOptions
  readonly #bySid = new Map<number, Subscription>()
  #nextSid = 1
  #useYesPrice: boolean | null = null
  #isOverflowing = false

  constructor(options: SubscriptionsOptions) {
    this.#options = options
  }

  /** As the last order-book subscription was asked for; `null` before the first. */
  get useYesPrice(): boolean | null {
    return this.#useYesPrice
  }

  /** Markets of the exchange held on the order-book channel. */
  get bookCount(): number {
    let count = 0
    for (const subscription of this.#bySid.values()) {
      if (subscription.channel === 'orderbook_delta') {
        for (const ticker of subscription.tickers) if (subscription.listing(ticker) !== undefined) count++
      }
    }
    return count
  }

  /** Reads one text message of the client and carries it out; a subscribe or update is refused where `refusal` says so. */
  take(text: string, refusal: (channels: readonly Channel[]) => ErrorCode | undefined = () => undefined): void {
    const channelOf = (sid: number) => this.#bySid.get(sid)?.channel
    const command = readCommand(text, channelOf, this.#options.venue.channels)
    const sid = command.kind === 'update' ? command.sid : undefined
    const channels =
      command.kind === 'subscribe' ? command.channels : sid === undefined ? [] : [channelOf(sid) as Channel]
    const code = channels.length === 0 ? undefined : refusal(channels)
    if (code === undefined) this.#carryOut(command)
    else this.refuse((command as { readonly id: number }).id, code, sid)
  }

  /** Refuses a command; with a sid that is held, in its sequence. */
  refuse(id: number, code: ErrorCode, sid?: number): void {
    const subscription = sid === undefined ? undefined : this.#bySid.get(sid)
    if (subscription === undefined) this.#options.send({ type: 'error', id, msg: encodeError(code) })
    else subscription.send('error', encodeError(code), id)
  }

  /** Sends an error of a subscription; 10 and 25 end it. False when there is no such sid. */
  sendError(sid: number, code: ErrorCode): boolean {
    const subscription = this.#bySid.get(sid)
    if (subscription === undefined) return false
    subscription.send('error', encodeError(code))
    if (code === 10 || code === 25) this.#end(subscription)
    return true
  }

  /** The sids that are held, of one channel or of all. */
  sids(channel?: Channel): number[] {
    return [...this.#bySid.values()].filter((each) => (channel ?? each.channel) === each.channel).map(({ sid }) => sid)
  }

  /** The client reads too slowly: the subscription is dead, and says so in its last frame. */
  overflow(sid: number): void {
    if (this.#isOverflowing) return
    this.#isOverflowing = true
    this.sendError(sid, 25)
    this.#isOverflowing = false
  }

  /** Lets go of all of them. */
  end(): void {
    for (const subscription of this.#bySid.values()) subscription.end()
    this.#bySid.clear()
  }

  #carryOut(command: Command): void {
    switch (command.kind) {
      case 'refused':
        this.refuse(command.id, command.code, command.sid)
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
    const rows = [...this.#bySid.values()].map(({ channel, sid }) => ({ channel, sid }))
    this.#options.send({ type: 'ok', id, msg: JSON.stringify(rows) })
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
      this.refuse(command.id, 26, this.#holding(over.channel)?.sid)
      return
    }
    for (const { channel, tickers } of wanted) {
      const held = this.#holding(channel)
      const subscription = held ?? this.#open(channel, command)
      const added = tickers.filter((ticker) => subscription.add(ticker))
      if (carriesAll(channel, command.named)) subscription.follow()
      if (held === undefined) {
        this.#options.send({
          type: 'subscribed',
          id: command.id,
          msg: `{"channel":"${channel}","sid":${subscription.sid}}`,
        })
      } else this.#acknowledge(subscription, command.id, command.named)
      this.#sendStart(subscription, added, command.sendInitialSnapshot)
    }
  }

  #unsubscribe(id: number, sids: readonly number[]): void {
    for (const sid of sids) {
      const subscription = this.#bySid.get(sid) as Subscription
      subscription.send('unsubscribed', undefined, id)
      this.#end(subscription)
    }
  }

  #update(command: Extract<Command, { kind: 'update' }>): void {
    const subscription = this.#bySid.get(command.sid) as Subscription
    const tickers = this.#tickersFor(subscription.channel, command.named)
    if (command.action === 'get_snapshot') {
      const holdsAll = tickers.every((ticker) => subscription.tickers.has(ticker))
      if (!holdsAll) this.refuse(command.id, 11, command.sid)
      else for (const ticker of tickers) this.#sendBook(subscription, ticker, command.id)
    } else if (command.action === 'delete_markets') {
      for (const ticker of tickers) subscription.delete(ticker)
      this.#acknowledge(subscription, command.id, command.named)
    } else if (this.#isOverLimit(subscription, tickers)) {
      this.refuse(command.id, 26, command.sid)
    } else {
      const added = tickers.filter((ticker) => subscription.add(ticker))
      this.#acknowledge(subscription, command.id, command.named)
      this.#sendStart(subscription, added, command.sendInitialSnapshot)
    }
  }

  /** Answered by `ok` with the ids held (unconfirmed live); `indexlist` by a frame of its own that changes nothing. */
  #updateIndices({ id, sid, action, indexIds }: Extract<Command, { kind: 'update_indices' }>): void {
    const subscription = this.#bySid.get(sid) as Subscription
    if (action === 'indexlist') {
      const msg = JSON.stringify({ index_ids: this.#options.venue.indexIds() })
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
    return indexIds.includes(ALL_INDICES) ? this.#options.venue.indexIds() : indexIds
  }

  #open(channel: Channel, options: { readonly useYesPrice: boolean; readonly skipTickerAck: boolean }): Subscription {
    const subscription = new Subscription(this.#nextSid++, channel, options, this.#options.venue, this.#options.send)
    this.#bySid.set(subscription.sid, subscription)
    if (channel === 'orderbook_delta') this.#useYesPrice = options.useYesPrice
    return subscription
  }

  #tickersFor(channel: Channel, named: Named): readonly string[] {
    const { venue } = this.#options
    if (carriesAll(channel, named)) return venue.tickers()
    if (named?.by === 'tickers') return named.names
    return (named?.names ?? []).flatMap((marketId) => venue.listingById(marketId)?.ticker ?? [])
  }

  /** What a market begins with: its book, or its last ticker where that was asked for. */
  #sendStart(subscription: Subscription, tickers: readonly string[], initialTicker: boolean): void {
    if (subscription.channel === 'orderbook_delta') {
      for (const ticker of tickers) this.#sendBook(subscription, ticker)
      this.#options.booksSubscribed()
    }
    if (subscription.channel !== 'ticker' || !initialTicker) return
    for (const ticker of tickers) {
      const listing = subscription.listing(ticker)
      const msg = listing === undefined ? undefined : this.#options.venue.lastTicker(listing)
      if (msg !== undefined) subscription.send('ticker', msg)
    }
  }

  /** An unlisted ticker is no error: its book is empty and its market id is "" (seen by clients, 2026). */
  #sendBook(subscription: Subscription, ticker: string, id?: number): void {
    if (!this.#bySid.has(subscription.sid)) return
    const listing = subscription.listing(ticker)
    const book = listing === undefined ? NO_BOOK : this.#options.venue.bookOf(listing)
    const yesPrices = subscription.useYesPrice !== this.#options.isOrientationFlipped()
    subscription.send('orderbook_snapshot', encodeSnapshot(ticker, listing?.marketId ?? '', book, yesPrices), id)
  }

  #acknowledge(subscription: Subscription, id: number, named: Named): void {
    if (subscription.skipTickerAck) subscription.send('ok', undefined, id)
    else if (isIndex(subscription.channel)) subscription.send('ok', encodeIndices(subscription), id)
    else subscription.send('ok', encodeTickers(subscription, named?.by ?? 'tickers'), id)
  }

  #holding(channel: Channel): Subscription | undefined {
    for (const subscription of this.#bySid.values()) if (subscription.channel === channel) return subscription
    return undefined
  }

  #isOverLimit(held: Subscription | undefined, tickers: readonly string[]): boolean {
    const all = new Set(tickers)
    for (const ticker of held?.tickers ?? []) all.add(ticker)
    return all.size > this.#options.marketsPerSubscriptionMax
  }

  #end(subscription: Subscription): void {
    subscription.end()
    this.#bySid.delete(subscription.sid)
  }
}
