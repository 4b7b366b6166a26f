import { expect, test } from 'vitest'
import type { CentiCents, CentiContracts } from '#domain'
import { applyChange, emptyBook } from '../ladder.ts'
import type { WorldMarket } from '../world/world-market.ts'
import { TickerDesk } from './ticker-desk.ts'

/** As much of a market as a ticker shows. */
const aMarket = () =>
  ({ ticker: 'KXSIM-A', marketId: 'id', book: emptyBook(), volume: 0, openInterest: 0 }) as unknown as WorldMarket

function aDesk() {
  const desk = new TickerDesk()
  const market = aMarket()
  const sent: number[] = []
  return {
    desk,
    sent,
    /** Changes a level and lets the desk send what is due at this moment. */
    change(atMs: number, side: 'yes' | 'no', price: number, change: number): void {
      const happening = { kind: 'delta', market, side, price, change, atMs } as const
      applyChange(market.book, { side, price: price as CentiCents, change: change as CentiContracts })
      desk.changed(happening as never, atMs)
      desk.send(atMs, () => sent.push(atMs))
    },
    trade(atMs: number): void {
      desk.touched(market, atMs)
      desk.send(atMs, () => sent.push(atMs))
    },
    wait(atMs: number): void {
      desk.send(atMs, () => sent.push(atMs))
    },
  }
}

test.each([
  ['a better price', 'yes', 4100, 100],
  ['the size at the best price', 'yes', 4000, 100],
  ['the best price gone', 'yes', 4000, -500],
  ['a better price on the other side', 'no', 5600, 100],
  ['the size at the best of the other side', 'no', 5500, -100],
] as const)('%s makes a ticker due', (_, side, price, change) => {
  const { change: apply, sent } = aDesk()
  apply(1000, 'yes', 4000, 500)
  apply(1001, 'no', 5500, 500)
  apply(5000, 'yes', 3000, 500)
  expect(sent).toEqual([1000, 5000])
  apply(9000, side, price, change)
  expect(sent).toEqual([1000, 5000, 9000])
})

test('a change behind the best makes none; a trade does', () => {
  const { change, trade, sent } = aDesk()
  change(1000, 'yes', 4000, 500)
  change(3000, 'yes', 3900, 100)
  change(3001, 'yes', 3900, -50)
  expect(sent).toEqual([1000])
  trade(3002)
  expect(sent).toEqual([1000, 3002])
})

test('what changes within a second of the last ticker is told when the second is over, once', () => {
  const { desk, change, wait, sent } = aDesk()
  change(1000, 'yes', 4000, 500)
  change(1200, 'yes', 4100, 500)
  change(1300, 'yes', 4200, 500)
  expect(desk.nextMs).toBe(2000)
  wait(1999)
  expect(sent).toEqual([1000])
  wait(2000)
  expect(sent).toEqual([1000, 2000])
  expect(desk.nextMs).toBe(Number.POSITIVE_INFINITY)
})

test('a market that is forgotten is due no more', () => {
  const desk = new TickerDesk()
  const market = aMarket()
  desk.touched(market, 1000)
  desk.forget(market)
  desk.send(9000, () => expect.unreachable())
  expect(desk.lastOf('KXSIM-A')).toBeUndefined()
})
