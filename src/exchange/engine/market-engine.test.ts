/** The rules of one market, one at a time. Whole histories are compared in test/exchange/world-engine.test.ts. */
import { describe, expect, test } from 'vitest'
import type { CentiCents, CentiContracts, SideName } from '#domain'
import type { FeeSchedule } from './fees.ts'
import { CENT_PRECISION, Ledger } from './ledger.ts'
import { MarketEngine, type Match } from './market-engine.ts'
import type { OrderRequest, Placed } from './order.ts'

const DOLLAR = 1_000_000

function openMarket(fees: FeeSchedule = { type: 'quadratic', multiplier: 1 }, precision?: number) {
  const ledger = new Ledger()
  const [ann, bob, cid] = [0, 1, 2].map(() => ledger.open(1000 * DOLLAR, precision)) as [number, number, number]
  const told: string[] = []
  const matches: Match[] = []
  let orders = 0
  const engine = new MarketEngine({
    ledger,
    fees,
    isOnGrid: (price) => price % 100 === 0,
    nextOrderId: () => ++orders,
    listener: {
      changed: (side, price, change) => told.push(`${side} ${price} ${change}`),
      matched: (match) => {
        matches.push(match)
        told.push(`match ${match.yesPrice} ${match.count} taker ${match.takerSide}`)
      },
      cancelled: (order, count, reason) => told.push(`${reason} ${order.id} ${count}`),
    },
  })
  const place = (
    account: number,
    side: SideName,
    price: number,
    count: number,
    more: Partial<OrderRequest> = {},
  ): Placed => engine.place({ account, side, price: price as CentiCents, count: count as CentiContracts, ...more })
  const rested = (...order: Parameters<typeof place>): number => {
    const placed = place(...order)
    if (placed.kind === 'refused') throw new Error(placed.reason)
    told.length = 0
    return placed.orderId
  }
  const total = () => ledger.balancesMicros() + ledger.collateralMicros + ledger.feesMicros
  return { engine, ledger, ann, bob, cid, told, matches, place, rested, total }
}

const centi = (count: number) => count as CentiContracts
const at = (price: number, count: number) => ({ price: price as CentiCents, count: centi(count) })

