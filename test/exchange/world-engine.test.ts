/** Whole histories of a market: the matching engine beside a plain one, its deltas beside its book, its money beside itself. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CentiCents, CentiContracts } from '#domain'
import { Ledger, MarketEngine, type OrderRequest, type Placed } from '../../src/exchange/engine/index.ts'
import { PlainMarket } from './world-plain-market.ts'

const ACCOUNTS = 4
/** Little enough that some orders are refused for want of it. */
const DEPOSIT = 14_000_000

type Act =
  | { kind: 'place'; request: OrderRequest }
  | { kind: 'cancel'; id: number; account: number }
  | { kind: 'decrease'; id: number; account: number; to: number }
  | { kind: 'amend'; id: number; account: number; price: number; count: number; more: Partial<OrderRequest> }
  /** The price that the order has, and a little more or less of it. */
  | { kind: 'resize'; id: number; by: number }
  | { kind: 'cancelAll'; account: number | undefined }

const account = fc.nat({ max: ACCOUNTS - 1 })
// Near the middle, so that most orders meet others; at times off the grid or no price.
const price = fc.oneof(
  { weight: 30, arbitrary: fc.integer({ min: 44, max: 57 }).map((cents) => cents * 100) },
  fc.constantFrom(0, 10_000, 4550, 100, 9900),
)
const count = fc.oneof(
  fc.integer({ min: 1, max: 2000 }),
  fc.integer({ min: 1, max: 20 }).map((whole) => whole * 100),
  fc.constant(0),
)
const id = fc.integer({ min: 1, max: 40 })
const selfTradePrevention = fc.constantFrom('taker_at_cross' as const, 'maker' as const)
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .record({
        account,
        side: fc.constantFrom('yes' as const, 'no' as const),
        price: price as fc.Arbitrary<CentiCents>,
        count: count as fc.Arbitrary<CentiContracts>,
        timeInForce: fc.constantFrom(
          'good_till_canceled' as const,
          'good_till_canceled' as const,
          'immediate_or_cancel' as const,
          'fill_or_kill' as const,
        ),
        postOnly: fc.boolean().map((each) => each && true),
        selfTradePrevention,
      })
      .map((request) => ({ kind: 'place' as const, request })),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel' as const), id, account }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('decrease' as const), id, account, to: fc.nat({ max: 2000 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('amend' as const),
      id,
      account,
      price,
      count,
      more: fc.record({ postOnly: fc.boolean(), selfTradePrevention }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('cancelAll' as const), account: fc.option(account, { nil: undefined }) }),
  },
)

function openBoth() {
  const ledger = new Ledger()
  for (let index = 0; index < ACCOUNTS; index++) ledger.open(DEPOSIT)
  const folded = new Map<string, number>()
  let traded = 0
  let orders = 0
  const engine = new MarketEngine({
    ledger,
    fees: { type: 'quadratic_with_maker_fees', multiplier: 1 },
    isOnGrid: (each) => each % 100 === 0,
    nextOrderId: () => ++orders,
    listener: {
      changed: (side, at, change) => {
        const size = (folded.get(`${side} ${at}`) ?? 0) + change
        expect(size).toBeGreaterThanOrEqual(0)
        if (size === 0) folded.delete(`${side} ${at}`)
        else folded.set(`${side} ${at}`, size)
      },
      matched: (match) => {
        traded += match.count
      },
    },
  })
  return { ledger, engine, folded, traded: () => traded, plain: new PlainMarket(ACCOUNTS, BigInt(DEPOSIT)) }
}

const answer = (placed: Placed): string =>
  placed.kind === 'refused' ? placed.reason : `${placed.orderId} ${placed.filled} ${placed.resting} ${placed.cancelled}`

test('any history of orders has the same answers, book, queues, positions and money as a plain market', {
  timeout: 60_000,
}, () => {
  const seen = { filled: 0, refused: new Set<string>() }
  fc.assert(
    fc.property(fc.array(act, { minLength: 10, maxLength: 80 }), fc.constantFrom(0, 10_000, 3333), (acts, value) => {
      const { ledger, engine, folded, traded, plain } = openBoth()
      for (const each of acts) {
        const [found, wanted] = carryOut(each, engine, plain)
        expect(found).toBe(wanted)
        if (/^[a-z]/.test(found)) seen.refused.add(found)
        expect([...folded].map(([level, size]) => `${level} ${size}`).sort()).toEqual(plain.levels())
      }
      for (const side of ['yes', 'no'] as const) {
        const queue = [...engine.prices(side)]
          .reverse()
          .flatMap((at) => [...engine.ordersAt(side, at)].map((order) => order.id))
        expect(queue).toEqual(plain.queue(side))
      }
      expect(engine.volume).toBe(traded())
      seen.filled += traded()
      compareMoney(ledger, engine, plain)
      engine.cancelAll()
      expect(folded.size).toBe(0)
      engine.settle(value as CentiCents)
      plain.settle(value)
      compareMoney(ledger, engine, plain)
      expect(ledger.collateralMicros).toBe(0)
    }),
    { numRuns: 1000 },
  )
  // A history in which nothing happens would prove nothing.
  expect(seen.filled).toBeGreaterThan(100_000)
  expect([...seen.refused].sort()).toEqual([
    'available_balance_too_low',
    'fill_or_kill_insufficient',
    'invalid_order_size',
    'invalid_parameters',
    'invalid_price',
    'order_not_found',
    'post_only_cross',
    'undefined',
  ])
})

function carryOut(each: Act, engine: MarketEngine, plain: PlainMarket): [found: string, wanted: string] {
  switch (each.kind) {
    case 'place':
      return [answer(engine.place(each.request)), plain.place(each.request)]
    case 'cancel':
      return [String(engine.cancel(each.id, each.account)), plain.cancel(each.id, each.account)]
    case 'decrease':
      return [
        String(engine.decrease(each.id, each.account, { to: each.to as CentiContracts })),
        plain.decrease(each.id, each.account, each.to),
      ]
    case 'amend': {
      const how = { price: each.price as CentiCents, count: each.count as CentiContracts, ...each.more }
      return [
        answer(engine.amend(each.id, each.account, how)),
        plain.amend(each.id, each.account, each.price, each.count, each.more),
      ]
    }
    case 'resize': {
      const order = engine.order(each.id)
      if (order === undefined) return ['', '']
      const { account, price, filled, remaining } = order
      const count = filled + remaining + each.by
      return carryOut({ kind: 'amend', id: each.id, account, price, count, more: {} }, engine, plain)
    }
    case 'cancelAll':
      return [String(engine.cancelAll(each.account)), plain.cancelAll(each.account)]
  }
}

function compareMoney(ledger: Ledger, engine: MarketEngine, plain: PlainMarket): void {
  let contracts = 0
  for (let index = 0; index < ACCOUNTS; index++) {
    expect(BigInt(ledger.balanceMicros(index))).toBe(plain.balances[index])
    expect(engine.position(index)).toBe(plain.positions[index])
    contracts += engine.position(index)
    const held = plain.orders
      .filter((each) => each.account === index)
      .reduce((sum, each) => sum + each.price * each.remaining, 0)
    if (engine.orderCount > 0) expect(ledger.heldMicros(index)).toBe(held)
  }
  expect(contracts).toBe(0)
  expect(BigInt(ledger.feesMicros)).toBe(plain.fees)
  expect(ledger.collateralMicros).toBe(engine.collateralMicros)
  expect(ledger.balancesMicros() + ledger.collateralMicros + ledger.feesMicros).toBe(ledger.depositedMicros)
}
