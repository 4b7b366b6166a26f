/**
 * What the recorder makes of its audits: their figures, the records that keep each result in the journal, and the alarm for
 * snapshots that are too often beside our book by the rest of a group. The fold settles an audit, the session asks for it.
 */
import { type AuditBody, RECORD } from '#domain'
import type { Audited, Market } from '#feed'
import { encodeJson } from '#journal'
import type { RepeatedLines } from '../log/log-repeats.ts'
import type { Tape } from './tape.ts'

/** Audits that the alarm looks back on. */
const LOOKED_BACK_MAX = 200
/** So many offsets among them, and more than so many in a hundred, are news: either is rare where snapshots are exact. */
const OFFSETS_MIN = 3
const OFFSET_SHARE_MAX = 0.05

export class AuditTally {
  readonly #repeats: RepeatedLines
  readonly #nowMs: () => number
  readonly #isRecorded: () => boolean
  /** Settled inside a frame, written after it: nothing is appended while a frame is folded. */
  #unwritten: { readonly connection: number; readonly body: AuditBody }[] = []
  /** Of the latest audits: whether each was an offset. */
  readonly #latest: boolean[] = []
  #isAlarmed = false
  /** Unix ms of the last mismatch; `undefined` before the first. */
  lastMismatchMs: number | undefined

  /** `nowMs`: Unix ms in the journal's time. `isRecorded`: whether the frames that settle an audit are in the journal. */
  constructor(repeats: RepeatedLines, nowMs: () => number, isRecorded: () => boolean) {
    this.#repeats = repeats
    this.#isRecorded = isRecorded
    this.#nowMs = nowMs
  }

  /** Snapshots are beside our books more often than a busy moment explains. */
  get hasManyOffsets(): boolean {
    const offsets = this.#latest.filter((each) => each).length
    return offsets >= OFFSETS_MIN && offsets > this.#latest.length * OFFSET_SHARE_MAX
  }

  /** From inside the fold: marks, and changes nothing. */
  settled({ ticker: market }: Market, { connection, ...found }: Audited): void {
    // No reader finds again what rests on frames that are in no journal.
    if (this.#isRecorded()) this.#unwritten.push({ connection, body: { market, ...found } })
    this.#latest.push(found.result === 'offset')
    if (this.#latest.length > LOOKED_BACK_MAX) this.#latest.shift()
    const { sid, seq, levelsWrong } = found
    if (found.result === 'mismatched') {
      this.lastMismatchMs = this.#nowMs()
      this.#repeats.write('error', { event: 'audit_mismatched', connection, sid, seq, market, levelsWrong })
    }
    this.#alarm()
  }

  /** Writes down what was settled since. */
  write(tape: Tape): void {
    if (this.#unwritten.length === 0) return
    const unwritten = this.#unwritten
    this.#unwritten = []
    for (const { connection, body } of unwritten) tape.record(RECORD.AUDIT, connection, encodeJson(body))
  }

  #alarm(): void {
    const isMany = this.hasManyOffsets
    if (isMany === this.#isAlarmed) return
    this.#isAlarmed = isMany
    const offsets = this.#latest.filter((each) => each).length
    this.#repeats.write('warn', { event: 'snapshot_offsets', isMany, offsets, audits: this.#latest.length })
  }
}
