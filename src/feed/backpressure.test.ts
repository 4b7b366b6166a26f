import { expect, test } from 'vitest'
import { Backpressure, PAUSE_MS_MAX } from './backpressure.ts'

test('a full buffer pauses, eases, and resumes', () => {
  const backpressure = new Backpressure(100)
  expect(backpressure.check(75, 0)).toBeUndefined()
  expect(backpressure.check(76, 0)).toBe('pause')
  expect(backpressure.check(60, PAUSE_MS_MAX - 1)).toBeUndefined()
  expect(backpressure.check(50, PAUSE_MS_MAX)).toBe('resume')
  expect(backpressure.state).toBe('flowing')
})

test('a buffer that stays full lets the connections go, and makes them again when it is half empty', () => {
  const backpressure = new Backpressure(100)
  backpressure.check(90, 0)
  expect(backpressure.check(90, PAUSE_MS_MAX)).toBe('stall')
  expect(backpressure.check(90, 10 * PAUSE_MS_MAX)).toBeUndefined()
  expect(backpressure.check(50, 10 * PAUSE_MS_MAX)).toBe('room')
})

test('a refused frame stalls at once, and only once', () => {
  const backpressure = new Backpressure(100)
  expect(backpressure.refused(0)).toBe('stall')
  expect(backpressure.refused(0)).toBeUndefined()
})
