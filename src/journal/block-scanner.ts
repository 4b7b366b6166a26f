/**
 * Walks a segment block by block and tells good bytes from bad ones. Only one block is ever in flight, so a bad block
 * with a good one behind it was durable once: damage. A bad one with nothing good behind it is the end: a torn tail, or
 * a block that is just being written.
 */
import { BLOCK, BLOCK_HEADER_BYTES, BLOCK_MAGIC_BYTES, checkBlock, type SegmentKey } from './block.ts'
import { JournalBlock } from './journal-block.ts'
import type { SegmentBytes } from './segment-bytes.ts'

export type Scanned =
  | { readonly kind: 'block'; readonly block: JournalBlock }
  /** No block could be read from `from` up to `to`, where a good one stands. */
  | { readonly kind: 'damage'; readonly from: number; readonly to: number }
  /** No good block at or after `at`. `tail`: how many bytes stand there all the same. */
  | { readonly kind: 'end'; readonly at: number; readonly tail: number }

const EMPTY = Buffer.alloc(0)

export class BlockScanner {
  readonly #segment: number
  readonly #bytes: SegmentBytes
  /** `undefined` when the segment's header is damaged: the first good block then tells it. */
  #key: SegmentKey | undefined
  #at: number
  #window: Buffer = EMPTY
  #view: DataView = new DataView(new ArrayBuffer(0))
  #windowStart = 0
  /** The length of the segment when it was last searched in vain, so that a follower does not search the same bytes again. */
  #searchedLength = -1

  constructor(segment: number, bytes: SegmentBytes, key: SegmentKey | undefined, at: number) {
    this.#segment = segment
    this.#bytes = bytes
    this.#key = key
    this.#at = at
  }

  /** Where the next block is looked for. */
  get at(): number {
    return this.#at
  }

  /** The next block that ends at or before `limit`, or why there is none. After `end` it may be asked again. */
  async next(limit: number): Promise<Scanned> {
    const at = this.#at
    if (at >= limit) return { kind: 'end', at, tail: 0 }
    const length = await this.#check(at)
    if (length > 0 && at + length <= limit) {
      this.#at = at + length
      return { kind: 'block', block: this.#block(at, length) }
    }
    const end = Math.min(limit, await this.#bytes.size())
    const found = end > at && end !== this.#searchedLength ? await this.#search(at + 1, end) : undefined
    if (found !== undefined) {
      this.#at = found
      return { kind: 'damage', from: at, to: found }
    }
    this.#searchedLength = end
    // What was read of a block in flight is old by the time of the next question.
    this.#window = EMPTY
    return { kind: 'end', at, tail: Math.max(end - at, 0) }
  }

  /** The next block if the window already holds it: no waiting, for a journal of many small blocks. */
  nextInWindow(limit: number): JournalBlock | undefined {
    const at = this.#at
    const inWindow = at - this.#windowStart
    if (at >= limit || inWindow < 0 || inWindow >= this.#window.length) return undefined
    const length = checkBlock(this.#window, this.#view, inWindow, at, this.#key)
    if (length <= 0 || at + length > limit) return undefined
    this.#at = at + length
    return this.#block(at, length)
  }

  /** Whether a good block begins at this offset, without moving there. */
  async standsAt(offset: number): Promise<boolean> {
    return (await this.#check(offset)) > 0
  }

  /** Goes on from another offset. */
  moveTo(offset: number): void {
    this.#at = offset
    this.#searchedLength = -1
  }

  /** The length of a good block at the offset, 0 when there is none. The window then holds it whole. */
  async #check(offset: number): Promise<number> {
    for (;;) {
      const inWindow = offset - this.#windowStart
      const length =
        inWindow >= 0 && inWindow <= this.#window.length
          ? checkBlock(this.#window, this.#view, inWindow, offset, this.#key)
          : -BLOCK_HEADER_BYTES
      if (length >= 0) return length
      await this.#load(offset, -length)
      if (this.#window.length < -length) return 0
    }
  }

  async #search(from: number, end: number): Promise<number | undefined> {
    let at = from
    for (;;) {
      if (at < this.#windowStart || at + BLOCK_HEADER_BYTES > this.#windowStart + this.#window.length) {
        await this.#load(at, BLOCK_HEADER_BYTES)
        if (this.#window.length < BLOCK_HEADER_BYTES) return undefined
      }
      const index = this.#window.indexOf(BLOCK_MAGIC_BYTES, at - this.#windowStart)
      if (index < 0) {
        at = Math.max(at, this.#windowStart + this.#window.length - BLOCK_HEADER_BYTES + 1)
        continue
      }
      const candidate = this.#windowStart + index
      if (candidate >= end) return undefined
      const length = await this.#check(candidate)
      if (length > 0 && candidate + length <= end) return candidate
      at = candidate + 1
    }
  }

  async #load(offset: number, atLeast: number): Promise<void> {
    this.#window = await this.#bytes.window(offset, atLeast)
    this.#windowStart = offset
    this.#view = new DataView(this.#window.buffer, this.#window.byteOffset, this.#window.byteLength)
  }

  #block(at: number, length: number): JournalBlock {
    const inWindow = at - this.#windowStart
    this.#key ??= {
      low: this.#view.getUint32(inWindow + BLOCK.SEGMENT_ID, true),
      high: this.#view.getUint32(inWindow + BLOCK.SEGMENT_ID + 4, true),
    }
    return new JournalBlock(this.#segment, this.#window, this.#view, inWindow, at, length)
  }
}
