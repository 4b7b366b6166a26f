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

test('what waits where the journal has no room for it makes a copy late that has folded all there is', () => {
  const lateness = new Lateness()
  lateness.heard(at(2_000), at(2_000), 9_000)
  lateness.waits(at(2_000), at(2_000), 5_000, 9_000)
  expect(lateness.lateMs(at(2_000), 9_100)).toBe(5_100)
  // Its durable position moved past what was said, which the copy has not folded: the earlier word counts on.
  lateness.waits(at(3_000), at(2_000), 10, 9_200)
  expect(lateness.lateMs(at(2_000), 9_200)).toBe(5_200)
  expect(lateness.lateMs(at(3_000), 9_200)).toBe(10)
  // Appended and not durable yet, it has waited as long as before.
  lateness.waits(at(3_000), at(3_000), 2, 9_300)
  expect(lateness.lateMs(at(3_000), 9_300)).toBe(110)
  lateness.waits(at(4_000), at(3_000), undefined, 9_400)
  expect(lateness.lateMs(at(3_000), 9_400)).toBe(210)
  expect(lateness.lateMs(at(4_000), 9_400)).toBe(0)
})

test('what a journal that gave up a segment writes elsewhere has waited from the start', () => {
  const lateness = new Lateness()
  lateness.heard(at(5_000), at(2_000), 1_000)
  lateness.waits(at(2_000), at(2_000), 0, 1_000)
  lateness.waits(at(2_000), at(2_000), 3_000, 4_000)
  lateness.heard(at(5_000, 3), at(2_000), 4_000)
  const anew = at(SEGMENT_HEADER_BYTES, 3)
  expect(lateness.lateMs(anew, 4_500)).toBe(500)
  lateness.waits(anew, anew, 3_400, 4_400)
  expect(lateness.lateMs(anew, 4_500)).toBe(3_500)
})

test('words beyond those kept never make a copy less late than it is', () => {
  const lateness = new Lateness()
  for (let index = 0; index < 3 * MARKS_MAX; index++) lateness.waits(at(1_000 + index), at(0), 10, index)
  for (let index = 0; index < 3 * MARKS_MAX; index += 97) {
    expect(lateness.lateMs(at(1_000 + index), 3 * MARKS_MAX)).toBeGreaterThanOrEqual(3 * MARKS_MAX - index + 10)
  }
})
