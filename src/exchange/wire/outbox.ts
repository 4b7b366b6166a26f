/**
 * What leaves on one socket: text frames, packed into large writes.
 *
 * `ws` writes each message by itself, two calls of the socket a frame. A server's text frames are a header and the
 * bytes (RFC 6455 §5.2: never masked), so the outbox packs them itself and hands over one buffer for a whole batch. Pings,
 * pongs and the close frame stay with `ws`, which writes to the same socket between our buffers.
 */
import type { Duplex } from 'node:stream'

const CHUNK_BYTES = 256 * 1024
const TEXT_FRAME = 0x81

export class Outbox {
  readonly #socket: Duplex
  readonly #mayWrite: () => boolean
  #chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  #used = 0
  #written = 0

  /** `mayWrite` says whether text frames may still follow: not after a close frame, of either end. */
  constructor(socket: Duplex, mayWrite: () => boolean) {
    this.#socket = socket
    this.#mayWrite = mayWrite
  }

  /** Bytes handed over that the system has not taken yet, and those waiting to be handed over. */
  get bufferedBytes(): number {
    return this.#socket.writableLength + this.#used - this.#written
  }

  get isOpen(): boolean {
    return this.#socket.writable && this.#mayWrite()
  }

  /** Packs one text frame; it is handed to the socket with the next {@link flush}, or earlier when a chunk is full. */
  push(text: string): void {
    const length = Buffer.byteLength(text)
    const headerBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10
    if (this.#used + headerBytes + length > this.#chunk.length) this.#turn(headerBytes + length)
    const chunk = this.#chunk
    let at = this.#used
    chunk[at] = TEXT_FRAME
    if (headerBytes === 2) chunk[at + 1] = length
    else if (headerBytes === 4) {
      chunk[at + 1] = 126
      chunk[at + 2] = length >> 8
      chunk[at + 3] = length & 0xff
    } else {
      chunk[at + 1] = 127
      chunk.writeBigUInt64BE(BigInt(length), at + 2)
    }
    at += headerBytes
    chunk.write(text, at, length, 'utf8')
    this.#used = at + length
  }

  flush(): void {
    if (this.#used === this.#written) return
    if (this.isOpen) this.#socket.write(this.#chunk.subarray(this.#written, this.#used))
    this.#written = this.#used
  }

  /** Ends the socket without a word. */
  destroy(): void {
    this.#socket.destroy()
  }

  /** Bytes already handed over may still be read by the socket, so a full chunk is replaced, never used again. */
  #turn(bytesNeeded: number): void {
    this.flush()
    this.#chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, bytesNeeded))
    this.#used = 0
    this.#written = 0
  }
}
