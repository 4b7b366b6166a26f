/**
 * What leaves on one socket: text frames, each the client's own number and bytes that all clients share, packed into large
 * writes.
 *
 * `ws` would frame and write each message by itself. A server's text frame is a header and the bytes (RFC 6455 §5.2: never
 * masked), so they are packed here and handed over as one buffer for a whole batch. Pings, pongs and the close frame stay
 * with `ws`, which writes to the same socket between our buffers.
 */
import type { Duplex } from 'node:stream'

const CHUNK_BYTES = 64 * 1024
const TEXT_FRAME = 0x81
const HEAD = Buffer.from('{"seq":', 'latin1')

export class Outbox {
  readonly #socket: Duplex
  #chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  #used = 0
  #written = 0
  #pushedBytes = 0

  constructor(socket: Duplex) {
    this.#socket = socket
  }

  /** Bytes handed over that the system has not taken, and those waiting to be handed over. */
  get bufferedBytes(): number {
    return this.#socket.writableLength + this.#used - this.#written
  }

  /** Bytes packed since the beginning. */
  get pushedBytes(): number {
    return this.#pushedBytes
  }

  /** Packs one message: `{"seq":` + the number + `tail`, which begins with a comma and ends the object. */
  push(seq: number, tail: Buffer): void {
    const digits = String(seq)
    const length = HEAD.length + digits.length + tail.length
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
    at += HEAD.copy(chunk, at)
    at += chunk.write(digits, at, 'latin1')
    at += tail.copy(chunk, at)
    this.#used = at
    this.#pushedBytes += headerBytes + length
  }

  flush(): void {
    if (this.#used === this.#written) return
    if (this.#socket.writable) this.#socket.write(this.#chunk.subarray(this.#written, this.#used))
    this.#written = this.#used
  }

  /** Bytes already handed over may still be read by the socket, so a full chunk is replaced, never used again. */
  #turn(bytesNeeded: number): void {
    this.flush()
    this.#chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, bytesNeeded))
    this.#used = 0
    this.#written = 0
  }
}
