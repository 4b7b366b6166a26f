import { expect, it } from 'vitest'
import { measureDeltaBytes } from '../support/delta-bytes.ts'
import { POSTGRES_VERSIONS } from '../support/postgres.ts'

it.each(POSTGRES_VERSIONS)('a million delta rows take at most 140 bytes each on PostgreSQL %i', async (version) => {
  const bytes = await measureDeltaBytes(version, 1_000_000)
  process.stdout.write(`${bytes.toFixed(1)} bytes a delta row on PostgreSQL ${version}\n`)
  expect(bytes).toBeLessThanOrEqual(140)
})
