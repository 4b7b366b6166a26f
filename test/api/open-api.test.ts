/** The OpenAPI document drives requests, well-formed and hostile, for some seconds; the long test does so for two minutes. */
import { expect, test } from 'vitest'
import { driveByDocument, expectUnharmed, serveForRequests } from './open-api-run.ts'

const SEED = Number(process.env['API_SEED'] ?? 1)

test('no request that the document allows or forbids makes the service fail, and each answer is one it declares', async () => {
  const service = await serveForRequests()
  try {
    const { faults, requests, byStatus } = await driveByDocument(service, SEED, 3_000)
    expect(faults).toEqual([])
    expect(requests).toBeGreaterThan(300)
    for (const status of ['200', '400', '401', '404', '405', '421']) expect(byStatus[status], status).toBeGreaterThan(0)
    await expectUnharmed(service)
  } finally {
    await service.close()
  }
})
