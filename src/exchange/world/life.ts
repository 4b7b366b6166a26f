/**
 * The life of events and their markets: created, open, at times paused, closed, determined, settled, forgotten.
 *
 * What Kalshi tells nobody (opening and closing by the clock) is told to nobody here either. How a book ends differs by
 * chance, as recorded frames do: a burst of cancels with one ts_ms, or an empty snapshot without any, or both.
 */
import type { CentiCents } from '#domain'
import { ONE_DOLLAR } from '#domain'
import { MarketEngine, type OrderId } from '../engine/index.ts'
import type { LifecycleChange } from './happening.ts'
import type { Inner } from './inner.ts'
import type { LiveEvent } from './live-event.ts'
import type { LiveMarket } from './live-market.ts'
import { type GridName, isOnGrid } from './price-grid.ts'
import type { Trading } from './trading.ts'
import { KEEP_ENDED_MS_DEFAULT } from './world-options.ts'

const OPENS_AFTER_MS = [200, 1200] as const
/** From the close to the end of the book. */
const PURGE_AFTER_MS = [0, 300] as const
const CLEARED_AFTER_PURGE_MS = [5, 1500] as const
const DETERMINED_AFTER_MS = [2500, 6000] as const
const SETTLED_AFTER_MS = [2000, 6000] as const
const PURGED_AND_CLEARED = 0.45
const PURGED_ALONE = 0.1
const EARLY_TOLD_MS = [1000, 3000] as const
/** Of the events. */
const PAUSED = 0.08
const PAUSE_MS = [4000, 15_000] as const
/** Of the events on the grid of whole cents. */
const GRID_CHANGED = 0.05

export class Life {
  readonly #inner: Inner
  readonly #trading: Trading
  readonly #refill: (atMs: number) => void
  #orders = 0

  /** `refill` is called when markets have closed. */
  constructor(inner: Inner, trading: Trading, refill: (atMs: number) => void) {
    this.#inner = inner
    this.#trading = trading
    this.#refill = refill
  }

  /** An event that is open when the world begins. Nobody is told. */
  beginOpen(event: LiveEvent, atMs: number): void {
    this.#list(event)
    for (const market of event.markets) {
      this.#activate(market, atMs)
      this.#trading.openAtOnce(market, atMs)
    }
    this.#plan(event, atMs)
  }

  /** An event that is created now and opens soon. */
  create(event: LiveEvent, atMs: number): void {
    const { batch, chance, timetable } = this.#inner
    this.#list(event)
    const openMs = atMs + chance.whole(...OPENS_AFTER_MS)
    for (const market of event.markets) market.openMs = openMs
    batch.begin(atMs)
    batch.add({ kind: 'event', event, atMs })
    batch.finish()
    for (const market of event.markets) this.#tellLifecycle(market, 'created', atMs)
    timetable.at(openMs, (now) => {
      for (const market of event.markets) {
        this.#activate(market, now)
        this.#trading.open(market, now)
      }
    })
    this.#plan(event, openMs)
  }

