import { describe, expect, test } from 'vitest'
import { CALM_MS, DiskRoom, FULL_AFTER_MS, FULL_MS_MIN } from './disk-room.ts'

const MIB = 1024 * 1024
const BUFFER = 64 * MIB
const free = (mib: number, totalMib = 100_000) => ({ freeBytes: mib * MIB, totalBytes: totalMib * MIB })

describe('the room on a disk', () => {
  test('is used up below the reserve, and there again at half as much more', () => {
    const room = new DiskRoom(256 * MIB, BUFFER)
    expect(room.look(free(256), 0, 0)).toBeUndefined()
    expect(room.look(free(255), 0, 1)).toBe('full')
    expect(room.look(free(383), 0, 60_000)).toBeUndefined()
    expect(room.isFull).toBe(true)
    expect(room.look(free(384), 0, 60_000)).toBe('room')
    expect(room.isFull).toBe(false)
  })

  test('of a small disk, no more than a twentieth is kept', () => {
    const room = new DiskRoom(256 * MIB, BUFFER)
    expect(room.look(free(1, 16), 0, 0)).toBeUndefined()
    expect(room.look(free(0.7, 16), 0, 1)).toBe('full')
  })

  test('is used up when writes find none for a while, whatever is said to be free', () => {
    const room = new DiskRoom(0, BUFFER)
    room.refused(0)
    room.refused(FULL_AFTER_MS - 1)
    expect(room.look(free(9_000), 0, FULL_AFTER_MS - 1)).toBeUndefined()
    expect(room.look(free(9_000), 0, FULL_AFTER_MS)).toBe('full')
    expect(room.look(free(9_000), 0, 60_000)).toBeUndefined()
    room.written()
    expect(room.look(free(9_000), BUFFER, 60_000)).toBeUndefined()
    expect(room.look(free(9_000), 0, 60_000)).toBe('room')
  })

  test('is used up at once when what waits takes half the buffer', () => {
    const room = new DiskRoom(0, BUFFER)
    room.refused(0)
    expect(room.look(undefined, BUFFER / 2 + 1, 1)).toBe('full')
  })

  test('that passes by itself at the next write changes nothing', () => {
    const room = new DiskRoom(0, BUFFER)
    room.refused(0)
    room.written()
    expect(room.look(undefined, 0, 10 * FULL_AFTER_MS)).toBeUndefined()
  })

  test('is given back later each time that it is used up again soon, and at once after a calm time', () => {
    const room = new DiskRoom(100 * MIB, BUFFER)
    let nowMs = 0
    const fullFor = () => {
      expect(room.look(free(1), 0, nowMs)).toBe('full')
      const sinceMs = nowMs
      while (room.look(free(1_000), 0, nowMs) === undefined) nowMs += 100
      return nowMs - sinceMs
    }
    const first = fullFor()
    const second = fullFor()
    expect(first).toBe(FULL_MS_MIN)
    expect(second).toBe(2 * first)
    nowMs += CALM_MS + 1
    expect(fullFor()).toBe(FULL_MS_MIN)
  })
})
