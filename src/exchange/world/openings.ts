/** Makes the events that open: which series, how many markets, when it ends, around which number, and how each market is quoted. */
import type { Chance } from './chance.ts'
import { planEvent } from './event-plan.ts'
import { framesPerMarket, type Inner } from './inner.ts'
import { LiveEvent } from './live-event.ts'
import { type Character, LiveMarket } from './live-market.ts'
import { Path, TICK_MS } from './path.ts'
import { type EventKind, INDICES, SERIES, type SeriesPlan } from './series-catalog.ts'
import { SIGNAL_AHEAD_TICKS } from './trading.ts'

/** The first event ends within this, so that a settlement is seen soon. */
const FIRST_ENDS_MS = [45_000, 75_000] as const
/** What is left of the life of an event that is open when the world begins, at least. */
const LEFT_MS_MIN = 20_000
/** The span of the numbers that events of their own have, and their decimals. */
const OWN_NUMBER: Readonly<Partial<Record<EventKind, { start: number; deviation: number; decimals: number }>>> = {
  buckets: { start: 60, deviation: 6, decimals: 0 },
  game: { start: 0, deviation: 9, decimals: 1 },
  scalar: { start: 58, deviation: 3, decimals: 2 },
}
/** Of the games and scalars. */
const CLOSED_EARLY = 0.25
const EARLY_BY_MS = [20_000, 120_000] as const
/** One news costs a market about this many frames; news get this share of the rate. */
const FRAMES_PER_NEWS = 8
const NEWS_SHARE_OF_RATE = 0.3
/** A book costs its levels when it opens; it may cost this share of the frames of the market's life. */
const OPENING_SHARE_OF_LIFE = 0.05
/** A number of one event has at most so many ticks, so that long lives do not fill the memory. */
const OWN_TICKS_MAX = 1800
const UNMADE = 0.14

/** The share of ticks that bring news, so that news fit into the rate. */
export const newsShareOf = (perMarket: number): number =>
  Math.min(1, Math.max(0.003, (perMarket * NEWS_SHARE_OF_RATE) / FRAMES_PER_NEWS))

export class Openings {
  readonly #inner: Inner
  #events = 0

  constructor(inner: Inner) {
    this.#inner = inner
  }

  /** An event of at most `marketsMax` markets. The first ones follow the catalog, so that a small world has something of each. */
  next(marketsMax: number, atMs: number, isInitial: boolean): LiveEvent {
    const { chance } = this.#inner
    const fitting = SERIES.filter(({ sizes }) => sizes[0] <= marketsMax)
    const plan = this.#events < SERIES.length ? (SERIES[this.#events] as SeriesPlan) : pickByWeight(fitting, chance)
    const fits = plan.sizes[0] <= marketsMax
    return this.#make(fits ? plan : (fitting[0] as SeriesPlan), marketsMax, atMs, isInitial)
  }

  #make(plan: SeriesPlan, marketsMax: number, atMs: number, isInitial: boolean): LiveEvent {
    const { chance, options, indexPaths } = this.#inner
    const number = ++this.#events
    const { lifeMs, startUnixMs } = options
    const wholeLifeMs = chance.between(...lifeMs)
    let leftMs = isInitial ? Math.max(Math.min(LEFT_MS_MIN, wholeLifeMs), wholeLifeMs * chance.unit()) : wholeLifeMs
    if (number === 1) leftMs = Math.min(wholeLifeMs, chance.between(...FIRST_ENDS_MS))

    const index = INDICES.find(({ indexId }) => indexId === plan.series.indexId)
    const own = OWN_NUMBER[plan.kind]
    const tickMs = index === undefined ? TICK_MS * Math.ceil(leftMs / TICK_MS / OWN_TICKS_MAX) : TICK_MS
    const ticks = Math.max(2, Math.round(leftMs / tickMs))
    const path =
      index === undefined
        ? this.#ownPath(own as NonNullable<typeof own>, ticks, tickMs, atMs)
        : (indexPaths.get(index.indexId) as Path)
    const decimals = index?.decimals ?? own?.decimals ?? 2
    const now = path.tickAt(atMs)
    const endTick = now + ticks
    const endMs = path.msOf(endTick)
    const canCloseEarly = plan.kind === 'game' || plan.kind === 'scalar'
    const isEarly = canCloseEarly && chance.is(CLOSED_EARLY)
    const closeMs = endMs + (isEarly ? chance.whole(...EARLY_BY_MS) : 0)
    const openMs = isInitial ? Math.floor(atMs - (wholeLifeMs - leftMs)) : atMs
    const createdMs = isInitial ? openMs - chance.whole(1000, 60_000) : atMs

    const size = Math.min(marketsMax, chance.whole(...plan.sizes))
    const event = planEvent(
      {
        plan,
        size,
        closeMs,
        worldStartMs: startUnixMs,
        number,
        value: path.value(now),
        decimals,
        deviation: Math.sqrt(path.varianceBetween(now, endTick)) || 1,
      },
      chance,
    )
    const live = new LiveEvent(plan.series, event, { createdMs, closeMs, canCloseEarly, path, endTick, decimals })
    const times = { createdMs, openMs, closeMs, settlementTimerSeconds: 5 }
    for (const market of event.markets) {
      live.markets.push(new LiveMarket(live, market, plan.grid, this.#character(plan, size, leftMs), times))
    }
    return live
  }

  #ownPath(
    { start, deviation }: { start: number; deviation: number },
    ticks: number,
    tickMs: number,
    atMs: number,
  ): Path {
    const { chance, options } = this.#inner
    const newsShare = Math.max(newsShareOf(framesPerMarket(options)), 1 / ticks)
    return new Path(chance, {
      startMs: atMs,
      tickMs,
      startValue: start + 0.8 * deviation * chance.normal(),
      deviationPerTick: deviation / Math.sqrt(ticks),
      newsShare: Math.min(1, newsShare),
      aheadTicks: ticks + SIGNAL_AHEAD_TICKS + 2,
    })
  }

  #character({ isBusy, kind }: SeriesPlan, size: number, leftMs: number): Character {
    const { chance, options } = this.#inner
    const lifeFrames = (framesPerMarket(options) * leftMs) / 1000
    const weight = (isBusy ? 8 : 1) * chance.logNormal(1, 0.7)
    const levelsWanted = isBusy ? chance.logNormal(105, 0.3) : chance.logNormal(36, 0.5)
    const affordable = lifeFrames * OPENING_SHARE_OF_LIFE * Math.min(weight, 2)
    return {
      halfSpread: isBusy ? chance.between(10, 60) : chance.between(20, 200),
      levels: Math.round(Math.max(2, Math.min(levelsWanted, affordable))),
      ordersPerPrice: isBusy ? 3 : 1.35,
      weight,
      isMade: !(kind === 'ladder' && size > 4 && chance.is(UNMADE)),
      sizeMedian: chance.logNormal(170, 0.7),
    }
  }
}

function pickByWeight(plans: readonly SeriesPlan[], chance: Chance): SeriesPlan {
  let left = chance.unit() * plans.reduce((sum, { weight }) => sum + weight, 0)
  for (const plan of plans) {
    left -= plan.weight
    if (left < 0) return plan
  }
  return plans.at(-1) as SeriesPlan
}
