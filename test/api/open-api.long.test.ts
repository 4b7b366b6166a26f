/** Two minutes of generated requests: no fault of ours, no crash, and no growth of memory or descriptors. */
import { expect, test } from 'vitest'
import { startPostgres } from '../support/postgres.ts'
import { driveByDocument, expectUnharmed, measureFootprint, serveForRequests } from './open-api-run.ts'

test('two minutes of generated requests leave the service as it was', async () => {
  const postgres = await startPostgres()
  const service = await serveForRequests(postgres.url)
  try {
    const seed = Number(process.env['API_SEED'] ?? Date.now() % 1_000_000)
    // The first part warms up: what is made once is no growth.
    const warm = await driveByDocument(service, seed, 20_000)
    const before = await measureFootprint()
    const run = await driveByDocument(service, seed + 1, 100_000)
    const after = await measureFootprint()
    console.log(JSON.stringify({ seed, requests: run.requests, byStatus: run.byStatus, before, after }))
    expect([...warm.faults, ...run.faults], `seed ${seed}`).toEqual([])
    expect(run.requests).toBeGreaterThan(10_000)
    expect(after.heapMiB - before.heapMiB).toBeLessThan(15)
    expect(after.descriptors - before.descriptors).toBeLessThan(10)
    await expectUnharmed(service)
  } finally {
    await service.close()
    await postgres.stop()
  }
})
