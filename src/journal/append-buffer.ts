/**
 * What was appended and is not yet durable: blocks in the order of the file. The last one is open and grows; the others
 * wait their turn to be written. Synchronous, without I/O, and the only memory of the writer that grows: it has a limit.
 *
 * A block's place is known while it fills, so a record's position is known at once. It holds unless a write fails for
 * good: then {@link AppendBuffer.moveTo} gives what is left new places in a later segment.
 */
import { BLOCK_HEADER_BYTES, BLOCK_PAYLOAD_BYTES_MAX, BLOCK_SPAN_NS_MAX, HEADER, RECORD_HEADER_BYTES } from './block.ts'
import { SEGMENT_HEADER_BYTES } from './segment-header.ts'

/** Blocks are this big unless one record needs more. Far below the format's limit, so that none needs to grow by copying. */
const BLOCK_BYTES = 1024 * 1024
/** Empty chunks kept for the next blocks. */
const SPARE_CHUNKS_MAX = 4

/** A block on its way to the disk. */
export type PendingBlock = {
  bytes: Buffer
  /** Bytes filled, header included. */
  length: number
  count: number
  /** Records appended before the end of this block, since the writer was opened. */
  endRecord: number
  segment: number
  offset: number
  /** It is the first of its segment by choice (size or age), not for a failed write. */
  readonly startsSegment: boolean
  readonly epoch: number
  readonly baseStamp: number
  readonly baseNs: bigint
}

export class AppendBuffer {
  readonly limitBytes: number
  readonly #blockBytes: number
  readonly #blocks: PendingBlock[] = []
  readonly #spares: Buffer[] = []
  /** The last of the blocks, as long as it takes records. */
  #open: PendingBlock | undefined
  #view: DataView = new DataView(new ArrayBuffer(0))
  #bytes = 0
  #records = 0
  #segment: number
  /** Where the next block begins; while one is open, where that one does. */
  #offset: number
  #nextStartsSegment = false

  constructor(limitBytes: number, segment: number, offset: number) {
    this.limitBytes = limitBytes
    this.#blockBytes = Math.min(BLOCK_BYTES, BLOCK_PAYLOAD_BYTES_MAX)
    this.#segment = segment
    this.#offset = offset
  }

  /** Bytes held, block headers included. */
  get bytes(): number {
    return this.#bytes
  }

  /** Records appended since the writer was opened. */
  get records(): number {
    return this.#records
  }

  /** Stamp of the first record held; `undefined` when none is. */
  get oldestStamp(): number | undefined {
    return this.#blocks[0]?.baseStamp
  }

  get segment(): number {
    return this.#segment
  }

  /** Bytes of the segment up to the end of what is appended to it. */
  get segmentLength(): number {
    return this.#offset + (this.#open?.length ?? 0)
  }

  /** The offset of the next record, if it joins the open block. */
  get head(): number {
    return this.#offset + (this.#open?.length ?? BLOCK_HEADER_BYTES)
  }

  hasRoom(bodyBytes: number): boolean {
    return this.#bytes + BLOCK_HEADER_BYTES + RECORD_HEADER_BYTES + bodyBytes <= this.limitBytes
  }

  /** Copies a record in. The caller has asked {@link hasRoom}; `toUnixNs` is called once a block. */
  put(
    type: number,
    connection: number,
    body: Uint8Array,
    stamp: number,
    epoch: number,
    toUnixNs: (stamp: number) => bigint,
  ): void {
    const size = RECORD_HEADER_BYTES + body.length
    let block = this.#open
    if (
      block === undefined ||
      block.length + size > block.bytes.length ||
      stamp - block.baseStamp >= BLOCK_SPAN_NS_MAX ||
      block.epoch !== epoch
    ) {
      block = this.#begin(size, stamp, epoch, toUnixNs(stamp))
    }
    const at = block.length
    const view = this.#view
    view.setUint32(at + HEADER.TYPE, type, true)
    view.setUint32(at + HEADER.CONNECTION, connection, true)
    view.setUint32(at + HEADER.DELTA_NS, stamp - block.baseStamp, true)
    view.setUint32(at + HEADER.LENGTH, body.length, true)
    block.bytes.set(body, at + RECORD_HEADER_BYTES)
    block.length = at + size
    block.count += 1
    this.#records += 1
    block.endRecord = this.#records
    this.#bytes += size
  }

  /** The next record begins a new segment. */
  turn(): void {
    this.#close()
    this.#segment += 1
    this.#offset = SEGMENT_HEADER_BYTES
    this.#nextStartsSegment = true
  }

  /** Blocks held, the open one included. */
  get blocks(): number {
    return this.#blocks.length
  }

  /** Whether a block is complete and waits, whatever the clock says. */
  get hasClosedBlock(): boolean {
    return this.#blocks.length > (this.#open === undefined ? 0 : 1)
  }

  /** The first block in line, closed if it was open; `undefined` when nothing is held. It stays until {@link release}. */
  first(): PendingBlock | undefined {
    if (this.#blocks.length === 1) this.#close()
    return this.#blocks[0]
  }

  /** The first block is durable: its memory is free again. */
  release(): void {
    const block = this.#blocks.shift()
    if (block === undefined) return
    this.#bytes -= block.length
    if (block.bytes.length === this.#blockBytes && this.#spares.length < SPARE_CHUNKS_MAX)
      this.#spares.push(block.bytes)
  }

  /** Gives all that is held new places from the start of `segment` on; turns by choice stay where they were. */
  moveTo(segment: number): void {
    let number = segment
    let offset = SEGMENT_HEADER_BYTES
    this.#blocks.forEach((block, index) => {
      if (block.startsSegment && index > 0) {
        number += 1
        offset = SEGMENT_HEADER_BYTES
      }
      block.segment = number
      block.offset = offset
      if (block !== this.#open) offset += block.length
    })
    if (this.#nextStartsSegment && this.#blocks.length > 0) {
      number += 1
      offset = SEGMENT_HEADER_BYTES
    }
    this.#segment = number
    this.#offset = offset
  }

  #begin(size: number, stamp: number, epoch: number, baseNs: bigint): PendingBlock {
    this.#close()
    const needed = BLOCK_HEADER_BYTES + size
    const bytes =
      needed > this.#blockBytes
        ? Buffer.allocUnsafeSlow(needed)
        : (this.#spares.pop() ?? Buffer.allocUnsafeSlow(this.#blockBytes))
    const block: PendingBlock = {
      bytes,
      length: BLOCK_HEADER_BYTES,
      count: 0,
      endRecord: this.#records,
      segment: this.#segment,
      offset: this.#offset,
      startsSegment: this.#nextStartsSegment,
      epoch,
      baseStamp: stamp,
      baseNs,
    }
    this.#nextStartsSegment = false
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#blocks.push(block)
    this.#open = block
    this.#bytes += BLOCK_HEADER_BYTES
    return block
  }

  #close(): void {
    const block = this.#open
    if (block === undefined) return
    this.#open = undefined
    this.#offset += block.length
    // A block that waits must not hold a whole chunk for a few records: memory would outgrow the limit on a slow disk.
    if (this.#blocks.length > 1 && block.length < block.bytes.length / 2) {
      const chunk = block.bytes
      block.bytes = Buffer.from(chunk.subarray(0, block.length))
      if (this.#spares.length < SPARE_CHUNKS_MAX) this.#spares.push(chunk)
    }
  }
}
