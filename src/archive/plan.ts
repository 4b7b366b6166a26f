/** What is to be archived, and what may then go: decided from what is known, without asking anybody. Pure. */

/** A segment of the journal's folder. */
export type LocalSegment = {
  readonly number: number
  /** Sealed, with a sound manifest, and not there in its raw form any more. */
  readonly isSealed: boolean
  /** Stamp of its last record, Unix ms; `undefined` where it holds none or is not sealed. */
  readonly lastMs: number | undefined
}

/** Sealed segments of which the archive is not known to have a proven copy, oldest first. */
export function toArchive(local: readonly LocalSegment[], archived: ReadonlySet<number>): number[] {
  return local.flatMap(({ number, isSealed }) => (isSealed && !archived.has(number) ? [number] : []))
}

/** Segments kept whatever their age, the newest counted: what a reader and the next start begin with. */
export const KEPT_SEGMENTS_MIN = 3

export type Retention = {
  /** Nothing younger goes. */
  readonly keepDays: number
  readonly nowMs: number
  /**
   * Everything before this segment has been read by whoever must read it (the store); `undefined` while that is not known,
   * and then nothing goes.
   */
  readonly readBefore: number | undefined
}

const DAY_MS = 86_400_000

/**
 * The segments that may go once their copies are proved anew: from the oldest on, none behind one that must stay, so that
 * what is left is one piece. A segment without records goes with its neighbours.
 */
export function toRemove(
  local: readonly LocalSegment[],
  archived: ReadonlySet<number>,
  { keepDays, nowMs, readBefore }: Retention,
): number[] {
  if (readBefore === undefined) return []
  const going: number[] = []
  for (const { number, isSealed, lastMs } of local.slice(0, -KEPT_SEGMENTS_MIN)) {
    const isOld = lastMs === undefined || nowMs - lastMs > keepDays * DAY_MS
    if (!isSealed || !archived.has(number) || !isOld || number >= readBefore) break
    going.push(number)
  }
  return going
}
