/** Frames in the journal are the frames that the exchange says it sent, to the frame, at rates a recorder lives with. */
import { expect, test } from 'vitest'
import { recordAtRate } from './rates.ts'

test.each([500, 5000])('at %i frames/s', async (rate) => {
  const { perSecond } = await recordAtRate(rate, 2500)
  expect(perSecond).toBeGreaterThan(rate * 0.8)
})
