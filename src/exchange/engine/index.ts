/** The matching engine: orders, accounts, fees. No clock, no chance, no wire. */
export { type FeeSchedule, type FeeType, tradeFee } from './fees.ts'
export { type AccountId, CENT_PRECISION, DIRECT_PRECISION, Ledger } from './ledger.ts'
export { type EngineListener, type EngineOptions, MarketEngine, type Match } from './market-engine.ts'
export { costOf, MICROS_PER_CENTI_CONTRACT, type MicroDollars } from './money.ts'
export type {
  CancelReason,
  OrderId,
  OrderRequest,
  Placed,
  RefusalReason,
  RestingOrder,
  SelfTradePrevention,
  TimeInForce,
} from './order.ts'
