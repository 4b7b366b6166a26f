/**
 * The two ladders of a market. Numbers, since the hot path indexes by them; {@link sideName} turns one back into the
 * word that Kalshi and our output use.
 */
export const YES = 0
export const NO = 1
export type Side = typeof YES | typeof NO

export type SideName = 'yes' | 'no'

export const sideName = (side: Side): SideName => (side === YES ? 'yes' : 'no')

/** `undefined` for any other word. */
export const parseSide = (word: unknown): Side | undefined => (word === 'yes' ? YES : word === 'no' ? NO : undefined)
