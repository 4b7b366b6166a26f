/**
 * What the rules look at: the recorder's state at one moment, in plain figures. Where a figure is `undefined` nobody knows it,
 * and no rule holds because of it. `lastHour` counts what happened in the last hour of this run.
 */
export type Signals = {
  readonly upMs: number
  /** The recording was asked to end. */
  readonly isStopping: boolean
  /** Who paused the recording. */
  readonly pausedBy: string | undefined
  readonly markets: { readonly asked: number; readonly inDoubt: number; readonly unknown: number }
  /** Connections that hold markets, and those of them that are not open. */
  readonly connections: number
  readonly connectionsDown: number
  /** Why the last attempt to connect failed. */
  readonly refusal: string | undefined
  /** Since any frame was taken; since the start where none was. */
  readonly noFrameMs: number
  /** Connections whose NO levels read the wrong way round. */
  readonly orientationWrong: number
  /** What changed on the wire, where something did. */
  readonly wireChanged: string | undefined
  readonly journal: {
    readonly isFailing: boolean
    readonly failed: string | undefined
    /** Damaged places found at start. */
    readonly damaged: number
    /** How long something has been waiting to become durable. */
    readonly undurableMs: number
    readonly commitP99Ms: number
    readonly backpressure: string
  }
  readonly disk: {
    readonly freeBytes: number | undefined
    readonly daysLeft: number | undefined
    /** Frames are not written for want of room. */
    readonly isFull: boolean
  }
  readonly archive: { readonly behindSegments: number; readonly error: string | undefined } | undefined
  /** `undefined` when nothing is to be stored. */
  readonly store:
    | {
        readonly state: string
        readonly behindMs: number
        readonly refused: string | undefined
        readonly error: string | undefined
      }
    | undefined
  /** Threads beside the recorder that are not ready, with why. */
  readonly threadsDown: Readonly<Record<string, string>>
  /** The oldest time since an open market's book was proven. */
  readonly oldestProofMs: number | undefined
  /** Of the connection whose messages are oldest: the median of ten seconds. */
  readonly messageAgeMs: number | undefined
  /** How far our clock is ahead, and by how much that may be wrong. */
  readonly clock: { readonly aheadMs: number; readonly errorMs: number } | undefined
  /** How late the recorder's event loop came, one time in a hundred. */
  readonly loopP99Ms: number
  readonly lastHour: {
    readonly breaks: number
    readonly lost: number
    readonly malformed: number
    readonly restarts: number
    readonly audits: number
    readonly mismatches: number
    readonly offsets: number
  }
}
