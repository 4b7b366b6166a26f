/**
 * What the world tells, as frames for whoever subscribed, in the same moment and the same order. All frames of one engine
 * event are handed over in one go, so that no other frame comes between.
 */
import { emptyBook, encodeSnapshot } from '../ladder.ts'
import type { Subscriber } from '../venue.ts'
import type { Channel } from '../wire/protocol.ts'
import type { DeltaHappening, Happening, TradeHappening, WorldMarket } from '../world/index.ts'
import type { Audiences } from './audiences.ts'
import { IndexAverages } from './index-averages.ts'
import { encodeEvent, encodeIndex, encodeLifecycle } from './lifecycle-messages.ts'
import { encodeDelta, encodeTrade } from './market-messages.ts'
import { TickerDesk } from './ticker-desk.ts'

export class WorldFrames {
  readonly #audiences: Audiences
  readonly #isOrientationFlipped: () => boolean
  readonly #desk = new TickerDesk()
  readonly #averages = new IndexAverages()

  constructor(audiences: Audiences, isOrientationFlipped: () => boolean) {
    this.#audiences = audiences
    this.#isOrientationFlipped = isOrientationFlipped
  }

  /** Unix ms at which the next ticker is due; infinity when none is. */
  get nextTickerMs(): number {
    return this.#desk.nextMs
  }

  /** Sends the tickers that are due. */
  sendTickers(atMs: number): void {
    this.#desk.send(atMs, ({ ticker }, msg) => this.#sendTo('ticker', ticker, 'ticker', msg))
  }

  /** The last `ticker` of a market; `undefined` before the first. */
  lastTicker(ticker: string): string | undefined {
    return this.#desk.lastOf(ticker)
  }

  forget(market: WorldMarket): void {
    this.#desk.forget(market)
  }

  /** Sends one happening, and notes whose ticker it makes due. */
  tell(happening: Happening): void {
    const { atMs } = happening
    switch (happening.kind) {
      case 'delta':
        this.#tellDelta(happening)
        break
      case 'trade':
        this.#tellTrade(happening)
        break
      case 'cleared':
        this.#tellCleared(happening.market)
        this.#desk.touched(happening.market, atMs)
        break
      case 'lifecycle':
        this.#tellAll('market_lifecycle_v2', encodeLifecycle(happening.market, happening.change))
        break
      case 'event':
        this.#tellAll('event_lifecycle', encodeEvent(happening.event))
        break
      case 'index':
        this.#tellIndex(happening.indexId, happening.value, atMs)
        break
    }
  }

  #tellDelta(happening: DeltaHappening): void {
    const subscribers = this.#audiences.find(happening.market.ticker)?.orderbook_delta
    if (subscribers !== undefined) {
      this.#sendInBoth(subscribers, 'orderbook_delta', (yesPrices) => encodeDelta(happening, yesPrices))
    }
    this.#desk.changed(happening, happening.atMs)
  }

  #tellTrade(happening: TradeHappening): void {
    const subscribers = this.#audiences.find(happening.market.ticker)?.trade
    if (subscribers !== undefined && subscribers.size > 0) {
      const msg = encodeTrade(happening)
      for (const subscriber of subscribers) subscriber.send('trade', msg)
    }
    this.#desk.touched(happening.market, happening.atMs)
  }

  #tellCleared({ ticker, marketId }: WorldMarket): void {
    const subscribers = this.#audiences.find(ticker)?.orderbook_delta
    if (subscribers === undefined) return
    const empty = emptyBook()
    this.#sendInBoth(subscribers, 'orderbook_snapshot', (yesPrices) =>
      encodeSnapshot(ticker, marketId, empty, yesPrices),
    )
  }

  #tellIndex(indexId: string, value: string, atMs: number): void {
    const averages = this.#averages.take(indexId, value, atMs)
    this.#sendTo('cfbenchmarks_value', indexId, 'cfbenchmarks_value', encodeIndex(indexId, value, atMs, averages))
  }

  #tellAll(type: string, msg: string): void {
    for (const subscriber of this.#audiences.followers('market_lifecycle_v2')) subscriber.send(type, msg)
  }

  #sendTo(channel: Channel, name: string, type: string, msg: string): void {
    const subscribers = this.#audiences.find(name)?.[channel]
    if (subscribers === undefined) return
    for (const subscriber of subscribers) subscriber.send(type, msg)
  }

  /** Encodes at most once for each of the two ways to write a NO price. */
  #sendInBoth(subscribers: ReadonlySet<Subscriber>, type: string, encode: (yesPrices: boolean) => string): void {
    let plain: string | undefined
    let inYesPrices: string | undefined
    const isFlipped = this.#isOrientationFlipped()
    for (const subscriber of subscribers) {
      if (subscriber.useYesPrice !== isFlipped) {
        inYesPrices ??= encode(true)
        subscriber.send(type, inYesPrices)
      } else {
        plain ??= encode(false)
        subscriber.send(type, plain)
      }
    }
  }
}
