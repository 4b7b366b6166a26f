/** What an alarm is: when it holds, for how long before it is told, and what to do about it. The rules stand in rules.ts. */
import type { Severity } from './message.ts'
import type { Unit } from './quantity.ts'
import type { Signals } from './signals.ts'

export type Rule = {
  /** Never used again for something else; docs/alerts.md has a paragraph of that name. */
  readonly name: string
  readonly severity: Exclude<Severity, 'info'>
  /** It must have held for so long before it fires. */
  readonly holdMs: number
  /** It must not have held for so long before it clears. */
  readonly clearMs: number
  /** The figure that {@link Rule.judge} compares with. */
  readonly limit?: { readonly value: number; readonly unit: Unit }
  /** One sentence: what is wrong when it fires. */
  readonly about: string
  /** One sentence: what to do. */
  readonly todo: string
  /** What is wrong now, with figures; `undefined` while nothing is. */
  readonly judge: (signals: Signals, limit: number) => string | undefined
}
