/** Trading in the markets that are open: what news set off, and the bustle between them. */
import type { CentiContracts, SideName } from '#domain'
import { bustle } from './bustle.ts'
import type { Inner } from './inner.ts'
import type { LiveEvent } from './live-event.ts'
import type { LiveMarket } from './live-market.ts'
import { build, deeper, requote, type Targets, targetsOf } from './quotes.ts'
import { takeBlindly, takeKnowing } from './takers.ts'

/** Of the markets that news reach, in which somebody takes before the makers have moved. */
const INFORMED_SHARE = 0.2
const MAKER_LATENCY_MS = 6
/** Makers of a large world do not all move within the same milliseconds. */
const LATENCY_MS_PER_MARKET = 0.02
/** Of the things that a pulse does. */
const TAKES = 0.07
/** A pulse goes on with another thing. */
const GOES_ON = 0.45
const WAIT_MS_MAX = 2000
const EXCITEMENT_SIGMA = 0.75
/** How much of a second's excitement is still there in the next, as a logarithm: four fifths. */
const EXCITEMENT_KEPT_LOG = Math.log(0.8)
/** How far ahead a planted signal looks. */
export const SIGNAL_AHEAD_TICKS = 5
const SIGNAL_RIGHT = 0.85
const SIGNAL_SIZE = 4
const BUILD_STEPS = 4

export class Trading {
  readonly #inner: Inner

  constructor(inner: Inner) {
    this.#inner = inner
  }

  /** The market opens: its makers come within a second, and it begins to bustle. */
  open(market: LiveMarket, atMs: number): void {
    if (!market.character.isMade) return
    const { chance, timetable } = this.#inner
    let ms = atMs
    for (let step = 1; step <= BUILD_STEPS; step++) {
      ms += chance.whole(5, 150)
      const orders = Math.ceil((market.character.levels * step) / BUILD_STEPS)
      timetable.at(ms, (now) => this.#build(market, orders, now))
    }
    this.#pulseLater(market, ms)
  }

  /** The whole book at once, for markets that are open when the world begins. */
  openAtOnce(market: LiveMarket, atMs: number): void {
    if (!market.character.isMade) return
    this.#build(market, market.character.levels, atMs)
    const { batch, crowd, chance } = this.#inner
    const targets = this.#targets(market, atMs)
    batch.begin(atMs)
    for (const side of ['yes', 'no'] as const) {
      if (targets[side] === 0) continue
      const more = market.engine.prices(side).length * (market.character.ordersPerPrice - 1)
      for (let extra = 0; extra < more; extra++) {
        const price = deeper(market, targets[side], chance, 0)
        crowd.rest(market, chance.pick(crowd.noise), side, price, crowd.drawSize(market.character.sizeMedian))
      }
    }
    batch.finish()
    this.#pulseLater(market, atMs)
  }

  /** After a pause: the book is made anew. */
  rebuild(market: LiveMarket, atMs: number): void {
    if (market.character.isMade) this.#build(market, market.character.levels, atMs)
  }

  /** The latent number moved: the informed may take what stands, then the makers move. */
  news(event: LiveEvent, tick: number, atMs: number): void {
    const { chance, timetable, batch, crowd, options } = this.#inner
    const latencyMs = MAKER_LATENCY_MS + LATENCY_MS_PER_MARKET * options.markets
    for (const market of event.markets) {
      if (market.status !== 'active' || !market.character.isMade) continue
      const informed = chance.is(INFORMED_SHARE)
      const waitMs = 1 + chance.exponential(latencyMs)
      if (informed) {
        batch.begin(atMs)
        takeKnowing(market, event.fairValue(market, tick), crowd, chance)
        batch.finish()
      }
      timetable.at(atMs + waitMs, (now) => this.requote(market, now, true))
    }
  }

  /** Brings the best bids to where the makers want them. */
  requote(market: LiveMarket, atMs: number, isNews = false): void {
    if (market.status !== 'active') return
    const { batch, crowd, chance, options } = this.#inner
    const targets = this.#targets(market, atMs)
    batch.begin(atMs)
    requote(market, targets, crowd, chance)
    if (options.signal && isNews) this.#plant(market, targets, atMs)
    batch.finish()
  }

  #targets(market: LiveMarket, atMs: number): Targets {
    const { event } = market
    return targetsOf(market, event.fairValue(market, event.path.tickAt(atMs)))
  }