describe('matching', () => {
  test('a YES bid meets NO bids at one minus its price and above, best first, at their prices', () => {
    const { ann, bob, cid, place, told, rested } = openMarket()
    rested(ann, 'no', 6000, 500)
    rested(bob, 'no', 6200, 300)
    rested(bob, 'no', 5900, 300)
    expect(place(cid, 'yes', 4000, 1000)).toMatchObject({ filled: 800, resting: 200, cancelled: 0 })
    expect(told).toEqual([
      'no 6200 -300',
      'match 3800 300 taker yes',
      'no 6000 -500',
      'match 4000 500 taker yes',
      'yes 4000 200',
    ])
  })

  test('at one price the older order fills first', () => {
    const { ann, bob, cid, place, matches, rested } = openMarket()
    rested(ann, 'yes', 3000, 100)
    rested(bob, 'yes', 3000, 100)
    place(cid, 'no', 7000, 150)
    expect(matches.map(({ maker, count }) => [maker, count])).toEqual([
      [ann, 100],
      [bob, 50],
    ])
  })

  test('fills partly, and what is left keeps its place', () => {
    const { engine, ann, bob, cid, place, matches, rested } = openMarket()
    const first = rested(ann, 'yes', 3000, 1000)
    rested(bob, 'yes', 3000, 1000)
    place(cid, 'no', 7000, 300)
    expect(engine.order(first)).toMatchObject({ remaining: 700, filled: 300 })
    place(cid, 'no', 7000, 700)
    expect(matches.every(({ maker }) => maker === ann)).toBe(true)
  })

  test('immediate-or-cancel leaves nothing in the book', () => {
    const { engine, ann, bob, place, rested } = openMarket()
    rested(ann, 'no', 6000, 100)
    expect(place(bob, 'yes', 4000, 500, { timeInForce: 'immediate_or_cancel' })).toMatchObject({
      filled: 100,
      resting: 0,
      cancelled: 400,
    })
    expect(engine.orderCount).toBe(0)
  })

  test('fill-or-kill fills all or changes nothing', () => {
    const { ann, bob, place, told, rested } = openMarket()
    rested(ann, 'no', 6000, 100)
    rested(ann, 'no', 5000, 100)
    expect(place(bob, 'yes', 4900, 200, { timeInForce: 'fill_or_kill' })).toEqual({
      kind: 'refused',
      reason: 'fill_or_kill_insufficient',
    })
    expect(told).toEqual([])
    expect(place(bob, 'yes', 5000, 200, { timeInForce: 'fill_or_kill' })).toMatchObject({ filled: 200 })
  })

  test('post-only is refused when it would take, at the very price too', () => {
    const { ann, bob, place, rested } = openMarket()
    rested(ann, 'no', 6000, 100)
    expect(place(bob, 'yes', 4000, 100, { postOnly: true })).toEqual({ kind: 'refused', reason: 'post_only_cross' })
    expect(place(bob, 'yes', 3900, 100, { postOnly: true })).toMatchObject({ resting: 100 })
    expect(place(bob, 'yes', 3900, 100, { postOnly: true, timeInForce: 'immediate_or_cancel' })).toEqual({
      kind: 'refused',
      reason: 'invalid_parameters',
    })
  })

  test.each([
    [0, 100, 'invalid_price'],
    [10_000, 100, 'invalid_price'],
    [4050, 100, 'invalid_price'],
    [40.5, 100, 'invalid_price'],
    [Number.NaN, 100, 'invalid_price'],
    [4000, 0, 'invalid_order_size'],
    [4000, -1, 'invalid_order_size'],
    [4000, 1.5, 'invalid_order_size'],
    [4000, 250_100, 'available_balance_too_low'],
  ])('price %d and count %d are refused: %s', (price, count, reason) => {
    const { ann, place, told } = openMarket()
    expect(place(ann, 'yes', price, count)).toEqual({ kind: 'refused', reason })
    expect(told).toEqual([])
  })
})

describe('self-trade prevention', () => {
  test('taker_at_cross cancels what is left of the taker; its fills stand', () => {
    const { engine, ann, bob, place, rested } = openMarket()
    rested(bob, 'no', 6100, 100)
    const own = rested(ann, 'no', 6000, 100)
    expect(place(ann, 'yes', 4000, 500)).toMatchObject({ filled: 100, resting: 0, cancelled: 400 })
    expect(engine.order(own)).toMatchObject({ remaining: 100 })
  })

  test('maker cancels the resting order and goes on', () => {
    const { engine, ann, bob, place, told, rested } = openMarket()
    const own = rested(ann, 'no', 6100, 100)
    rested(bob, 'no', 6000, 100)
    expect(place(ann, 'yes', 4000, 500, { selfTradePrevention: 'maker' })).toMatchObject({ filled: 100, resting: 400 })
    expect(told.slice(0, 2)).toEqual(['no 6100 -100', `self_trade ${own} 100`])
    expect(engine.order(own)).toBeUndefined()
  })

  test('a fill-or-kill that meets its own account behaves like immediate-or-cancel', () => {
    const { ann, bob, place, rested } = openMarket()
    rested(bob, 'no', 6100, 100)
    rested(ann, 'no', 6000, 900)
    expect(place(ann, 'yes', 4000, 500, { timeInForce: 'fill_or_kill' })).toMatchObject({ filled: 100, cancelled: 400 })
  })
})

