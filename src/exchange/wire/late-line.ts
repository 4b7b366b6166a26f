/** Frames on their way to one client that arrive late, in their order. Knows when each may leave; leaves counting to others. */
export class LateLine<Frame extends { readonly text: string }> {
  readonly #leave: (frame: Frame) => void
  readonly #flush: () => void
  #waiting: { readonly frame: Frame; readonly dueMs: number }[] = []
  #lastDueMs = 0
  #bytes = 0
  #timer: NodeJS.Timeout | undefined

  /** `leave` is handed each frame when it is due, `flush` called after the last one due. */
  constructor(leave: (frame: Frame) => void, flush: () => void) {
    this.#leave = leave
    this.#flush = flush
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** Characters that wait. */
  get bytes(): number {
    return this.#bytes
  }

  /** A frame that may leave after so long, and never before the one in front of it. */
  push(frame: Frame, lateMs: number): void {
    this.#lastDueMs = Math.max(this.#lastDueMs, performance.now() + lateMs)
    this.#waiting.push({ frame, dueMs: this.#lastDueMs })
    this.#bytes += frame.text.length
    this.#wait()
  }

  /** Nothing more leaves. */
  end(): void {
    clearTimeout(this.#timer)
    this.#waiting = []
    this.#bytes = 0
  }

  #wait(): void {
    const first = this.#waiting[0]
    if (first === undefined || this.#timer !== undefined) return
    this.#timer = setTimeout(() => this.#letGo(), Math.max(1, first.dueMs - performance.now()))
  }

  #letGo(): void {
    this.#timer = undefined
    const nowMs = performance.now()
    const due = this.#waiting.findIndex(({ dueMs }) => dueMs > nowMs)
    const gone = this.#waiting.splice(0, due === -1 ? this.#waiting.length : due)
    for (const { frame } of gone) {
      this.#bytes -= frame.text.length
      this.#leave(frame)
    }
    this.#flush()
    this.#wait()
  }
}
