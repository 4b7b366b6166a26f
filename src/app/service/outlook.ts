/**
 * How much the disk will be asked for: expected from what is known before anything was recorded, then from what was
 * measured. Pure arithmetic; says which of the two it is.
 */
export type Outlook = {
  readonly basis: 'expected' | 'measured'
  readonly framesPerSecond: number
  readonly bytesPerDay: number
}

const DAY_S = 86_400
/** Bytes of a frame in the journal, its record and its share of a block included (docs/operations.md, "Disk use"). */
const FRAME_BYTES = 309
/** What sealing leaves of the journal's bytes: 1/19 with recorded frames; less of a squeeze is assumed. */
const SEALED_SHARE = 1 / 12
/** Bytes of a delta row with its indexes (docs/performance.md). */
const ROW_BYTES = 135
/** Of a market nobody has measured yet: recorded quiet markets have 2 to 9, one of the busiest 83. */
export const ASSUMED_FRAMES_PER_MARKET = 5

export type Kept = {
  /** Closed journal files are packed. */
  readonly seal: boolean
  /** Rows go to a database on the same disk. */
  readonly store: boolean
}

export function expected(framesPerSecond: number, { seal, store }: Kept): Outlook {
  const frame = FRAME_BYTES * (seal ? SEALED_SHARE : 1) + (store ? ROW_BYTES : 0)
  return { basis: 'expected', framesPerSecond, bytesPerDay: framesPerSecond * frame * DAY_S }
}

/** What was there at one moment, in all since the start. */
export type Measure = {
  readonly atMs: number
  readonly frames: number
  readonly journalBytes: number
  readonly rows: number
}

/** `undefined` when no time lies between the two. */
export function measured(from: Measure, to: Measure, { seal, store }: Kept): Outlook | undefined {
  const seconds = (to.atMs - from.atMs) / 1000
  if (seconds <= 0) return undefined
  const journal = (to.journalBytes - from.journalBytes) * (seal ? SEALED_SHARE : 1)
  const rows = store ? (to.rows - from.rows) * ROW_BYTES : 0
  return {
    basis: 'measured',
    framesPerSecond: (to.frames - from.frames) / seconds,
    bytesPerDay: ((journal + rows) / seconds) * DAY_S,
  }
}

/** Days until the disk is full; `undefined` when nothing is being added. */
export const daysLeft = (freeBytes: number, { bytesPerDay }: Outlook): number | undefined =>
  bytesPerDay > 0 ? freeBytes / bytesPerDay : undefined
