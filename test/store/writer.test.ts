/** The smaller captures in PostgreSQL; the largest is in the long run. */
import { afterAll, beforeAll, test } from 'vitest'
import { BASEBALL, DEMO, hasShared, NO_SHARED } from '../support/captures.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { proveCapture } from './writer-capture.ts'

let postgres: TestPostgres

beforeAll(async () => {
  postgres = await startPostgres()
}, 60_000)

afterAll(() => postgres.stop())

test('our own demo becomes one row for each frame, and the oracle’s books', async () => {
  await proveCapture(postgres, 'demo', DEMO)
}, 60_000)

test.skipIf(!hasShared)(
  `recorded baseball does too${hasShared ? '' : `: ${NO_SHARED}`}`,
  async () => {
    await proveCapture(postgres, 'baseball', BASEBALL)
  },
  60_000,
)
