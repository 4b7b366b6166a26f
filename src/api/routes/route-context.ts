/** What the routes work on. */
import type { Replica } from '#live'
import type { Limits } from '../api-limits.ts'
import type { ApiEvent, ApiOptions } from '../api-options.ts'
import type { SnapshotCache } from '../books/snapshot-cache.ts'
import type { Health } from '../health/judge-health.ts'
import type { RecorderWatch } from '../recorder/recorder-watch.ts'
import { ApiFault } from '../server/api-fault.ts'
import type { SecondBudget } from '../server/second-budget.ts'
import type { StoreReader } from '../store/store-reader.ts'
import type { WsMetrics } from '../ws/index.ts'

export type RouteContext = {
  readonly options: ApiOptions
  readonly limits: Limits
  readonly startedMs: number
  readonly recorder: RecorderWatch
  readonly snapshots: SnapshotCache
  readonly nearNamesLeft: SecondBudget
  /** `undefined` where none is meant. */
  readonly store: StoreReader | undefined
  readonly tell: (event: ApiEvent) => void
  readonly health: () => Health
  /** `undefined` before it is open, and where none is meant. */
  copy(): Replica | undefined
  /** WebSocket clients now. */
  clients(): number
  /** `undefined` before it is there. */
  websocket(): WsMetrics | undefined
}

/** The copy, or the fault of a client that came too early. */
export function needCopy(context: RouteContext): Replica {
  const copy = context.copy()
  if (copy !== undefined) return copy
  throw new ApiFault('FLOW_API_UNAVAILABLE', 'the books are being read from the journal: try again in a moment', {
    headers: { 'retry-after': '1' },
  })
}
