/** Kalshi frames to events and commands to frames; pure. A byte scanner for deltas, `JSON.parse` for the rest. */
export * from './commands.ts'
export { decodeFrame, type FieldWatch } from './decode.ts'
export { DeltaScanner } from './delta-scanner.ts'
export { FieldCensus } from './field-census.ts'
export type * from './frame.ts'
export { TickerTable } from './ticker-table.ts'
export { parseRfc3339Ms } from './time.ts'
