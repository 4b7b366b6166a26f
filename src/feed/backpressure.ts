/**
 * What to do when the journal cannot keep up: first the sockets are paused, so that the exchange's bytes wait in the
 * kernel; after {@link PAUSE_MS_MAX} without relief the connections are let go and the hole is declared ours; they are
 * made again when the buffer is half empty. Pure; is handed the time.
 */
export const PAUSE_MS_MAX = 5_000

/** The share of the buffer below which there is room again. */
export const BUFFER_SHARE_MAX = 1 / 2

export type Relief = 'pause' | 'resume' | 'stall' | 'room' | undefined

export class Backpressure {
  /** Past it the sockets are paused. A quarter is left for what a paused socket still hands over, and for the records that tell of it. */
  readonly pauseAboveBytes: number
  readonly #limitBytes: number
  #state: 'flowing' | 'paused' | 'stalled' = 'flowing'
  #sinceMs = 0

  /** `limitBytes`: what the journal's buffer takes at most. */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
    this.pauseAboveBytes = (limitBytes * 3) / 4
  }

  get state(): 'flowing' | 'paused' | 'stalled' {
    return this.#state
  }

  /**
   * To be asked several times a second with the bytes buffered, and after a frame that took them past
   * {@link pauseAboveBytes}: a burst fills the buffer between two looks. Answers what changes now.
   */
  check(bufferedBytes: number, nowMs: number): Relief {
    const isFull = bufferedBytes > this.pauseAboveBytes
    const isEased = bufferedBytes <= this.#limitBytes * BUFFER_SHARE_MAX
    if (this.#state === 'flowing') return isFull ? this.#become('paused', nowMs, 'pause') : undefined
    if (isEased) return this.#become('flowing', nowMs, this.#state === 'paused' ? 'resume' : 'room')
    const isOver = this.#state === 'paused' && nowMs - this.#sinceMs >= PAUSE_MS_MAX
    return isOver ? this.#become('stalled', nowMs, 'stall') : undefined
  }

  /** A frame was refused for lack of room: there is nothing left to wait for. */
  refused(nowMs: number): Relief {
    return this.#state === 'stalled' ? undefined : this.#become('stalled', nowMs, 'stall')
  }

  /** Nothing waits for the journal any more, since it takes no frames: whatever was held back goes on. */
  release(nowMs: number): Relief {
    if (this.#state === 'flowing') return undefined
    return this.#become('flowing', nowMs, this.#state === 'paused' ? 'resume' : 'room')
  }

  #become(state: 'flowing' | 'paused' | 'stalled', nowMs: number, relief: Relief): Relief {
    this.#state = state
    this.#sinceMs = nowMs
    return relief
  }
}
