/** What is due comes in the order of time, and at one time in the order in which it was put in. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Timetable } from './timetable.ts'

test('takes out by time, then by order; nothing before it is due', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 20 }), { maxLength: 200 }), fc.nat({ max: 20 }), (times, until) => {
      const timetable = new Timetable()
      const taken: number[] = []
      for (const [order, ms] of times.entries()) timetable.at(ms + 0.9, () => taken.push(order))
      for (let next = timetable.takeNext(until); next !== undefined; next = timetable.takeNext(until))
        next.due(next.atMs)
      const wanted = times.map((ms, order) => ({ ms, order })).filter(({ ms }) => ms <= until)
      expect(taken).toEqual(wanted.sort((a, b) => a.ms - b.ms || a.order - b.order).map(({ order }) => order))
      expect(timetable.size).toBe(times.length - taken.length)
      expect(timetable.nextMs).toBe(Math.min(Number.POSITIVE_INFINITY, ...times.filter((ms) => ms > until)))
    }),
  )
})
