/**
 * The way of frames from being made to leaving on one socket, and what may befall them on it: to be overtaken, to come
 * late, to be held back. Keeps their order but for the one that is overtaken; counting and sending are the connection's.
 */
import type { OutgoingFrame } from './frame-faults.ts'
import { LateLine } from './late-line.ts'

export type FrameWayEnds = {
  /** Takes a frame that leaves now. */
  readonly leave: (frame: OutgoingFrame) => void
  /** Called after frames that left by themselves. */
  readonly flush: () => void
  /** How long a frame is held back now, in ms. */
  readonly latenessMs: () => number
}

/** A frame that nothing overtakes leaves all the same. */
const OVERTAKEN_WITHIN_MS = 1_000

export class FrameWay {
  readonly #ends: FrameWayEnds
  readonly #late: LateLine<OutgoingFrame>
  #isStalled = false
  #held: OutgoingFrame[] = []
  #heldBytes = 0
  #overtaken: OutgoingFrame | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(ends: FrameWayEnds) {
    this.#ends = ends
    this.#late = new LateLine((frame) => this.#leave(frame), ends.flush)
  }

  get isStalled(): boolean {
    return this.#isStalled
  }

  /** Characters on the way. */
  get bytes(): number {
    return this.#heldBytes + this.#late.bytes
  }

  /** A frame goes on its way; one that was to be overtaken follows it. */
  hand(frame: OutgoingFrame): void {
    const lateMs = this.#ends.latenessMs()
    if (lateMs > 0 || !this.#late.isEmpty) this.#late.push(frame, lateMs)
    else this.#leave(frame)
    this.#letOvertakenGo()
  }

  /** A frame that leaves after the next one. */
  handAfterNext(frame: OutgoingFrame): void {
    this.#letOvertakenGo()
    this.#overtaken = frame
    this.#timer = setTimeout(() => {
      this.#letOvertakenGo()
      this.#ends.flush()
    }, OVERTAKEN_WITHIN_MS)
  }

  /** Holds every frame back until {@link resume}. */
  stall(): void {
    this.#isStalled = true
  }

  resume(): void {
    this.#isStalled = false
    const held = this.#held
    this.#held = []
    this.#heldBytes = 0
    for (const frame of held) this.#ends.leave(frame)
    this.#ends.flush()
  }

  /** Nothing more leaves. */
  end(): void {
    clearTimeout(this.#timer)
    this.#late.end()
    this.#overtaken = undefined
    this.#held = []
    this.#heldBytes = 0
  }

  #letOvertakenGo(): void {
    const overtaken = this.#overtaken
    if (overtaken === undefined) return
    clearTimeout(this.#timer)
    this.#overtaken = undefined
    this.hand(overtaken)
  }

  #leave(frame: OutgoingFrame): void {
    if (!this.#isStalled) {
      this.#ends.leave(frame)
      return
    }
    this.#held.push(frame)
    this.#heldBytes += frame.text.length
  }
}
