/** What a check is, and what it finds. A check looks and says; it mends nothing and leaves nothing behind. */
import type { Surroundings } from './surroundings.ts'

export type CheckState = 'good' | 'warn' | 'bad' | 'skipped'

export type Finding = {
  readonly state: CheckState
  /** What is there, as short as it can be said. */
  readonly found: string
  /** What would be right. Absent where it is. */
  readonly needed?: string
  /** What to do about it, as a sentence. */
  readonly remedy?: string
  /** Figures for programs; nothing secret. */
  readonly figures?: Readonly<Record<string, string | number | boolean | null>>
}

export type Check = {
  /** Stable, for programs: small letters and dashes. */
  readonly name: string
  /** Longest that it may take. */
  readonly limitMs: number
  look(surroundings: Surroundings, signal: AbortSignal): Promise<Finding> | Finding
}

export const good = (found: string, figures?: Finding['figures']): Finding => ({
  state: 'good',
  found,
  ...(figures === undefined ? {} : { figures }),
})

export const skipped = (why: string): Finding => ({ state: 'skipped', found: why })

type Amiss = { readonly found: string; readonly needed: string; readonly remedy: string } & Pick<Finding, 'figures'>

export const warn = (amiss: Amiss): Finding => ({ state: 'warn', ...amiss })
export const bad = (amiss: Amiss): Finding => ({ state: 'bad', ...amiss })

/** Of two findings about one thing, the worse. */
export const worse = (one: Finding, other: Finding): Finding => (rank(other) > rank(one) ? other : one)

const rank = ({ state }: Finding): number => ['skipped', 'good', 'warn', 'bad'].indexOf(state)
