/**
 * Where a record stands in a journal. Order is the position, always; stamps only say when.
 *
 * `offset` counts uncompressed bytes of the segment file up to the record's first byte, so a position means the same
 * before and after sealing. Positions of one journal compare by segment, then offset; those of two journals do not.
 */
export type Position = {
  /** 1, 2, 3 … */
  readonly segment: number
  /** Bytes from the start of the segment. */
  readonly offset: number
}

export const POSITION_ZERO: Position = { segment: 0, offset: 0 }

/** Negative when `a` comes first. */
export const comparePositions = (a: Position, b: Position): number => a.segment - b.segment || a.offset - b.offset

/** `3:1048` — for logs and `--json`. */
export const formatPosition = ({ segment, offset }: Position): string => `${segment}:${offset}`

/** The inverse of {@link formatPosition}; `undefined` for anything else. */
export function parsePosition(text: string): Position | undefined {
  const match = /^(\d{1,15}):(\d{1,15})$/.exec(text)
  return match === null ? undefined : { segment: Number(match[1]), offset: Number(match[2]) }
}
