/** The store beside a recorder at the rates that are promised, for a few seconds each. */
import { test } from 'vitest'
import { recordAndStore } from './store-rates.ts'

const SECONDS = 3

test.each([500, 5_000])(
  `%i frames/s for ${SECONDS} s are rows, frame by frame`,
  (rate) => recordAndStore(rate, SECONDS),
  SECONDS * 1_000 + 60_000,
)
