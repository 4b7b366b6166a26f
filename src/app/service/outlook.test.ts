import { expect, test } from 'vitest'
import { daysLeft, expected, measured } from './outlook.ts'

const ALL = { seal: true, store: true }

test('what is expected counts journal and rows, unsealed frames whole', () => {
  const day = (kept: { seal: boolean; store: boolean }) => Math.round(expected(1, kept).bytesPerDay / 86_400)
  expect([day({ seal: false, store: false }), day({ seal: true, store: false }), day(ALL)]).toEqual([309, 26, 161])
})

test('what was measured counts what lies between two moments alone', () => {
  const from = { atMs: 1_000, frames: 500, journalBytes: 1_000_000, rows: 100 }
  const to = { atMs: 11_000, frames: 1_500, journalBytes: 1_000_000 + 120_000, rows: 1_100 }
  const outlook = measured(from, to, ALL)!
  expect(outlook).toMatchObject({ basis: 'measured', framesPerSecond: 100 })
  expect(outlook.bytesPerDay).toBeCloseTo((10_000 / 10 + 135_000 / 10) * 86_400, 3)
  expect(measured(from, from, ALL)).toBeUndefined()
})

test('days are those until the disk is full, and none are told when nothing is added', () => {
  expect(daysLeft(10, { basis: 'measured', framesPerSecond: 0, bytesPerDay: 4 })).toBe(2.5)
  expect(daysLeft(10, { basis: 'measured', framesPerSecond: 0, bytesPerDay: 0 })).toBeUndefined()
})