  #list(event: LiveEvent): void {
    const { events, markets, eventsOf, batch, ledger } = this.#inner
    events.set(event.ticker, event)
    const onPath = eventsOf.get(event.path)
    if (onPath === undefined) eventsOf.set(event.path, new Set([event]))
    else onPath.add(event)
    for (const market of event.markets) {
      markets.set(market.ticker, market)
      market.engine = new MarketEngine({
        ledger,
        fees: { type: event.series.feeType, multiplier: event.series.feeMultiplier },
        isOnGrid: (price) => isOnGrid(market.grid, price),
        nextOrderId: (): OrderId => ++this.#orders,
        listener: {
          changed: (side, price, change) => {
            if (!market.isMuted) batch.changed(market, side, price, change)
          },
          matched: (match) => batch.matched(market, match),
        },
      })
    }
  }

  #activate(market: LiveMarket, atMs: number): void {
    market.status = 'active'
    market.updatedMs = atMs
    this.#inner.activeWeight += market.character.weight
  }

  #plan(event: LiveEvent, openMs: number): void {
    const { timetable, chance } = this.#inner
    const endMs = event.path.msOf(event.endTick)
    const first = event.markets[0] as LiveMarket
    timetable.at(endMs, (now) => this.#close(event, now))
    if (first.closeMs > endMs) {
      timetable.at(Math.max(openMs + 1, endMs - chance.whole(...EARLY_TOLD_MS)), (now) =>
        this.#closeEarly(event, endMs, now),
      )
    }
    const at = openMs + chance.between(0.2, 0.7) * (endMs - openMs)
    if (chance.is(PAUSED)) timetable.at(at, (now) => this.#pause(chance.pick(event.markets), endMs, now))
    const changeAt = openMs + chance.between(0.2, 0.8) * (endMs - openMs)
    if (first.grid === 'linear_cent' && chance.is(GRID_CHANGED)) {
      timetable.at(changeAt, (now) => this.#refineGrid(event, now))
    }
  }

  #closeEarly(event: LiveEvent, closeMs: number, atMs: number): void {
    for (const market of event.markets) {
      market.closeMs = closeMs
      this.#tellLifecycle(market, 'close_date_updated', atMs)
    }
  }

  #pause(market: LiveMarket, endMs: number, atMs: number): void {
    const { chance, timetable } = this.#inner
    const untilMs = atMs + chance.whole(...PAUSE_MS)
    if (market.status !== 'active' || untilMs >= endMs) return
    market.engine.pause()
    market.status = 'inactive'
    this.#tellLifecycle(market, 'deactivated', atMs)
    timetable.at(untilMs, (now) => this.#reactivate(market, now))
  }

  /** All resting orders are cancelled when a pause ends (docs.kalshi.com market lifecycle, 2026-06-01). */
  #reactivate(market: LiveMarket, atMs: number): void {
    if (market.status !== 'inactive') return
    const { batch, chance, timetable } = this.#inner
    batch.begin(atMs)
    market.engine.cancelAll()
    batch.finish()
    market.engine.resume()
    market.status = 'active'
    this.#tellLifecycle(market, 'activated', atMs)
    timetable.at(atMs + chance.whole(20, 400), (now) => this.#trading.rebuild(market, now))
  }

  #refineGrid(event: LiveEvent, atMs: number): void {
    for (const market of event.markets) this.refineMarket(market, 'tapered_deci_cent', atMs)
  }

  /** False for a market that is not open, or has that grid. */
  refineMarket(market: LiveMarket, grid: GridName, atMs: number): boolean {
    if (market.status !== 'active' || market.grid === grid) return false
    market.grid = grid
    this.#tellLifecycle(market, 'price_level_structure_updated', atMs)
    return true
  }

  #close(event: LiveEvent, atMs: number): void {
    const { chance, timetable, eventsOf } = this.#inner
    const onPath = eventsOf.get(event.path)
    onPath?.delete(event)
    if (onPath?.size === 0) eventsOf.delete(event.path)
    const determinedMs = atMs + chance.whole(...DETERMINED_AFTER_MS)
    const settledMs = determinedMs + chance.whole(...SETTLED_AFTER_MS)
    for (const market of event.markets) {
      market.status = 'closed'
      market.closeMs = atMs
      market.updatedMs = atMs
      market.engine.close()
      this.#inner.activeWeight -= market.character.weight
      this.#endBook(market, atMs)
      timetable.at(determinedMs, (now) => this.#determine(market, now))
      timetable.at(settledMs, (now) => this.#settle(market, now))
    }
    const { keepEndedMs = KEEP_ENDED_MS_DEFAULT } = this.#inner.options
    timetable.at(settledMs + keepEndedMs, () => this.#forget(event))
    this.#refill(atMs)
  }

  #endBook(market: LiveMarket, closeMs: number): void {
    const { batch, chance, timetable } = this.#inner
    const how = chance.unit()
    const purgeMs = closeMs + chance.whole(...PURGE_AFTER_MS)
    const isPurged = how < PURGED_AND_CLEARED + PURGED_ALONE
    timetable.at(purgeMs, (now) => {
      batch.begin(now)
      market.isMuted = !isPurged
      market.engine.cancelAll()
      market.isMuted = false
      if (!isPurged) batch.add({ kind: 'cleared', market, atMs: now })
      batch.finish()
    })
    if (how >= PURGED_AND_CLEARED) return
    timetable.at(purgeMs + chance.whole(...CLEARED_AFTER_PURGE_MS), (now) => {
      batch.begin(now)
      batch.add({ kind: 'cleared', market, atMs: now })
      batch.finish()
    })
  }

  #determine(market: LiveMarket, atMs: number): void {
    const pays = market.event.payoff(market)
    market.status = 'determined'
    market.settlementValue = Math.round(pays * ONE_DOLLAR) as CentiCents
    market.result = market.marketType === 'scalar' ? 'scalar' : pays === 1 ? 'yes' : 'no'
    market.expirationValue = market.event.describeEnd()
    market.determinedMs = atMs
    this.#tellLifecycle(market, 'determined', atMs)
  }

  #settle(market: LiveMarket, atMs: number): void {
    market.engine.settle(market.settlementValue as CentiCents)
    market.status = 'finalized'
    market.settledMs = atMs
    this.#tellLifecycle(market, 'settled', atMs)
  }

  #forget(event: LiveEvent): void {
    this.#inner.events.delete(event.ticker)
    for (const { ticker } of event.markets) this.#inner.markets.delete(ticker)
  }

  #tellLifecycle(market: LiveMarket, change: LifecycleChange, atMs: number): void {
    const { batch } = this.#inner
    market.updatedMs = atMs
    batch.begin(atMs)
    batch.add({ kind: 'lifecycle', market, change, atMs })
    batch.finish()
  }
}
