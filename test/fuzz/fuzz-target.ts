/**
 * What is fuzzed: something that takes input of anybody's making and must neither crash, hang nor grow. A case is made from
 * its seed alone, so that a number repeats it; what it must hold is said by the target, which throws when it does not.
 */
import type { SeededRandom } from '#journal'

export type OpenTarget = {
  /** One case. Answers a word for what became of it, which is counted. Throws when something does not hold. */
  run(random: SeededRandom): Promise<string> | string
  /** What the last case was, for keeping. */
  lastInput(): Uint8Array | string
  close(): Promise<void> | void
}

export type FuzzTarget = {
  readonly name: string
  /** Longest that one case may take: beyond it counts as a hang. */
  readonly caseMsMax: number
  /** Cases that run side by side, where they mostly wait. */
  readonly together?: number
  open(): Promise<OpenTarget>
}

export class FuzzFault extends Error {
  override readonly name = 'FuzzFault'
}

export function must(holds: boolean, what: string): void {
  if (!holds) throw new FuzzFault(what)
}
