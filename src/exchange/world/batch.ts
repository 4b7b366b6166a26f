/**
 * Gathers what one engine event does, puts it in the order of the wire, carries it over to the aggregated book and
 * tells it.
 *
 * Kalshi documents no order between a trade and its deltas, so chance decides for each event: trades first, each trade
 * with its delta, or trades last. When what is left of the taker goes into the book, its delta may come before those of
 * the orders that it met, and the book looks crossed until the event is over, as recorded frames show within one ts_ms.
 */
import type { CentiCents, CentiContracts, SideName } from '#domain'
import type { Match } from '../engine/index.ts'
import { applyChange } from '../ladder.ts'
import type { Chance } from './chance.ts'
import type { DeltaHappening, Happening, Tell, TradeHappening } from './happening.ts'
import type { LiveMarket } from './live-market.ts'
import type { TradeIds } from './trade-ids.ts'

const TRADES_FIRST = 0.3
const TRADES_LAST = 0.4
/** Of the events in which something is left of the taker. */
const REST_FIRST = 0.5
/** For REST; older ones are forgotten. */
export const TRADES_KEPT_PER_MARKET = 200

export class Batch {
  readonly #tell: Tell
  readonly #chance: Chance
  readonly #tradeIds: TradeIds
  #happenings: Happening[] = []
  #tradeCount = 0
  #atMs = 0
  /** Deltas and trades told so far, and tickers that they would have set off. */
  framesTold = 0
  /** While set nobody is told: the books that stand when the world begins. */
  isSilent = false

  constructor(tell: Tell, chance: Chance, tradeIds: TradeIds) {
    this.#tell = tell
    this.#chance = chance
    this.#tradeIds = tradeIds
  }

  /** Time of what is gathered next. */
  begin(atMs: number): void {
    this.#atMs = atMs
  }

  changed(market: LiveMarket, side: SideName, price: CentiCents, change: CentiContracts): void {
    this.#happenings.push({ kind: 'delta', market, side, price, change, atMs: this.#atMs })
  }

  matched(market: LiveMarket, { yesPrice, count, takerSide }: Match): void {
    const atMs = this.#atMs
    const takerBookSide = takerSide === 'yes' ? 'bid' : 'ask'
    const tradeId = this.#tradeIds.next()
    const trade = { tradeId, yesPrice, count, takerSide, takerBookSide, atMs } as const
    this.#happenings.push({ kind: 'trade', market, ...trade })
    this.#tradeCount++
    const kept = { ...trade, ticker: market.ticker }
    market.lastTrade = kept
    market.trades.push(kept)
    // Cut rarely: shifting an array at every trade would cost more than the trade.
    if (market.trades.length >= 2 * TRADES_KEPT_PER_MARKET) {
      market.trades.splice(0, market.trades.length - TRADES_KEPT_PER_MARKET)
    }
  }

  add(happening: Happening): void {
    this.#happenings.push(happening)
  }

  /** Ends the event: orders what was gathered, moves the aggregated books, tells. Nothing is told when nothing happened. */
  finish(): void {
    if (this.#happenings.length === 0) return
    const batch = this.#tradeCount > 0 ? this.#ordered(this.#happenings) : this.#happenings
    this.#happenings = []
    this.#tradeCount = 0
    for (const each of batch) {
      if (each.kind === 'delta') applyChange((each.market as LiveMarket).book, each)
      else if (each.kind === 'cleared') {
        each.market.book.yes.clear()
        each.market.book.no.clear()
      }
    }
    if (this.isSilent) return
    this.#count(batch)
    this.#tell(batch)
  }

  #count(batch: readonly Happening[]): void {
    const first = batch[0] as Happening
    this.framesTold += batch.length
    if (!('market' in first)) return
    const market = first.market as LiveMarket
    const second = Math.floor(this.#atMs / 1000)
    if (market.tickerSecond === second || market.engine === undefined || !market.hasTickerChanged()) return
    market.tickerSecond = second
    this.framesTold++
  }

  #ordered(happenings: Happening[]): Happening[] {
    const last = happenings.at(-1) as Happening
    const restFirst = last.kind === 'delta' && last.change > 0 && this.#chance.is(REST_FIRST)
    if (restFirst) happenings.unshift(happenings.pop() as Happening)
    const where = this.#chance.unit()
    if (where >= TRADES_FIRST + TRADES_LAST) return happenings
    const trades = happenings.filter((each): each is TradeHappening => each.kind === 'trade')
    const deltas = happenings.filter((each): each is DeltaHappening => each.kind === 'delta')
    return where < TRADES_FIRST ? [...trades, ...deltas] : [...deltas, ...trades]
  }
}
