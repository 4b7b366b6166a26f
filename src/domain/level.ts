/** Price levels as plain data, and the order in which a snapshot's levels are kept. */
import type { CentiCents, CentiContracts } from './units.ts'

/** One resting level: price, then size. */
export type Level = readonly [price: CentiCents, size: CentiContracts]

/** Both ladders of one market, each in ascending price, sizes positive, NO levels in NO prices. */
export type Levels = { readonly yes: readonly Level[]; readonly no: readonly Level[] }

export const NO_LEVELS: Levels = { yes: [], no: [] }

/** Ascending price: sort, do not trust (one public client says that Kalshi sends descending). */
export const byPrice = (a: Level, b: Level): number => a[0] - b[0]
