/** What `/exchange/sent` tells of connections: every frame handed to a socket, open or ended, is in it once. */
import type { FaultReport } from '../faults/fault-account.ts'
import type { VenueReport } from '../venue.ts'
import type { ConnectionReport } from './connection.ts'

export type SentReport = Counts & VenueReport & { readonly faults: FaultReport }

type Counts = {
  readonly frames: Readonly<Record<string, number>>
  readonly total: number
  readonly connections: readonly ConnectionReport[]
}

/** Reports of connections that have ended are kept up to this number, the oldest let go; totals keep them all. */
const ENDED_REPORTS_MAX = 1000

export class SentAccount {
  readonly #ended: ConnectionReport[] = []
  readonly #endedFrames: Record<string, number> = {}

  /** Takes the last report of a connection. */
  ended(report: ConnectionReport): void {
    addCounts(this.#endedFrames, report.frames)
    this.#ended.push({ ...report, open: false })
    if (this.#ended.length > ENDED_REPORTS_MAX) this.#ended.shift()
  }

  /** With the connections that are open as they are now. */
  report(open: readonly ConnectionReport[], venue: VenueReport): Counts & VenueReport {
    const frames: Record<string, number> = { ...this.#endedFrames }
    for (const report of open) addCounts(frames, report.frames)
    const total = Object.values(frames).reduce((sum, count) => sum + count, 0)
    return { frames, total, connections: [...this.#ended, ...open], ...venue }
  }
}

function addCounts(into: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [type, count] of Object.entries(counts)) into[type] = (into[type] ?? 0) + count
}
