/** What goes on in a quiet book: orders are moved, added, made smaller and cancelled behind the best bids. */
import type { CentiContracts, SideName } from '#domain'
import type { RestingOrder } from '../engine/index.ts'
import type { Chance } from './chance.ts'
import type { Crowd } from './crowd.ts'
import type { LiveMarket } from './live-market.ts'
import { deeper, move } from './quotes.ts'

/** Of all that bustle does; the rest adds or cancels, whichever brings the book to its size. */
const MOVES = 0.58
const SHRINKS = 0.06

export function bustle(market: LiveMarket, crowd: Crowd, chance: Chance): void {
  const { engine, character } = market
  const side: SideName =
    chance.unit() * (engine.prices('yes').length + engine.prices('no').length) < engine.prices('yes').length
      ? 'yes'
      : 'no'
  const best = engine.bestPrice(side)
  if (best === undefined) return
  const how = chance.unit()
  if (how < MOVES) {
    const order = anOrder(market, side, chance)
    if (order !== undefined) move(market, order, deeper(market, best, chance, 0), crowd, chance)
    return
  }
  if (how < MOVES + SHRINKS) {
    const order = anOrder(market, side, chance)
    const by = order === undefined ? 0 : Math.floor(order.remaining / 200) * 100
    if (order !== undefined && by > 0) engine.decrease(order.id, order.account, { by: by as CentiContracts })
    return
  }
  const levels = engine.prices(side).length
  const sides = engine.bestPrice('yes') === undefined || engine.bestPrice('no') === undefined ? 1 : 2
  const fullness = engine.orderCount / (character.ordersPerPrice * character.levels * sides)
  if (levels < 2 || chance.unit() * 2 > fullness) {
    const account = chance.is(0.5) ? crowd.aMaker() : chance.pick(crowd.noise)
    crowd.rest(market, account, side, deeper(market, best, chance, 0), crowd.drawSize(character.sizeMedian))
  } else {
    const order = anOrder(market, side, chance)
    if (order !== undefined) crowd.cancel(market, order.id, order.account)
  }
}

/** An order behind the best, or at the best where others stand too; nearer ones more often. */
function anOrder(market: LiveMarket, side: SideName, chance: Chance): RestingOrder | undefined {
  const { engine } = market
  const prices = engine.prices(side)
  const behind = Math.floor(chance.exponential(prices.length / 3))
  const at = Math.max(0, prices.length - 1 - behind)
  const price = prices[at]
  if (price === undefined) return undefined
  let chosen: RestingOrder | undefined
  let seen = 0
  for (const each of engine.ordersAt(side, price)) {
    chosen = each
    seen++
  }
  return at === prices.length - 1 && seen < 2 ? undefined : chosen
}
