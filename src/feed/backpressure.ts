/**
 * What to do when the journal cannot keep up: first the sockets are paused, so that the exchange's bytes wait in the
 * kernel; after {@link PAUSE_MS_MAX} without relief the connections are let go and the hole is declared ours; they are
 * made again when the buffer is half empty. Pure; is handed the time.
 */
export const PAUSE_MS_MAX = 5_000

export type Relief = 'pause' | 'resume' | 'stall' | 'room' | undefined

export class Backpressure {
  readonly #limitBytes: number
  #state: 'flowing' | 'paused' | 'stalled' = 'flowing'
  #sinceMs = 0

  /** `limitBytes`: what the journal's buffer takes at most. */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  get state(): 'flowing' | 'paused' | 'stalled' {
    return this.#state
  }

  /** To be asked several times a second with the bytes buffered. Answers what changes now. */
  check(bufferedBytes: number, nowMs: number): Relief {
    // A quarter is left for what a paused socket still hands over, and for the records that tell of it.
    const isFull = bufferedBytes > (this.#limitBytes * 3) / 4
    const isEased = bufferedBytes <= this.#limitBytes / 2
    if (this.#state === 'flowing') return isFull ? this.#become('paused', nowMs, 'pause') : undefined
    if (isEased) return this.#become('flowing', nowMs, this.#state === 'paused' ? 'resume' : 'room')
    const isOver = this.#state === 'paused' && nowMs - this.#sinceMs >= PAUSE_MS_MAX
    return isOver ? this.#become('stalled', nowMs, 'stall') : undefined
  }

  /** A frame was refused for lack of room: there is nothing left to wait for. */
  refused(nowMs: number): Relief {
    return this.#state === 'stalled' ? undefined : this.#become('stalled', nowMs, 'stall')
  }

  #become(state: 'flowing' | 'paused' | 'stalled', nowMs: number, relief: Relief): Relief {
    this.#state = state
    this.#sinceMs = nowMs
    return relief
  }
}
