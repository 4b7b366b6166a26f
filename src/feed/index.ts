/** What frames mean and what to do about it: pure, decides, does nothing itself. */
export { Connection } from './connection.ts'
export type { FoldCounts } from './counts.ts'
export { type ErrorAction, errorAction, isTerminal } from './error-codes.ts'
export { CROSSED_MS_MAX, Fold } from './fold.ts'
export type { ControlFrame, FoldListener } from './listener.ts'
export { type DoubtCause, Market } from './market.ts'
export { Orientation, SAMPLE_SIZE, type Verdict } from './orientation.ts'
export { Subscription } from './subscription.ts'