describe('changing orders', () => {
  test('decrease keeps the place, by or to a size', () => {
    const { engine, ann, bob, cid, place, matches, rested, told } = openMarket()
    const first = rested(ann, 'yes', 3000, 1000)
    rested(bob, 'yes', 3000, 1000)
    expect(engine.decrease(first, ann, { by: centi(400) })).toBe(600)
    expect(engine.decrease(first, ann, { to: centi(200) })).toBe(200)
    expect(told.filter((each) => each.startsWith('yes'))).toEqual(['yes 3000 -400', 'yes 3000 -400'])
    place(cid, 'no', 7000, 200)
    expect(matches[0]?.maker).toBe(ann)
    expect(engine.decrease(first, ann, { to: centi(100) })).toBeUndefined()
  })

  test.each([{ by: centi(0) }, { by: centi(-5) }, { to: centi(1001) }, { to: centi(-1) }, { to: centi(0.5) }])(
    'decrease %o is no size',
    (how) => {
      const { engine, ann, rested } = openMarket()
      const order = rested(ann, 'yes', 3000, 1000)
      expect(engine.decrease(order, ann, how)).toBeUndefined()
      expect(engine.order(order)?.remaining).toBe(1000)
    },
  )

  test('amend counts what has filled; less at the same price keeps the place, anything else loses it', () => {
    const { engine, ann, bob, cid, place, matches, rested } = openMarket()
    const first = rested(ann, 'yes', 3000, 1000)
    rested(bob, 'yes', 3000, 1000)
    place(cid, 'no', 7000, 100)
    expect(engine.amend(first, ann, at(3000, 600))).toMatchObject({ resting: 500 })
    place(cid, 'no', 7000, 100)
    expect(engine.amend(first, ann, at(3000, 5000))).toMatchObject({ resting: 4800 })
    place(cid, 'no', 7000, 100)
    expect(matches.map(({ maker }) => maker)).toEqual([ann, ann, bob])
  })

  test('amend to a price that crosses takes', () => {
    const { engine, ann, bob, rested, matches } = openMarket()
    rested(bob, 'no', 6000, 100)
    const order = rested(ann, 'yes', 3000, 300)
    expect(engine.amend(order, ann, { ...at(4000, 300), postOnly: true })).toEqual({
      kind: 'refused',
      reason: 'post_only_cross',
    })
    expect(engine.amend(order, ann, at(4000, 300))).toMatchObject({ filled: 100, resting: 200 })
    expect(matches).toHaveLength(1)
  })

  test('nobody changes the order of another', () => {
    const { engine, ann, bob, rested } = openMarket()
    const order = rested(ann, 'yes', 3000, 300)
    expect(engine.cancel(order, bob)).toBeUndefined()
    expect(engine.decrease(order, bob, { to: centi(1) })).toBeUndefined()
    expect(engine.amend(order, bob, at(3000, 1))).toEqual({ kind: 'refused', reason: 'order_not_found' })
    expect(engine.cancel(order, ann)).toBe(300)
    expect(engine.cancel(order, ann)).toBeUndefined()
  })

  test('all are cancelled, or those of one account, each with a change of its own', () => {
    const { engine, ledger, ann, bob, rested, told } = openMarket()
    rested(ann, 'yes', 3000, 300)
    rested(ann, 'yes', 3000, 200)
    rested(bob, 'no', 3000, 100)
    expect(engine.cancelAll(ann)).toBe(2)
    expect(told.filter((each) => each.startsWith('yes'))).toEqual(['yes 3000 -300', 'yes 3000 -200'])
    expect(engine.cancelAll()).toBe(1)
    expect([ann, bob].map((each) => ledger.heldMicros(each))).toEqual([0, 0])
  })

  test('a pause refuses orders and takes cancels; a close refuses both', () => {
    const { engine, ann, place, rested } = openMarket()
    const [first, second] = [rested(ann, 'yes', 3000, 100), rested(ann, 'yes', 3000, 100)]
    engine.pause()
    expect(place(ann, 'yes', 3000, 100)).toEqual({ kind: 'refused', reason: 'market_inactive' })
    expect(engine.cancel(first, ann)).toBe(100)
    engine.resume()
    expect(place(ann, 'yes', 3000, 100)).toMatchObject({ resting: 100 })
    engine.close()
    expect(engine.cancel(second, ann)).toBeUndefined()
    expect(place(ann, 'yes', 3000, 100)).toEqual({ kind: 'refused', reason: 'market_inactive' })
  })
})

