/** Those who take: noise in either direction, and the informed, who know the fair value before the makers have moved. */
import { ONE_DOLLAR, type SideName } from '#domain'
import type { Chance } from './chance.ts'
import type { Crowd } from './crowd.ts'
import type { LiveMarket } from './live-market.ts'
import { floorToGrid, stepAbove } from './price-grid.ts'

const NOISE_SIZE_MEDIAN = 30
const NOISE_SIZE_SIGMA = 2.3
const INFORMED_SIZE_MEDIAN = 60
const INFORMED_SIZE_SIGMA = 1.3
/** How many steps past the best a noise taker goes at most. */
const REACH_STEPS = 2
/** What is left of a noise taker's order stays in the book for a moment. */
const LEAVES_REST = 0.08
/** The gain an informed trader wants, in 1/10,000 dollar: fees and some more. */
const EDGE = 150

const other = (side: SideName): SideName => (side === 'yes' ? 'no' : 'yes')

/** One order of somebody who knows nothing. Answers the order that was left in the book, if one was. */
export function takeBlindly(market: LiveMarket, crowd: Crowd, chance: Chance): number | undefined {
  const { engine, grid } = market
  const side = chance.is(0.5) ? 'yes' : 'no'
  const met = engine.bestPrice(other(side))
  if (met === undefined) return undefined
  let price = ONE_DOLLAR - met
  for (let step = chance.whole(0, REACH_STEPS); step > 0; step--) price += stepAbove(grid, price)
  if (price >= ONE_DOLLAR) return undefined
  const size = crowd.drawSize(NOISE_SIZE_MEDIAN, NOISE_SIZE_SIGMA)
  const leavesRest = chance.is(LEAVES_REST)
  const account = chance.pick(crowd.noise)
  const placed = crowd.take(
    market,
    account,
    side,
    price,
    size,
    leavesRest ? 'good_till_canceled' : 'immediate_or_cancel',
  )
  return placed.kind === 'accepted' && placed.resting > 0 ? placed.orderId : undefined
}

/** Buys whatever is offered below what it is worth by more than the edge. */
export function takeKnowing(market: LiveMarket, fair: number, crowd: Crowd, chance: Chance): void {
  const { engine, grid } = market
  for (const side of ['yes', 'no'] as const) {
    const worth = (side === 'yes' ? fair : 1 - fair) * ONE_DOLLAR
    const met = engine.bestPrice(other(side))
    const price = floorToGrid(grid, worth - EDGE)
    if (met === undefined || price < ONE_DOLLAR - met) continue
    const size = crowd.drawSize(INFORMED_SIZE_MEDIAN, INFORMED_SIZE_SIGMA)
    crowd.take(market, chance.pick(crowd.informed), side, price, size, 'immediate_or_cancel')
  }
}
