/**
 * What one connection subscribes: one `subscribe` for each channel with the first markets, the rest by `add_markets` in
 * chunks once the sids are known. Pure bookkeeping of tickers and sids; when to send is the session's business.
 */
import type { Channel, Command } from '#codec'

/** The order-book channel, on which everything depends. */
export const BOOKS: Channel = 'orderbook_delta'

/** 500 to a command worked on demo ([R] 2026-05); smaller chunks keep the burst of snapshots small. */
const CHUNK_SIZE = 250

export type PlanOptions = {
  readonly markets: readonly string[]
  readonly useYesPrice: boolean
  /** The order-book channel comes first. */
  readonly channels: readonly Channel[]
  /** Tickers in one subscribe or add_markets. */
  readonly chunkSize?: number
}

export class SubscriptionPlan {
  readonly #options: PlanOptions
  readonly #sids = new Map<Channel, number>()
  /** Channels beside the books that the exchange refused: their absence does not hold up the rest. */
  readonly #refused = new Set<Channel>()
  readonly wanted: Set<string>
  /** Asked for on this connection and not proven since. */
  readonly unproven = new Set<string>()
  /** Tickers not yet asked for on this connection. */
  #unasked: string[] = []
  /** Let go before the sids were known. */
  #toDelete: string[] = []
  /** Halved when the exchange finds a first subscribe too large. */
  #chunkSize: number

  constructor(options: PlanOptions) {
    this.#options = options
    this.#chunkSize = options.chunkSize ?? CHUNK_SIZE
    this.wanted = new Set(options.markets)
  }

  /** The sid of the order-book channel. */
  get bookSid(): number | undefined {
    return this.#sids.get(BOOKS)
  }

  /** Whether every market was asked for and the books have their sid. */
  get isAsked(): boolean {
    return (
      this.#unasked.length === 0 &&
      this.#toDelete.length === 0 &&
      (this.wanted.size === 0 || this.bookSid !== undefined)
    )
  }

  /** A connection opened: nothing is asked for yet. */
  begin(): void {
    this.end()
    this.#unasked = [...this.wanted]
  }

  /** The connection is gone, with its sids. */
  end(): void {
    this.#sids.clear()
    this.#refused.clear()
    this.unproven.clear()
    this.#unasked = []
    this.#toDelete = []
  }

  subscribed(channel: string, sid: number): void {
    this.#sids.set(channel as Channel, sid)
  }

  hasSid(sid: number): boolean {
    return [...this.#sids.values()].includes(sid)
  }

  /** The exchange will not have this channel. */
  refuseChannel(channel: Channel): void {
    this.#refused.add(channel)
  }

  /** Markets that the exchange will not have on this connection. */
  drop(markets: readonly string[]): void {
    for (const market of markets) {
      this.wanted.delete(market)
      this.unproven.delete(market)
    }
  }

  /** Takes markets in; answers those that were not there. */
  add(markets: readonly string[]): string[] {
    const fresh = markets.filter((each) => !this.wanted.has(each))
    for (const each of fresh) this.wanted.add(each)
    return fresh
  }

  /** Lets markets go; answers those that were there. */
  remove(markets: readonly string[]): string[] {
    const gone = markets.filter((each) => this.wanted.has(each))
    const notAsked = new Set(this.#unasked)
    this.#toDelete.push(...gone.filter((each) => !notAsked.has(each)))
    this.drop(gone)
    this.#unasked = this.#unasked.filter((each) => this.wanted.has(each))
    return gone
  }

  /** The first subscribe was too large: the next one is half as large. */
  shrink(): void {
    this.#chunkSize = Math.max(1, Math.floor(this.#chunkSize / 2))
  }

  /** Puts markets that were added on the list of those to ask for. */
  enqueue(markets: readonly string[]): void {
    this.#unasked.push(...markets)
  }

  /**
   * The commands that ask for what is not asked for yet. `isIdle`: nothing is on its way, so that a first `subscribe` is
   * not sent twice; it is all there is until its sids are known.
   */
  next(isIdle: boolean): Command[] {
    if (this.#hasAllSids()) {
      const commands = this.#update('delete_markets', this.#toDelete.splice(0))
      while (this.#unasked.length > 0) commands.push(...this.#update('add_markets', this.#nextChunk()))
      return commands
    }
    return this.#sids.size === 0 && isIdle ? this.#subscribeFirst() : []
  }

  /** A change without the markets that have changed their place since; `undefined` when nothing is left of it. */
  stillMeant(command: Command): Command | undefined {
    if (command.cmd !== 'update') return command
    const isAdded = command.action !== 'delete_markets'
    const markets = command.markets.filter((each) => this.wanted.has(each) === isAdded)
    return markets.length === 0 ? undefined : { ...command, markets }
  }

  /** The same change for every sid of the connection. */
  #update(action: 'add_markets' | 'delete_markets', markets: readonly string[]): Command[] {
    if (markets.length === 0) return []
    return [...this.#sids.values()].map((sid) => ({ cmd: 'update', action, sid, markets }))
  }

  #subscribeFirst(): Command[] {
    const markets = this.#nextChunk()
    if (markets.length === 0) return []
    const { channels, useYesPrice } = this.#options
    return channels.map((channel) => ({ cmd: 'subscribe', channel, markets, useYesPrice }))
  }

  #nextChunk(): string[] {
    const chunk = this.#unasked.splice(0, this.#chunkSize)
    for (const market of chunk) this.unproven.add(market)
    return chunk
  }

  #hasAllSids(): boolean {
    const { channels } = this.#options
    return (
      this.bookSid !== undefined && channels.every((channel) => this.#sids.has(channel) || this.#refused.has(channel))
    )
  }
}
