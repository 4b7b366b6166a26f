/** Frames a second now: over the last second or so, without a timer of its own. */
export type Rates = { readonly framesPerSecond: number; readonly peakPerSecond: number }

const WINDOW_MS = 1000

export class RateMeter {
  #frames = 0
  #sinceMs = 0
  #rates: Rates = { framesPerSecond: 0, peakPerSecond: 0 }

  get rates(): Rates {
    return this.#rates
  }

  /** To be called several times a second with the total so far. */
  tick(frames: number, nowMs: number): void {
    const elapsedMs = nowMs - this.#sinceMs
    if (elapsedMs < WINDOW_MS) return
    const framesPerSecond = this.#sinceMs === 0 ? 0 : Math.round(((frames - this.#frames) * 1000) / elapsedMs)
    this.#rates = { framesPerSecond, peakPerSecond: Math.max(this.#rates.peakPerSecond, framesPerSecond) }
    this.#frames = frames
    this.#sinceMs = nowMs
  }
}
