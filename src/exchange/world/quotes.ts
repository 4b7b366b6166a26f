/**
 * The makers of one market: where they bid, and how they move their orders there.
 *
 * They bid as far below the fair value as the market's character says, on both sides, and at the prices behind. When
 * the fair value moves, orders that bid too much are cancelled and put back deeper, and the deepest are cancelled and
 * put where nobody bids yet: a change of −q and one of +q, next to each other.
 */
import { ONE_DOLLAR, type SideName } from '#domain'
import type { RestingOrder } from '../engine/index.ts'
import type { Chance } from './chance.ts'
import type { Crowd } from './crowd.ts'
import type { LiveMarket } from './live-market.ts'
import { floorToGrid, stepBelow } from './price-grid.ts'

/** Prices that are filled when the best bid goes up: the best and a few behind, the rest stay empty for now. */
const RAISE_AT_MOST = 3
/** Of the orders that bid too much, those put back deeper; the others are cancelled, and bustle fills the book again. */
const PUT_BACK = 0.35
/** Of the orders that are put somewhere else, those that keep their size. */
const KEEPS_SIZE = 0.85

export type Targets = { readonly yes: number; readonly no: number }

/** The best bids that makers will have at this fair value; 0 where they bid nothing. */
export function targetsOf(market: LiveMarket, fair: number): Targets {
  const price = fair * ONE_DOLLAR
  const { halfSpread } = market.character
  return {
    yes: floorToGrid(market.grid, price - halfSpread),
    no: floorToGrid(market.grid, ONE_DOLLAR - price - halfSpread),
  }
}

/** Moves both sides to the targets: first the one that bids too much, so that nothing crosses. */
export function requote(market: LiveMarket, targets: Targets, crowd: Crowd, chance: Chance): void {
  for (const side of ['yes', 'no'] as const) pullDown(market, side, targets[side], crowd, chance)
  for (const side of ['yes', 'no'] as const) raise(market, side, targets[side], crowd, chance)
}

/** Fills both sides up to the number of prices wanted, from the best down, at most `orders` of them. */
export function build(market: LiveMarket, targets: Targets, crowd: Crowd, orders: number): void {
  for (const side of ['yes', 'no'] as const) {
    let price = targets[side]
    for (let placed = 0; placed < orders && price > 0; placed++) {
      if (market.engine.firstAt(side, price as never) === undefined) {
        crowd.rest(market, crowd.aMaker(), side, price, crowd.drawSize(market.character.sizeMedian))
      }
      price -= stepBelow(market.grid, price)
    }
  }
}

function pullDown(market: LiveMarket, side: SideName, best: number, crowd: Crowd, chance: Chance): void {
  const { engine } = market
  for (;;) {
    const price = engine.bestPrice(side)
    if (price === undefined || price <= best) return
    const order = engine.firstAt(side, price) as RestingOrder
    const to = best > 0 && chance.is(PUT_BACK) ? deeper(market, best, chance) : 0
    move(market, order, to, crowd, chance)
  }
}

function raise(market: LiveMarket, side: SideName, best: number, crowd: Crowd, chance: Chance): void {
  const { engine } = market
  const from = engine.bestPrice(side) ?? 0
  let price = best
  for (let raised = 0; raised < RAISE_AT_MOST && price > from; raised++) {
    const prices = engine.prices(side)
    const deepest = prices[0]
    if (deepest !== undefined && deepest < price && prices.length >= market.character.levels) {
      move(market, engine.firstAt(side, deepest) as RestingOrder, price, crowd, chance)
    } else crowd.rest(market, crowd.aMaker(), side, price, crowd.drawSize(market.character.sizeMedian))
    price -= stepBelow(market.grid, price)
  }
}

/** Cancels the order and puts its size, or at times another, at another price; nowhere when that is 0. */
export function move(market: LiveMarket, order: RestingOrder, price: number, crowd: Crowd, chance: Chance): void {
  const { id, account, side, remaining } = order
  crowd.cancel(market, id, account)
  if (price === 0) return
  const size = chance.is(KEEPS_SIZE) ? remaining : crowd.drawSize(market.character.sizeMedian)
  crowd.rest(market, account, side, price, size)
}

/** A price behind `best`: most often near it, at times far. */
export function deeper(market: LiveMarket, best: number, chance: Chance, from = 1): number {
  const steps = from + Math.floor(chance.exponential(market.character.levels / 2.5))
  let price = best
  for (let step = 0; step < steps; step++) {
    const next = price - stepBelow(market.grid, price)
    if (next <= 0)
      return best - (best - price) * chance.unit() > 0 ? floorToGrid(market.grid, chance.between(price, best)) : best
    price = next
  }
  return price
}
