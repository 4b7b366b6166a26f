/** The copy against the oracle on the long capture: in mid-stream and at its end. */
import { describe, test } from 'vitest'
import { BITCOIN, hasShared, NO_SHARED } from '../support/captures.ts'
import { compareCopy } from './compare-copy.ts'

describe.skipIf(!hasShared)(`recorded frames (${hasShared ? 'present' : NO_SHARED})`, () => {
  for (const at of [100_000, undefined]) {
    test(`of bitcoin to ${at ?? 'the end'} are in the copy as an oracle of another author has them`, () =>
      compareCopy(BITCOIN, at))
  }
})