describe('money', () => {
  test('a match moves cost and fee, and makes a dollar of collateral for each pair', () => {
    const { ledger, engine, ann, bob, place, rested, total } = openMarket({
      type: 'quadratic_with_maker_fees',
      multiplier: 1,
    })
    rested(ann, 'no', 6000, 1000)
    place(bob, 'yes', 4000, 1000)
    // Ten contracts: 6.00 and 4.00, fees 0.07 × 10 × 0.24 = 0.168 and a quarter of it.
    expect(ledger.balanceMicros(ann)).toBe(1000 * DOLLAR - 6 * DOLLAR - 42_000)
    expect(ledger.balanceMicros(bob)).toBe(1000 * DOLLAR - 4 * DOLLAR - 168_000)
    expect([engine.collateralMicros, ledger.collateralMicros, engine.openInterest]).toEqual([
      10 * DOLLAR,
      10 * DOLLAR,
      1000,
    ])
    expect([engine.position(ann), engine.position(bob)]).toEqual([-1000, 1000])
    expect(total()).toBe(ledger.depositedMicros)
  })

  test('an opposite contract closes a pair and gives back its dollar', () => {
    const { ledger, engine, ann, bob, cid, place, rested, total } = openMarket({ type: 'quadratic', multiplier: 0 })
    rested(ann, 'no', 6000, 1000)
    place(bob, 'yes', 4000, 1000)
    rested(cid, 'yes', 5000, 1000)
    place(bob, 'no', 5000, 1000)
    expect(ledger.balanceMicros(bob)).toBe(1001 * DOLLAR)
    expect([engine.position(bob), engine.position(cid), engine.openInterest]).toEqual([0, 1000, 1000])
    expect(total()).toBe(ledger.depositedMicros)
  })

  test.each([
    [10_000, 1006, 994],
    [0, 996, 1004],
    [2500, 998.5, 1001.5],
  ])('settled at %i, YES and NO share the dollar', (value, yes, no) => {
    const { ledger, engine, ann, bob, place, rested, total } = openMarket({ type: 'quadratic', multiplier: 0 })
    rested(ann, 'no', 6000, 1000)
    place(bob, 'yes', 4000, 1000)
    engine.settle(value as CentiCents)
    expect([ledger.balanceMicros(bob), ledger.balanceMicros(ann)]).toEqual([yes * DOLLAR, no * DOLLAR])
    expect([ledger.collateralMicros, engine.openInterest]).toEqual([0, 0])
    expect(total()).toBe(ledger.depositedMicros)
  })

  test('a market with resting orders is not settled', () => {
    const { engine, ann, rested } = openMarket()
    rested(ann, 'no', 6000, 1000)
    expect(() => engine.settle(0 as CentiCents)).toThrow(/1 orders still rest/)
  })

  test('balances stay on their precision, and an order gets whole cents of its rounding back', () => {
    const { ledger, ann, bob, place, rested, total } = openMarket({ type: 'quadratic', multiplier: 0 }, CENT_PRECISION)
    rested(ann, 'no', 6700, 1000)
    // Each 0.01 contract costs 0.0033 to one and 0.0067 to the other, and both pay a cent.
    for (let fills = 0; fills < 3; fills++) place(bob, 'yes', 3300, 1)
    expect(ledger.balanceMicros(bob)).toBe(1000 * DOLLAR - 30_000)
    // 3 × 0.0033 of rounding: not yet a cent. The fourth makes it one.
    expect(ledger.balanceMicros(ann)).toBe(1000 * DOLLAR - 30_000)
    place(bob, 'yes', 3300, 1)
    expect(ledger.balanceMicros(ann)).toBe(1000 * DOLLAR - 30_000)
    expect(total()).toBe(ledger.depositedMicros)
  })

  test('what rests is held and what left is free', () => {
    const { engine, ledger, ann, rested } = openMarket()
    const order = rested(ann, 'yes', 3000, 1000)
    expect(ledger.availableMicros(ann)).toBe(997 * DOLLAR)
    engine.decrease(order, ann, { to: centi(500) })
    expect(ledger.heldMicros(ann)).toBe(1.5 * DOLLAR)
    engine.cancel(order, ann)
    expect(ledger.availableMicros(ann)).toBe(1000 * DOLLAR)
  })
})
