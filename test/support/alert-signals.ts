/** Signals of a recorder to which nothing is wrong, for tests. */
import type { Signals } from '#alert'

export const WELL: Signals = {
  upMs: 3_600_000,
  isStopping: false,
  pausedBy: undefined,
  markets: { asked: 100, inDoubt: 0, unknown: 0 },
  connections: 2,
  connectionsDown: 0,
  refusal: undefined,
  noFrameMs: 100,
  orientationWrong: 0,
  wireChanged: undefined,
  journal: {
    isFailing: false,
    failed: undefined,
    damaged: 0,
    undurableMs: 3,
    commitP99Ms: 4,
    backpressure: 'flowing',
  },
  disk: { freeBytes: 100 * 1024 ** 3, daysLeft: 90, isFull: false },
  archive: { behindSegments: 0, error: undefined },
  store: { state: 'writing', behindMs: 200, refused: undefined, error: undefined },
  threadsDown: {},
  oldestProofMs: 60_000,
  messageAgeMs: 40,
  clock: { aheadMs: 3, errorMs: 10 },
  loopP99Ms: 2,
  lastHour: { breaks: 0, lost: 0, malformed: 0, restarts: 0, audits: 60, mismatches: 0, offsets: 0 },
}
