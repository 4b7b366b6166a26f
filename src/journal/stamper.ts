/**
 * Receive stamps: the monotonic clock, anchored to the wall.
 *
 *   wall within 1 s of us    slewed: at most 500 µs a second, so that stamps stay even and never go backward
 *   wall further away        a step: a new clock epoch begins at the wall's time
 *
 * A stamp in memory is a whole number of ns since the writer was opened: a double, so that the hot path makes no bigint.
 * It runs on through epochs; an epoch only moves its origin in Unix time. Exact to 2^53 ns = 104 days, to 2 ns after.
 * Decides nothing about records: it says that a step happened, and the writer writes it down.
 */
import type { ClockStepBody } from '#domain'
import type { Clock } from '#ports'

/** How far the wall may be away before it is a step. */
const STEP_NS = 1_000_000_000
const SLEW_MAX = 500e-6
const CHECK_INTERVAL_NS = 1_000_000_000
/** A pause between reading the two clocks looks like a step of the wall; such a pair of readings is thrown away. */
const PAUSE_NS_MAX = 20_000_000
const READ_ATTEMPTS = 4

export type ClockStep = Pick<ClockStepBody, 'cause'> & {
  readonly oldNs: bigint
  readonly newNs: bigint
  readonly epoch: number
}

export class Stamper {
  readonly #clock: Clock
  #epoch: number
  /** Unix ns of stamp 0 in the current epoch. */
  #originNs: bigint
  #referenceStamp = 0
  #referenceMonotonicNs: number
  /** Correction per ns of monotonic time, for {@link CHECK_INTERVAL_NS} after the reference and no longer. */
  #slew = 0
  #nextCheckNs: number
  #latest = 0
  #step: ClockStep | undefined

  /** `resume`: the last stamp and epoch that the journal holds. */
  constructor(clock: Clock, resume?: { readonly epoch: number; readonly lastNs: bigint }) {
    this.#clock = clock
    const { monotonicNs, wallNs } = this.#readBoth() ?? { monotonicNs: clock.monotonicNs(), wallNs: clock.wallNs() }
    this.#referenceMonotonicNs = monotonicNs
    this.#nextCheckNs = monotonicNs + CHECK_INTERVAL_NS
    this.#epoch = resume?.epoch ?? 1
    this.#originNs = wallNs
    if (resume === undefined || wallNs >= resume.lastNs) return
    if (resume.lastNs - wallNs <= BigInt(STEP_NS)) {
      this.#originNs = resume.lastNs
    } else {
      this.#epoch = resume.epoch + 1
      this.#step = { oldNs: resume.lastNs, newNs: wallNs, epoch: this.#epoch, cause: 'start' }
    }
  }

  /** The epoch of stamps made from now on. */
  get epoch(): number {
    return this.#epoch
  }

  /** The last stamp given out. */
  get latest(): number {
    return this.#latest
  }

  /** A stamp for now, never below an earlier one. */
  now(): number {
    const monotonicNs = this.#clock.monotonicNs()
    if (monotonicNs >= this.#nextCheckNs) this.#compareWithWall()
    const stamp = Math.floor(this.#at(monotonicNs))
    if (stamp > this.#latest) this.#latest = stamp
    return this.#latest
  }

  /** As {@link now}, for who only looks: it gives no stamp out and notices no step. */
  peek(): number {
    return Math.max(this.#latest, Math.floor(this.#at(this.#clock.monotonicNs())))
  }

  /** The step that began the current epoch, once; `undefined` when there was none since the last call. */
  takeStep(): ClockStep | undefined {
    const step = this.#step
    this.#step = undefined
    return step
  }

  /** A stamp of the current epoch as Unix ns. */
  toUnixNs(stamp: number): bigint {
    return this.#originNs + BigInt(stamp)
  }

  #at(monotonicNs: number): number {
    const elapsedNs = monotonicNs - this.#referenceMonotonicNs
    return this.#referenceStamp + elapsedNs + this.#slew * Math.min(Math.max(elapsedNs, 0), CHECK_INTERVAL_NS)
  }

  #compareWithWall(): void {
    const read = this.#readBoth()
    if (read === undefined) return
    const stamp = this.#at(read.monotonicNs)
    const oursNs = this.#originNs + BigInt(Math.floor(stamp))
    const errorNs = Number(read.wallNs - oursNs)
    this.#referenceStamp = stamp
    this.#referenceMonotonicNs = read.monotonicNs
    this.#nextCheckNs = read.monotonicNs + CHECK_INTERVAL_NS
    if (Math.abs(errorNs) <= STEP_NS) {
      this.#slew = Math.min(Math.max(errorNs / CHECK_INTERVAL_NS, -SLEW_MAX), SLEW_MAX)
      return
    }
    this.#slew = 0
    this.#originNs += read.wallNs - oursNs
    this.#epoch += 1
    this.#step = {
      oldNs: this.#step?.oldNs ?? oursNs,
      newNs: read.wallNs,
      epoch: this.#epoch,
      cause: this.#step?.cause ?? 'step',
    }
  }

  /** Both clocks at one moment; `undefined` when the machine paused in between at every attempt. */
  #readBoth(): { monotonicNs: number; wallNs: bigint } | undefined {
    for (let attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
      const before = this.#clock.monotonicNs()
      const wallNs = this.#clock.wallNs()
      const after = this.#clock.monotonicNs()
      if (after - before <= PAUSE_NS_MAX) return { monotonicNs: after, wallNs }
    }
    return undefined
  }
}