  #build(market: LiveMarket, orders: number, atMs: number): void {
    if (market.status !== 'active') return
    const { batch, crowd } = this.#inner
    const targets = this.#targets(market, atMs)
    batch.begin(atMs)
    build(market, targets, crowd, orders)
    batch.finish()
  }

  #pulseLater(market: LiveMarket, fromMs: number): void {
    const { timetable, pace, chance } = this.#inner
    const share = market.character.weight / Math.max(this.#inner.activeWeight, market.character.weight)
    const pulsesPerMs = (pace.bustlePerSecond * share * this.#excitement(market, fromMs)) / pace.framesPerPulse / 1000
    const waitMs = chance.exponential(1 / pulsesPerMs)
    // Waits have no memory, so one that is too long is drawn again later, at the rate of then.
    const isPulse = waitMs <= WAIT_MS_MAX
    timetable.at(fromMs + Math.min(waitMs, WAIT_MS_MAX), (now) => {
      if (market.status === 'active' && isPulse) this.#pulse(market, now)
      if (market.status === 'active' || market.status === 'inactive') this.#pulseLater(market, now)
    })
  }

  #pulse(market: LiveMarket, atMs: number): void {
    const { batch, chance, crowd, pace, timetable } = this.#inner
    const before = batch.framesTold
    do {
      batch.begin(atMs)
      if (chance.is(TAKES)) {
        const volume = market.engine.volume
        takeBlindly(market, crowd, chance)
        if (market.engine.volume !== volume) {
          timetable.at(atMs + chance.whole(1, 4), (now) => this.requote(market, now))
        }
      } else bustle(market, crowd, chance)
      batch.finish()
    } while (chance.is(GOES_ON))
    pace.pulsed(batch.framesTold - before)
  }

  /** Around 1, and alike from one second to the next. */
  #excitement(market: LiveMarket, atMs: number): number {
    const { chance } = this.#inner
    const second = Math.floor(atMs / 1000)
    if (market.excitementSecond !== second) {
      const passed = market.excitementSecond < 0 ? 1000 : second - market.excitementSecond
      const kept = Math.exp(passed * EXCITEMENT_KEPT_LOG)
      market.excitementLog =
        market.excitementLog * kept + Math.sqrt(1 - kept * kept) * EXCITEMENT_SIGMA * chance.normal()
      market.excitementSecond = second
      market.excitement = Math.exp(market.excitementLog - (EXCITEMENT_SIGMA * EXCITEMENT_SIGMA) / 2)
    }
    return market.excitement
  }

  /** Somebody who knows what comes bids at the best price of the side that will be worth more. */
  #plant(market: LiveMarket, targets: Targets, atMs: number): void {
    const { chance, crowd } = this.#inner
    const { event, engine, signalOrder } = market
    const account = crowd.informed[0] as number
    if (signalOrder !== undefined) engine.cancel(signalOrder.id, account)
    market.signalOrder = undefined
    const tick = event.path.tickAt(atMs)
    const ahead = event.fairValue(market, tick + SIGNAL_AHEAD_TICKS) - event.fairValue(market, tick)
    if (ahead === 0) return
    const rises = ahead > 0 === chance.is(SIGNAL_RIGHT)
    const side: SideName = rises ? 'yes' : 'no'
    if (targets[side] === 0) return
    const size = (Math.round(market.character.sizeMedian * SIGNAL_SIZE) * 100) as CentiContracts
    const placed = crowd.rest(market, account, side, targets[side], size)
    if (placed.kind === 'accepted' && placed.resting > 0) market.signalOrder = { id: placed.orderId, side }
  }
}
