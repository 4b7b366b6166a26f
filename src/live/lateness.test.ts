import { expect, test } from 'vitest'
import { BLOCK_HEADER_BYTES, SEGMENT_HEADER_BYTES } from '#journal'
import { Lateness, MARKS_MAX } from './lateness.ts'

const at = (offset: number, segment = 1) => ({ segment, offset })

test('a copy is late from when it heard of what it has not folded, until it has', () => {
  const lateness = new Lateness()
  lateness.heard(at(1_000), at(1_000), 100)
  expect(lateness.lateMs(at(1_000), 9_000)).toBe(0)
  lateness.heard(at(2_000), at(1_000), 9_000)
  lateness.heard(at(3_000), at(1_000), 9_500)
  expect(lateness.lateMs(at(1_000), 9_700)).toBe(700)
  // What it folds takes the earlier word with it, and leaves the later.
  expect(lateness.lateMs(at(2_000), 9_700)).toBe(200)
  expect(lateness.lateMs(at(3_000), 9_700)).toBe(0)
  expect(lateness.lateMs(at(3_000), 99_000)).toBe(0)
})

test('a stream that is always a little ahead makes nobody ever later, and a stuck one does', () => {
  const lateness = new Lateness()
  let nowMs = 0
  for (let offset = 1_000; offset < 1_000_000; offset += 1_000) {
    lateness.heard(at(offset + 3_000), at(offset), nowMs)
    expect(lateness.lateMs(at(offset), nowMs)).toBeLessThanOrEqual(15)
    nowMs += 5
  }
  const stuckMs = nowMs
  for (; nowMs < stuckMs + 60_000; nowMs += 5) lateness.heard(at(2_000_000 + nowMs), at(999_000), nowMs)
  expect(lateness.lateMs(at(999_000), nowMs)).toBeGreaterThanOrEqual(60_000)
})

test('marks that became one never make a copy less late than it is', () => {
  const lateness = new Lateness()
  for (let index = 0; index < 10 * MARKS_MAX; index++) lateness.heard(at(1_000 + 100 * index), at(0), index)
  for (let index = 0; index < 10 * MARKS_MAX; index += 97) {
    const trulyMs = 10 * MARKS_MAX - (index + 1)
    expect(lateness.lateMs(at(1_000 + 100 * index), 10 * MARKS_MAX)).toBeGreaterThanOrEqual(trulyMs - 1)
  }
})

test('the header of a block that has no record yet is nothing to fold, nor is a segment without one', () => {
  const lateness = new Lateness()
  lateness.heard(at(1_000 + BLOCK_HEADER_BYTES), at(1_000), 0)
  lateness.heard(at(SEGMENT_HEADER_BYTES + BLOCK_HEADER_BYTES, 2), at(1_000), 0)
  expect(lateness.lateMs(at(1_000), 5_000)).toBe(0)
  lateness.heard(at(SEGMENT_HEADER_BYTES + BLOCK_HEADER_BYTES + 20, 2), at(1_000), 5_000)
  expect(lateness.lateMs(at(1_000), 5_500)).toBe(500)
})
