/** The same as rates.test.ts for twenty seconds each. */
import { expect, test } from 'vitest'
import { recordAtRate } from './rates.ts'

test.each([500, 5000])('at %i frames/s for twenty seconds', async (rate) => {
  const { frames, perSecond } = await recordAtRate(rate, 20_000)
  expect(perSecond).toBeGreaterThan(rate * 0.9)
  expect(frames).toBeGreaterThan(rate * 18)
})
