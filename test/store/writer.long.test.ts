/** The largest capture in PostgreSQL. */
import { afterAll, beforeAll, test } from 'vitest'
import { BITCOIN, hasShared, NO_SHARED } from '../support/captures.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { proveCapture } from './writer-capture.ts'

let postgres: TestPostgres

beforeAll(async () => {
  postgres = await startPostgres()
}, 60_000)

afterAll(() => postgres.stop())

test.skipIf(!hasShared)(
  `recorded bitcoin becomes one row for each frame, and the oracle’s books${hasShared ? '' : `: ${NO_SHARED}`}`,
  async () => {
    await proveCapture(postgres, 'bitcoin', BITCOIN)
  },
  120_000,
)
