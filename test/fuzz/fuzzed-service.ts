/** The service that is fuzzed: counts no requests, waits shortly for what never comes. */
import { ADMIN, type Service, serve } from '../api/service.ts'

export const serveForFuzz = (): Promise<Service> =>
  serve({
    adminToken: ADMIN,
    // Little is recorded, so that what grows is what was asked.
    exchange: { ratePerSecond: 20 },
    limits: {
      requestsPerSecondMax: 1_000_000,
      adminPerSecondMax: 1_000_000,
      headersMs: 300,
      requestMs: 400,
      idleMs: 600,
      keepAliveMs: 300,
    },
  })
