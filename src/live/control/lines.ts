/** Newline-separated text out of a stream of bytes, with a limit on the length of a line. */
export class LineSplitter {
  readonly #bytesMax: number
  #chunks: Buffer[] = []
  #held = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** The lines that the bytes complete; `undefined` when a line grew past the limit. */
  push(chunk: Buffer): string[] | undefined {
    const lines: string[] = []
    let start = 0
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      this.#chunks.push(chunk.subarray(start, end))
      lines.push(Buffer.concat(this.#chunks).toString('utf8'))
      this.#chunks = []
      this.#held = 0
      start = end + 1
    }
    if (start < chunk.length) {
      this.#chunks.push(chunk.subarray(start))
      this.#held += chunk.length - start
    }
    return this.#held > this.#bytesMax ? undefined : lines
  }
}
