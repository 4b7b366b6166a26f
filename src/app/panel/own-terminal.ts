/**
 * The terminal of a recorder: text goes to it without ever waiting for it, and a terminal that is gone is no fault.
 *
 * Node's own streams write to a terminal synchronously: one that is not read (Ctrl-S, a hung ssh) would stop the recorder,
 * one that is gone would crash it. This one opens the same terminal a second time, non-blocking, so that no other program
 * on it is affected. What it does not take at once is held up to a limit and tried again; past the limit text is dropped
 * and counted. After a fault nothing more is written. No thread writes: one that hangs in a write would hold up the end.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import type { WriteStream } from 'node:tty'
import type { Terminal } from './panel.ts'

/** What a terminal has not taken: some thousand log lines. */
export const HELD_BYTES_MAX = 256 * 1024
const TRY_AGAIN_MS = 50
/** What is written at once: a terminal takes some kilobytes. */
const PIECE_BYTES = 16 * 1024

export class OwnTerminal implements Terminal {
  readonly isTTY = true
  readonly #stream: WriteStream
  #file: number | undefined
  /** Whole texts, oldest first. */
  readonly #held: Buffer[] = []
  #heldBytes = 0
  #dropped = 0
  #timer: NodeJS.Timeout | undefined

  /** The terminal of `stream`, such as standard error; `undefined` when it is none, or cannot be opened a second time. */
  static open(stream: WriteStream & { readonly fd: number }): OwnTerminal | undefined {
    if (stream.isTTY !== true) return undefined
    // A change of its size that cannot be read any more is told as an error of the stream.
    stream.on('error', () => {})
    for (const path of [`/proc/self/fd/${stream.fd}`, `/dev/fd/${stream.fd}`, '/dev/tty']) {
      try {
        const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants
        return new OwnTerminal(stream, openSync(path, O_WRONLY | O_NONBLOCK | O_NOCTTY))
      } catch {
        // Another user's, or another system's names for it: the next.
      }
    }
    return undefined
  }

  private constructor(stream: WriteStream, file: number) {
    this.#stream = stream
    this.#file = file
  }

  get columns(): number {
    return this.#stream.columns
  }

  get rows(): number {
    return this.#stream.rows
  }

  /** It has not taken what it was given: whoever draws had better wait. */
  get isHeldUp(): boolean {
    return this.#held.length > 0
  }

  /** Texts that were dropped so far. */
  get dropped(): number {
    return this.#dropped
  }

  on(event: 'resize', listener: () => void): void {
    this.#stream.on(event, listener)
  }

  off(event: 'resize', listener: () => void): void {
    this.#stream.off(event, listener)
  }

  /** Writes the text whole, now or later, or drops it whole. Never waits and never throws. */
  write(text: string): void {
    const bytes = Buffer.from(text)
    if (this.#file === undefined || this.#heldBytes + bytes.length > HELD_BYTES_MAX) {
      this.#dropped++
      return
    }
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    // While it is held up the timer alone tries: a busy log does not ask for each line.
    if (this.#timer === undefined) this.#push()
  }

  /** Gives up what is not taken within so long. What is written afterwards is dropped. */
  async close(withinMs: number): Promise<void> {
    const untilMs = performance.now() + withinMs
    while (this.isHeldUp && performance.now() < untilMs) await new Promise((done) => setTimeout(done, TRY_AGAIN_MS))
    this.#letGo()
  }

  #push(): void {
    while (this.#file !== undefined && this.#held.length > 0) {
      const bytes = this.#held[0]!
      const written = this.#take(this.#file, bytes)
      if (written === undefined) return
      this.#heldBytes -= written
      if (written === bytes.length) this.#held.shift()
      else this.#held[0] = bytes.subarray(written)
      if (written === 0) break
    }
    if (this.#held.length === 0) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#push()
    }, TRY_AGAIN_MS)
    this.#timer.unref()
  }

  /** Bytes taken now; `undefined` when the terminal is gone. */
  #take(file: number, bytes: Buffer): number | undefined {
    try {
      return writeSync(file, bytes, 0, Math.min(bytes.length, PIECE_BYTES))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EAGAIN' || code === 'EINTR') return 0
      this.#letGo()
      return undefined
    }
  }

  #letGo(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#dropped += this.#held.length
    this.#held.length = 0
    this.#heldBytes = 0
    if (this.#file === undefined) return
    const file = this.#file
    this.#file = undefined
    try {
      closeSync(file)
    } catch {
      // It was gone already.
    }
  }
}
