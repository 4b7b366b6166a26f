import { expect, it } from 'vitest'
import { measureDeltaBytes } from '../support/delta-bytes.ts'
import { POSTGRES_VERSIONS } from '../support/postgres.ts'

it('a delta row takes at most 140 bytes, its indexes included', async () => {
  expect(await measureDeltaBytes(POSTGRES_VERSIONS[0]!, 250_000)).toBeLessThanOrEqual(140)
})
