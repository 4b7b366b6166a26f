/**
 * What must hold in every world, in words. A checker that finds one broken says so here; the first of each kind is kept,
 * with the moment, and the run goes on.
 */
import type { VirtualTime } from './virtual-time.ts'

export const INVARIANTS = {
  S0: 'nothing throws and the journal never fails for good while the disk may yet be mended',
  S1: 'a book shown as valid is the exchange’s book as of the last frame taken of its subscription, level for level',
  S2: 'the journal read back, from its start or from any segment’s, gives the books that the live fold had there',
  S3: 'what was durable before a crash is in the journal after it, once, in order, with stamps that never go backward',
  S4: 'once the faults stop, every market asked for is valid again within 90 s; no answer is waited for longer than 10 s',
  S5: 'no storms: one subscribe for each channel and connection, few commands, few connects, small chunks',
  S6: 'every lost number is seen as a break or with its connection, and no break is seen without a lost number',
  S7: 'a book that the copy calls valid is the exchange’s there, is not old, and rests on durable records alone',
  S8: 'every record up to the watermark is its row once, whatever happened to the database and to the writers',
  S9: 'what the rows call valid was right, and what was found wrong later is not called valid any more',
  S10: 'every hole that happened is a gap in the rows, with its cause and its end, and there is no other',
  S11: 'once the faults stop, the rows reach the durable position and the copy shows every book, within 30 s',
} as const

export type Invariant = keyof typeof INVARIANTS

export type Violation = {
  readonly invariant: Invariant
  readonly atMs: number
  readonly life: number
  readonly what: string
}

export class Verdicts {
  readonly violations: Violation[] = []
  life = 0
  readonly #time: VirtualTime
  readonly #trace: (line: string) => void

  constructor(time: VirtualTime, trace: (line: string) => void) {
    this.#time = time
    this.#trace = trace
  }

  broken(invariant: Invariant, what: string): void {
    this.#trace(`${invariant} BROKEN: ${what}`)
    if (this.violations.some((each) => each.invariant === invariant)) return
    this.violations.push({ invariant, atMs: Math.round(this.#time.nowMs), life: this.life, what })
  }
}
