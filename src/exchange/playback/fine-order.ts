/** A resting order on a price grid finer than the capture's: what a market looks like whose grid has changed while it is open. */
import { type CentiCents, type CentiContracts, formatContracts, formatDollars } from '#domain'
import { applyChange } from '../ladder.ts'
import { encodeTime } from '../rfc3339.ts'
import type { Market } from './floor.ts'
import { inferGrid } from './grid.ts'

/** No NO bid stands above 0.9999, so that a YES bid of one hundredth of a cent never meets one below that. */
const PRICE = 1 as CentiCents
const SIZE = 100 as CentiContracts

/** Tells the new grid and the order to whoever subscribed, and puts the order into the book. */
export function restFineOrder(market: Market, nowMs: number): void {
  applyChange(market.book, { side: 'yes', price: PRICE, change: SIZE })
  const grid = JSON.stringify(inferGrid(new Set([PRICE, 5_001]))).slice(1)
  for (const { ticker, marketId, subscribers } of market.listings) {
    const told = `{"market_ticker":"${ticker}","event_type":"price_level_structure_updated","exchange_index":0,${grid}`
    for (const subscriber of subscribers.market_lifecycle_v2) subscriber.send('market_lifecycle_v2', told)
    const delta =
      `{"market_ticker":"${ticker}","market_id":"${marketId}","price_dollars":"${formatDollars(PRICE)}",` +
      `"delta_fp":"${formatContracts(SIZE)}","side":"yes","ts":"${encodeTime(nowMs)}","ts_ms":${Math.floor(nowMs)}}`
    for (const subscriber of subscribers.orderbook_delta) subscriber.send('orderbook_delta', delta)
  }
}
