/**
 * One checked block as a reader sees it: its records one after the other, without an object for each.
 *
 *   while (block.next()) take(block.type, block.connection, block.body())
 *
 * The bytes belong to the reader's window: they are good until the next block is asked for.
 */
import type { JournalRecord } from '#ports'
import { BLOCK, BLOCK_HEADER_BYTES, HEADER, RECORD_HEADER_BYTES } from './block.ts'

export class JournalBlock {
  readonly segment: number
  /** Of the block's header in the segment. */
  readonly offset: number
  /** The offset right after the block. */
  readonly end: number
  readonly epoch: number
  /** Unix ns of the block's first record. */
  readonly baseNs: bigint
  /** Records in the block, also where a reader's bounds leave some out. */
  readonly count: number
  /** The window that holds the block; `bodyStart` and `bodyEnd` index it. */
  readonly bytes: Buffer

  /** Of the current record: see RECORD in #domain; a number that it does not list is to be passed over. */
  type = 0
  connection = 0
  /** Receive stamp, in ns after `baseNs`. */
  deltaNs = 0
  bodyStart = 0
  bodyEnd = 0

  readonly #view: DataView
  /** Adds an index of the window to an offset of the segment. */
  readonly #shift: number
  #at: number
  #stop: number

  /** `at`: the index of the block's header in the window. The block must have been checked. */
  constructor(segment: number, bytes: Buffer, view: DataView, at: number, offset: number, length: number) {
    this.segment = segment
    this.bytes = bytes
    this.offset = offset
    this.end = offset + length
    this.count = view.getUint32(at + BLOCK.COUNT, true)
    this.epoch = view.getUint32(at + BLOCK.EPOCH, true)
    this.baseNs = view.getBigUint64(at + BLOCK.BASE_NS, true)
    this.#view = view
    this.#shift = offset - at
    this.#at = at + BLOCK_HEADER_BYTES
    this.#stop = at + length
  }

  /** Moves to the next record; `false` after the last. */
  next(): boolean {
    const at = this.#at
    if (at >= this.#stop) return false
    const view = this.#view
    this.type = view.getUint8(at + HEADER.TYPE)
    this.connection = view.getUint32(at + HEADER.CONNECTION, true)
    this.deltaNs = view.getUint32(at + HEADER.DELTA_NS, true)
    this.bodyStart = at + RECORD_HEADER_BYTES
    this.bodyEnd = this.bodyStart + view.getUint32(at + HEADER.LENGTH, true)
    this.#at = this.bodyEnd
    return true
  }

  /** The current record's body, a view of the window. */
  body(): Buffer {
    return this.bytes.subarray(this.bodyStart, this.bodyEnd)
  }

  /** The offset of the current record in its segment. */
  get recordOffset(): number {
    return this.bodyStart - RECORD_HEADER_BYTES + this.#shift
  }

  /** The offset right after the current record. */
  get nextOffset(): number {
    return this.bodyEnd + this.#shift
  }

  /** The current record's receive stamp, Unix ns. */
  stampNs(): bigint {
    return this.baseNs + BigInt(this.deltaNs)
  }

  /** The current record as an object; its body is still a view of the window. */
  record(): JournalRecord {
    return {
      position: { segment: this.segment, offset: this.recordOffset },
      next: { segment: this.segment, offset: this.nextOffset },
      type: this.type,
      connection: this.connection,
      stampNs: this.stampNs(),
      epoch: this.epoch,
      body: this.body(),
    }
  }

  /** The rest of the records as objects: convenient, and several times slower than {@link next}. */
  *records(): Generator<JournalRecord> {
    while (this.next()) yield this.record()
  }

  /** Leaves out records before `from` and records at or after `until`, both offsets in the segment. */
  narrow(from: number, until: number): void {
    while (this.#at < this.#stop && this.#at + this.#shift < from) this.#skip()
    const start = this.#at
    while (this.#at < this.#stop && this.#at + this.#shift < until) this.#skip()
    this.#stop = this.#at
    this.#at = start
  }

  #skip(): void {
    this.#at += RECORD_HEADER_BYTES + this.#view.getUint32(this.#at + HEADER.LENGTH, true)
  }
}
