import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CentiCents, type CentiContracts, type Level, type Levels, NO, type Side, YES } from '#domain'
import { Book } from './book.ts'
import { canonicalText } from './canonical.ts'
import { depthWithin, imbalance } from './depth.ts'

const price = (value: number) => value as CentiCents
const size = (value: number) => value as CentiContracts
const levels = (...pairs: [number, number][]) => pairs as unknown as Level[]
const bookOf = (yes: Level[], no: Level[]) => {
  const book = new Book()
  book.replace({ yes, no })
  return book
}

describe('a book', () => {
  test('reads the best NO bid as the YES ask', () => {
    const book = bookOf(levels([4000, 500]), levels([5500, 300]))
    expect(book.top()).toEqual({
      yesBid: 4000,
      yesBidSize: 500,
      yesAsk: 4500,
      yesAskSize: 300,
      spread: 500,
      mid: 4250,
      microprice: (4000 * 300 + 4500 * 500) / 800,
    })
  })

  test('refuses a delta that would leave less than nothing, and stays as it was', () => {
    const book = bookOf(levels([4000, 500]), [])
    expect(book.add(YES, price(4000), size(-600))).toBe(-100)
    expect(book.levels()).toEqual({ yes: [[4000, 500]], no: [] })
    expect(book.add(NO, price(4000), size(-1))).toBe(-1)
    expect(book.totalVolume).toBe(500)
  })

  test('finds the next best price when the best one empties, and none when all do', () => {
    const book = bookOf(levels([100, 1], [4000, 500], [4100, 2]), [])
    book.add(YES, price(4100), size(-2))
    expect(book.best(YES)).toBe(4000)
    book.add(YES, price(4000), size(-500))
    expect(book.best(YES)).toBe(100)
    book.add(YES, price(100), size(-1))
    expect(book.best(YES)).toBe(0)
    expect(book.top().yesBid).toBeUndefined()
  })

  test('moves to a finer ladder when a finer price comes, and keeps every level', () => {
    const book = bookOf(levels([4000, 500]), levels([5500, 300]))
    expect(book.tick).toBe(100)
    book.add(YES, price(4010), size(7))
    expect(book.tick).toBe(10)
    book.add(NO, price(5501), size(9))
    expect(book.tick).toBe(1)
    expect(book.levels()).toEqual({
      yes: [
        [4000, 500],
        [4010, 7],
      ],
      no: [
        [5500, 300],
        [5501, 9],
      ],
    })
    expect(book.isCrossed).toBe(false)
  })

  test('knows crossed from locked', () => {
    expect(bookOf(levels([4000, 1]), levels([6000, 1]))).toMatchObject({ isLocked: true, isCrossed: false })
    expect(bookOf(levels([4000, 1]), levels([6100, 1]))).toMatchObject({ isLocked: false, isCrossed: true })
    expect(bookOf(levels([9900, 1]), [])).toMatchObject({ isCrossed: false, isTwoSided: false })
  })

  test('remembers its top until it changes', () => {
    const book = bookOf(levels([4000, 500]), levels([5500, 300]))
    expect(book.top()).toBe(book.top())
    const before = book.top()
    book.add(YES, price(4000), size(1))
    expect(book.top()).not.toBe(before)
    expect(book.top().yesBidSize).toBe(501)
  })

  test('sums depth near the best price, and says which way it leans', () => {
    const book = bookOf(levels([3000, 1], [3900, 10], [4000, 30]), levels([5500, 20]))
    expect(depthWithin(book, YES, price(100))).toBe(40)
    expect(depthWithin(book, YES, price(0))).toBe(30)
    expect(depthWithin(book, NO, price(100))).toBe(20)
    expect(imbalance(book, 1)).toBe((30 - 20) / 50)
    expect(imbalance(book, 2)).toBe((40 - 20) / 60)
    expect(imbalance(new Book(), 5)).toBeUndefined()
  })

  test('writes itself in the one form that digests are taken over', () => {
    expect(canonicalText('KXA', bookOf(levels([100, 5], [200, 6]), []).levels())).toBe('KXA\nyes 100:5 200:6\nno\n')
  })

  // The model is a Map with no cleverness in it. If both agree on every event in every order, ladders, grids and the
  // tracked best are right.
  test('agrees with a plain map, whatever comes, on every grid', () => {
    const aSide = fc.constantFrom<Side>(YES, NO)
    const onGrid = (tick: number) => fc.integer({ min: 1, max: Math.floor(9999 / tick) }).map((each) => each * tick)
    const aPrice = fc.oneof(
      { weight: 8, arbitrary: onGrid(100) },
      { weight: 4, arbitrary: onGrid(10) },
      { weight: 1, arbitrary: onGrid(1) },
    )
    const aDelta = fc.tuple(aSide, aPrice, fc.integer({ min: -60, max: 100 }))
    const side = fc.uniqueArray(fc.tuple(aPrice, fc.integer({ min: 1, max: 5_000_000_000 })), {
      selector: ([each]) => each,
      maxLength: 60,
    })
    const aSnapshot = fc.record({ yes: side, no: side })
    const events = fc.array(fc.oneof({ weight: 20, arbitrary: aDelta }, { weight: 1, arbitrary: aSnapshot }), {
      maxLength: 200,
    })

    fc.assert(
      fc.property(events, (all) => {
        const book = new Book()
        let model: [Map<number, number>, Map<number, number>] = [new Map(), new Map()]
        for (const event of all) {
          if (!Array.isArray(event)) {
            model = [new Map(event.yes), new Map(event.no)]
            book.replace(expected(model))
          } else {
            const [onSide, at, change] = event
            const after = (model[onSide].get(at) ?? 0) + change
            expect(book.add(onSide, price(at), size(change))).toBe(after)
            if (after > 0) model[onSide].set(at, after)
            if (after === 0) model[onSide].delete(at)
          }
          const wanted = expected(model)
          expect(book.levels()).toEqual(wanted)
          for (const each of [YES, NO] as const) {
            const ladder = each === YES ? wanted.yes : wanted.no
            expect(book.best(each)).toBe(ladder.at(-1)?.[0] ?? 0)
            expect(book.levelCount(each)).toBe(ladder.length)
            expect(book.total(each)).toBe(ladder.reduce((sum, [, quantity]) => sum + quantity, 0))
            expect(book.bids(each, 3)).toEqual([...ladder].reverse().slice(0, 3))
          }
        }
      }),
    )
  })
})

function expected(model: readonly [Map<number, number>, Map<number, number>]): Levels {
  const sorted = (side: Map<number, number>) => [...side].sort(([a], [b]) => a - b) as unknown as Level[]
  return { yes: sorted(model[YES]), no: sorted(model[NO]) }
}
