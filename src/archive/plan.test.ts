import { describe, expect, test } from 'vitest'
import { KEPT_SEGMENTS_MIN, type LocalSegment, toArchive, toRemove } from './plan.ts'

const DAY_MS = 86_400_000
const nowMs = 1000 * DAY_MS

/** Sealed segments from 1 on, a day apart, the last one of today. */
const aged = (count: number): LocalSegment[] =>
  Array.from({ length: count }, (_, index) => ({
    number: index + 1,
    isSealed: true,
    lastMs: nowMs - (count - index - 1) * DAY_MS,
  }))
const all = (segments: readonly LocalSegment[]) => new Set(segments.map(({ number }) => number))
const rule = { keepDays: 5, nowMs, readBefore: Number.MAX_SAFE_INTEGER }

describe('what is to be archived', () => {
  test('is what is sealed and not known to be there', () => {
    const segments = aged(3).concat({ number: 4, isSealed: false, lastMs: undefined })
    expect(toArchive(segments, new Set([2]))).toEqual([1, 3])
  })
})

describe('what may go', () => {
  test('is what is older than the days to keep', () => {
    const segments = aged(10)
    expect(toRemove(segments, all(segments), rule)).toEqual([1, 2, 3, 4])
  })

  test('is nothing that is not proved to be archived, and nothing behind that', () => {
    const segments = aged(10)
    const archived = all(segments)
    archived.delete(3)
    expect(toRemove(segments, archived, rule)).toEqual([1, 2])
  })

  test('is nothing that the store has not passed, and nothing at all while nobody knows', () => {
    const segments = aged(10)
    expect(toRemove(segments, all(segments), { ...rule, readBefore: 3 })).toEqual([1, 2])
    expect(toRemove(segments, all(segments), { ...rule, readBefore: undefined })).toEqual([])
  })

  test('is never one of the last, however old', () => {
    const segments = aged(KEPT_SEGMENTS_MIN + 1).map((each) => ({ ...each, lastMs: 0 }))
    expect(toRemove(segments, all(segments), rule)).toEqual([1])
    expect(toRemove(segments.slice(1), all(segments), rule)).toEqual([])
  })

  test('is nothing that is not sealed', () => {
    const segments = aged(10).map((each) => (each.number === 2 ? { ...each, isSealed: false } : each))
    expect(toRemove(segments, all(segments), rule)).toEqual([1])
  })
})
