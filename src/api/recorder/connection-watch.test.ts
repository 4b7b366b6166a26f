import { expect, test } from 'vitest'
import { ConnectionWatch } from './connection-watch.ts'

type State = 'live' | 'proving' | 'waiting' | 'subscribing'
const rows = (states: readonly State[], markets = 100) =>
  states.map((state) => {
    const rest = { unproven: 0, attempts: 0, orientation: null, message_age_ms: null, replaced: 0 }
    return { connection: 1, state, markets, ...rest }
  })

/** Looks each second, and answers for how long one has been down. */
function aWatch() {
  const watch = new ConnectionWatch(60_000)
  let nowMs = 0
  return {
    watch,
    nowMs: () => nowMs,
    look(seconds: number, states: (second: number) => readonly State[], markets = 100): number {
      for (let second = 0; second < seconds; second++) {
        nowMs += 1_000
        watch.take(rows(states(second), markets), nowMs)
      }
      return watch.downMs(nowMs)
    },
  }
}

test('three dead connections are not made good by a fourth that is live', () => {
  const { look, watch, nowMs } = aWatch()
  expect(look(10, () => ['live', 'live', 'live', 'live'])).toBe(0)
  expect(look(100, () => ['live', 'waiting', 'waiting', 'waiting'])).toBe(99_000)
  expect(watch.overdue(nowMs())).toEqual({ connections: 3, markets: 300, of: 4 })
  expect(look(1, () => ['live', 'live', 'live', 'waiting'])).toBe(100_000)
  expect(watch.overdue(nowMs())).toEqual({ connections: 1, markets: 100, of: 4 })
  expect(look(1, () => ['live', 'live', 'live', 'live'])).toBe(0)
})

test('one that proves its books is connected, but not one that is lost each time while it does', () => {
  const { look } = aWatch()
  look(1, () => ['live'])
  expect(look(60, () => ['proving'])).toBe(0)
  look(1, () => ['live'])
  expect(look(200, (second) => [second % 10 < 5 ? 'waiting' : 'proving'])).toBeGreaterThan(120_000)
})

test('one without markets is missed by nobody', () => {
  const { look, watch, nowMs } = aWatch()
  expect(look(100, () => ['waiting'], 0)).toBe(0)
  expect(watch.overdue(nowMs()).of).toBe(0)
  expect(look(61, () => ['waiting'])).toBe(60_000)
  watch.clear()
  expect(watch.downMs(nowMs())).toBe(0)
})
