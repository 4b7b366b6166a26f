/**
 * What the simulation found (S5, seed 57): the smallest tale of it, with the session alone.
 */
import { expect, test } from 'vitest'
import { Session } from '#feed'

test('a wait that the exchange asked for is not cut short by our own full journal', () => {
  const session = new Session({
    markets: ['A'],
    useYesPrice: true,
    channels: ['orderbook_delta'],
    random: () => 0.5,
    pingSilenceMs: 30_000,
  })
  session.start(0)
  session.refused(100, { status: 429, retryAfterMs: 20_000, detail: 'HTTP 429' })
  session.full(200)
  session.takeEffects()
  session.room(300)
  session.tick(5_000)
  expect(session.takeEffects().some(({ kind }) => kind === 'open')).toBe(false)
  session.tick(21_000)
  expect(session.takeEffects().some(({ kind }) => kind === 'open')).toBe(true)
})
