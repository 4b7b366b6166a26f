/**
 * A segment's uncompressed bytes by offset, whichever form the file has. The reader above sees no difference.
 */
import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import type { DiskReader } from '#ports'
import type { Frame } from './manifest.ts'

const decompress = promisify(zstdDecompress) as (
  bytes: Uint8Array,
  options: { chunkSize: number; maxOutputLength: number },
) => Promise<Buffer>

/** A window grows to this while it is filled: most who open a segment want its header alone. */
const WINDOW_BYTES = 1024 * 1024
const FIRST_WINDOW_BYTES = 16 * 1024
/** Frames unpacked ahead of the reader. */
const READ_AHEAD = 2
/** Output space beyond a frame's bytes: without any, zlib would allocate as much again to learn that nothing is left. */
const SPARE_BYTES = 64

export interface SegmentBytes {
  /** `atLeast` bytes from `offset` on or more, fewer only where the segment ends. Good until the next call. */
  window(offset: number, atLeast: number): Promise<Buffer>
  /** Uncompressed bytes there are now. */
  size(): Promise<number>
  close(): Promise<void>
}

/** A `.kfj` file: what is there now, so that a reader can follow it while it grows. */
export class RawBytes implements SegmentBytes {
  readonly #reader: DiskReader
  #buffer = Buffer.allocUnsafeSlow(FIRST_WINDOW_BYTES)
  #wasFilled = false

  constructor(reader: DiskReader) {
    this.#reader = reader
  }

  async window(offset: number, atLeast: number): Promise<Buffer> {
    const grown = this.#wasFilled ? Math.min(WINDOW_BYTES, this.#buffer.length * 2) : 0
    const needed = Math.max(atLeast, grown)
    if (needed > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(needed)
    let filled = 0
    while (filled < atLeast) {
      const read = await this.#reader.read(this.#buffer.subarray(filled), offset + filled)
      if (read === 0) break
      filled += read
    }
    this.#wasFilled = filled === this.#buffer.length
    return this.#buffer.subarray(0, filled)
  }

  size(): Promise<number> {
    return this.#reader.size()
  }

  close(): Promise<void> {
    return this.#reader.close()
  }
}

/**
 * A `.kfj.zst` file with its frame index. Frames are unpacked off the main thread, ahead of the reader. A frame that
 * does not unpack reads as zeros, which no block begins with: its range shows as damage, and the next frame is read on.
 */
export class SealedBytes implements SegmentBytes {
  readonly #reader: DiskReader
  readonly #frames: readonly Frame[]
  readonly #unpacking = new Map<number, Promise<Buffer>>()

  constructor(reader: DiskReader, frames: readonly Frame[]) {
    this.#reader = reader
    this.#frames = frames
  }

  async window(offset: number, atLeast: number): Promise<Buffer> {
    let index = this.#indexOf(offset)
    const first = this.#frames[index]
    if (first === undefined) return Buffer.alloc(0)
    const parts = [(await this.#frame(index)).subarray(offset - first[0])]
    let held = parts[0]!.length
    while (held < atLeast && index + 1 < this.#frames.length) {
      index += 1
      const part = await this.#frame(index)
      parts.push(part)
      held += part.length
    }
    for (const known of this.#unpacking.keys()) if (known < index) this.#unpacking.delete(known)
    for (let ahead = index + 1; ahead <= index + READ_AHEAD && ahead < this.#frames.length; ahead++)
      void this.#frame(ahead)
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }

  async size(): Promise<number> {
    const last = this.#frames.at(-1)
    return last === undefined ? 0 : last[0] + last[1]
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#unpacking.values())
    await this.#reader.close()
  }

  /** The last frame that begins at or before the offset; beyond the last byte, no frame's index. */
  #indexOf(offset: number): number {
    let low = 0
    let high = this.#frames.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const [rawOffset, rawBytes] = this.#frames[middle]!
      if (rawOffset + rawBytes <= offset) low = middle + 1
      else high = middle
    }
    return low
  }

  #frame(index: number): Promise<Buffer> {
    const known = this.#unpacking.get(index)
    if (known !== undefined) return known
    const unpacking = unpackFrame(this.#reader, this.#frames[index]!).then(
      (bytes) => bytes ?? Buffer.alloc(this.#frames[index]![1]),
    )
    // Whoever awaits it sees the failure; one that was only read ahead must not end the process.
    unpacking.catch(() => {})
    this.#unpacking.set(index, unpacking)
    return unpacking
  }
}

/** A frame's raw bytes; `undefined` when it does not unpack to the length that the index gives. */
export async function unpackFrame(
  reader: DiskReader,
  [, rawBytes, sealedOffset, sealedBytes]: Frame,
): Promise<Buffer | undefined> {
  const packed = Buffer.allocUnsafeSlow(sealedBytes)
  let filled = 0
  while (filled < sealedBytes) {
    const read = await reader.read(packed.subarray(filled), sealedOffset + filled)
    if (read === 0) return undefined
    filled += read
  }
  try {
    const bytes = await decompress(packed, {
      chunkSize: rawBytes + SPARE_BYTES,
      maxOutputLength: rawBytes,
    })
    return bytes.length === rawBytes ? bytes : undefined
  } catch {
    return undefined
  }
}
