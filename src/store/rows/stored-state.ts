/**
 * What the database already says at the watermark: what a fold that goes on from there must know beside its books. Read by
 * the writer in one snapshot of the database; plain data.
 */
import type { PlacedTimes } from '#ledger'
import type { Origin } from './tables.ts'

export type StoredState = {
  readonly journalId: number
  readonly markets: readonly { readonly id: number; readonly ticker: string; readonly times: PlacedTimes }[]
  /** The highest market id of all journals in the schema; 0 when there is none. */
  readonly lastMarketId: number
  /** The highest connection number stored; 0 when there is none. */
  readonly lastConnection: number
  /** The run that the watermark stands in, and the lowest connection number of it when it has one. */
  readonly session:
    | { readonly id: string; readonly firstConnection: number | undefined; readonly started: Origin | undefined }
    | undefined
  readonly openGaps: readonly { readonly market: number; readonly found: Origin; readonly cause: string }[]
  readonly openCoverage: readonly { readonly market: number; readonly from: Origin; readonly connection: number }[]
  readonly openValidity: readonly {
    readonly market: number
    readonly from: Origin
    readonly connection: number
    /** The market's last snapshot frame. */
    readonly snapshot: Origin | undefined
  }[]
  /** Frames and records stored so far, by kind. */
  readonly counts: Readonly<Record<string, number>>
  /** The stamp of the last record stored. */
  readonly lastNs: bigint
}

export const emptyState = (journalId: number): StoredState => ({
  journalId,
  markets: [],
  lastMarketId: 0,
  lastConnection: 0,
  session: undefined,
  openGaps: [],
  openCoverage: [],
  openValidity: [],
  counts: {},
  lastNs: 0n,
})
