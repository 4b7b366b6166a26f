/**
 * Holds the number of frames a second where it was asked to be.
 *
 * News, openings and closings make as many frames as they make; what is left of the rate goes to the markets' own
 * bustle. Once a second the share is set anew from what was made, so that the mean over minutes is met.
 */
const SECOND_MS = 1000
/** What is missing or too much is made good within this time. */
const CORRECTION_SECONDS = 20
/** Bustle never sinks below this share of the rate, whatever else goes on. */
const BUSTLE_SHARE_MIN = 0.1
const SMOOTHING = 0.1

export class Pace {
  readonly #framesPerSecond: number
  readonly #startMs: number
  #othersPerSecond: number
  #framesPerPulse = 2
  #bustleFrames = 0
  #pulses = 0
  #lastTotal = 0
  /** Frames a second that bustle should make now, over all markets. */
  bustlePerSecond: number

  constructor(framesPerSecond: number, startMs: number) {
    this.#framesPerSecond = framesPerSecond
    this.#startMs = startMs
    this.#othersPerSecond = framesPerSecond * 0.3
    this.bustlePerSecond = framesPerSecond * 0.7
  }

  /** How many frames one pulse of a market makes on average. */
  get framesPerPulse(): number {
    return this.#framesPerPulse
  }

  pulsed(frames: number): void {
    this.#bustleFrames += frames
    this.#pulses++
  }

  /** Once a second. */
  adjust(atMs: number, framesTold: number): void {
    const made = framesTold - this.#lastTotal
    this.#lastTotal = framesTold
    this.#othersPerSecond += SMOOTHING * (made - this.#bustleFrames - this.#othersPerSecond)
    if (this.#pulses > 0) {
      // Few pulses say little about the next ones.
      const weight = Math.min(0.5, this.#pulses / 500)
      this.#framesPerPulse += weight * (this.#bustleFrames / this.#pulses - this.#framesPerPulse)
    }
    this.#bustleFrames = 0
    this.#pulses = 0
    const owed = (this.#framesPerSecond * (atMs - this.#startMs)) / SECOND_MS - framesTold
    const wanted = this.#framesPerSecond - this.#othersPerSecond + owed / CORRECTION_SECONDS
    const least = this.#framesPerSecond * BUSTLE_SHARE_MIN
    this.bustlePerSecond = Math.min(3 * this.#framesPerSecond, Math.max(least, wanted))
  }
}
