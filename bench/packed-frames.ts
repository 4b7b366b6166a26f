/** Frames as a recorder gets them: a Buffer each, many to one chunk of memory, as `ws` cuts them from what a socket read. */

const CHUNK_BYTES = 16 * 1024 * 1024

export class PackedFrames {
  readonly frames: Buffer[] = []
  bytes = 0
  #chunk = Buffer.alloc(0)
  #used = 0

  add(text: string): void {
    const length = Buffer.byteLength(text)
    if (this.#used + length > this.#chunk.length) {
      this.#chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, length))
      this.#used = 0
    }
    this.#chunk.write(text, this.#used, length, 'utf8')
    this.frames.push(this.#chunk.subarray(this.#used, this.#used + length))
    this.#used += length
    this.bytes += length
  }
}
