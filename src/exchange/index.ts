/** The simulated exchange: Kalshi's wire protocol on a port of your own, playing a recorded capture. */
export { ExchangeError, type ExchangeErrorCode } from './error.ts'
export type { ExchangeOptions } from './options.ts'
export { seededUnit } from './seeded-random.ts'
export { deriveUuid } from './uuid.ts'
export {
  type Cut,
  type ExchangeFaults,
  type RunningExchange,
  type SentReport,
  startExchange,
} from './wire/exchange.ts'
export type { FaultRates, FrameFault, FrameFaultKind } from './wire/frame-faults.ts'
export { generateKeyPem, type KeyType } from './wire/handshake.ts'
