/**
 * Tells followers how far the recorder is: a line when the durable position moves, at most one in 5 ms, and a heartbeat.
 * One line is made for all; nothing waits for a follower, and one that does not read is cut off.
 */
import type { Socket } from 'node:net'
import { comparePositions, formatPosition } from '#domain'
import { FOLLOW_HEARTBEAT_MS, FOLLOW_LINE_MS_MIN, type FollowLine } from '#live'
import type { Recorder } from '../recorder/recorder.ts'

/** Lines that a follower has not read, beyond what the system holds: some thousand lines, or several seconds. */
export const FOLLOW_UNREAD_BYTES_MAX = 64 * 1024

export class FollowStreams {
  readonly #recorder: Recorder
  readonly #sockets = new Set<Socket>()
  readonly #stopListening: () => void
  #heartbeat: NodeJS.Timeout | undefined
  #delayed: NodeJS.Timeout | undefined
  #toldMs = 0

  constructor(recorder: Recorder) {
    this.#recorder = recorder
    this.#stopListening = recorder.onDurable(() => this.#moved())
  }

  get size(): number {
    return this.#sockets.size
  }

  /** The socket's answer must have been written. */
  add(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#remove(socket))
    this.#heartbeat ??= setInterval(() => this.#tell(), FOLLOW_HEARTBEAT_MS)
    socket.write(this.#line())
  }

  /** Tells everybody the last position, and that it is the last. */
  close(): void {
    this.#stopListening()
    clearInterval(this.#heartbeat)
    clearTimeout(this.#delayed)
    const line = this.#line(true)
    for (const socket of this.#sockets) socket.end(line)
    this.#sockets.clear()
  }

  #moved(): void {
    if (this.#sockets.size === 0 || this.#delayed !== undefined) return
    const leftMs = this.#toldMs + FOLLOW_LINE_MS_MIN - performance.now()
    if (leftMs <= 0) this.#tell()
    else this.#delayed = setTimeout(() => this.#tell(), leftMs)
  }

  #tell(): void {
    clearTimeout(this.#delayed)
    this.#delayed = undefined
    this.#toldMs = performance.now()
    const line = this.#line()
    for (const socket of this.#sockets) {
      if (socket.writableLength > FOLLOW_UNREAD_BYTES_MAX) socket.destroy()
      else socket.write(line)
    }
  }

  #line(isLast = false): string {
    const { journal, lastFrameMs, waitingMs } = this.#recorder
    // At the end the journal's head may lie behind a segment that was closed: what is durable is then all there is.
    const head = comparePositions(journal.head, journal.durable) < 0 ? journal.durable : journal.head
    const line: FollowLine = {
      head: formatPosition(head),
      durable: formatPosition(journal.durable),
      head_ms: lastFrameMs,
      ...(waitingMs === undefined ? {} : { waiting_ms: Math.round(waitingMs) }),
      ...(isLast ? { ended: true } : {}),
    }
    return `${JSON.stringify(line)}\n`
  }

  #remove(socket: Socket): void {
    this.#sockets.delete(socket)
    if (this.#sockets.size > 0) return
    clearInterval(this.#heartbeat)
    this.#heartbeat = undefined
  }
}
