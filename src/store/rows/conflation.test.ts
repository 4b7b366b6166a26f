import fc from 'fast-check'
import { expect, test } from 'vitest'
import { YES } from '#domain'
import { Conflation } from './conflation.ts'
import type { DeltaRow } from './tables.ts'

const aRow = (offset: number, price: number, change: number, market = 1): DeltaRow => ({
  market,
  connection: 1,
  sid: 1,
  seq: offset,
  side: YES,
  price,
  change,
  sizeAfter: 100 + change,
  exchangeMs: offset,
  segment: 1,
  offset,
  receivedNs: BigInt(offset),
  span: 0,
})

test('changes of one level become one row with their sum, from the first place to the last', () => {
  const rows: DeltaRow[] = []
  const conflation = new Conflation(3, (row) => rows.push(row))
  conflation.add(aRow(10, 4000, 5))
  conflation.add(aRow(20, 4100, 1))
  expect(conflation.isEmpty).toBe(false)
  conflation.add(aRow(30, 4000, -2))
  expect(conflation.isEmpty).toBe(true)
  expect(rows).toEqual([{ ...aRow(30, 4000, 3), sizeAfter: 98, span: 20 }, aRow(20, 4100, 1)])
})

test('no sum is lost or made, whatever the order of markets, levels and window ends', () => {
  const step = fc.record({
    market: fc.integer({ min: 1, max: 3 }),
    price: fc.constantFrom(4000, 4100),
    change: fc.integer({ min: -50, max: 50 }),
    ends: fc.constantFrom('no', 'no', 'market', 'all'),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 2, max: 6 }), (steps, every) => {
      const rows: DeltaRow[] = []
      const conflation = new Conflation(every, (row) => rows.push({ ...row }))
      const wanted = new Map<string, number>()
      for (const [index, { market, price, change, ends }] of steps.entries()) {
        if (ends === 'market') conflation.end(market)
        if (ends === 'all') conflation.endAll()
        conflation.add(aRow(index, price, change, market))
        wanted.set(`${market} ${price}`, (wanted.get(`${market} ${price}`) ?? 0) + change)
      }
      conflation.endAll()
      const found = new Map<string, number>()
      for (const { market, price, change } of rows) {
        found.set(`${market} ${price}`, (found.get(`${market} ${price}`) ?? 0) + change)
      }
      expect(found).toEqual(wanted)
      expect(conflation.isEmpty).toBe(true)
      // Rows of one level do not overlap, and follow each other.
      for (const { market, price, offset, span } of rows) {
        const inside = rows.filter((each) => each.market === market && each.price === price && each.offset < offset)
        expect(inside.every((each) => each.offset < offset - span)).toBe(true)
      }
    }),
  )
})
