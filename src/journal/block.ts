/**
 * A block: what one group commit writes, and the unit that a CRC covers. 48 bytes of header, then records without
 * padding, each with 16 bytes of header of its own. docs/journal.md draws both. Pure, and fast: a reader checks every
 * byte of a journal here.
 */
import { crc32 } from 'node:zlib'

export const BLOCK_HEADER_BYTES = 48
export const RECORD_HEADER_BYTES = 16

/** A record's body. */
export const RECORD_BODY_BYTES_MAX = 32 * 1024 * 1024
/** A writer closes a block before it grows past this; a larger single record has a block of its own. */
export const BLOCK_PAYLOAD_BYTES_MAX = 8 * 1024 * 1024
/** What a reader takes for possible. */
export const READ_PAYLOAD_BYTES_MAX = RECORD_HEADER_BYTES + RECORD_BODY_BYTES_MAX
/** A record's stamp is held as ns since its block's base, in 32 bits; a block closes well before they run out. */
export const BLOCK_SPAN_NS_MAX = 4_000_000_000

/** `KFB1`. */
export const BLOCK_MAGIC = 0x3142464b
export const BLOCK_MAGIC_BYTES = Buffer.from('KFB1', 'latin1')

export const BLOCK = {
  MAGIC: 0,
  CRC: 4,
  LENGTH: 8,
  COUNT: 12,
  SEGMENT_ID: 16,
  OFFSET: 24,
  BASE_NS: 32,
  EPOCH: 40,
} as const
export const HEADER = { TYPE: 0, FLAGS: 1, CONNECTION: 4, DELTA_NS: 8, LENGTH: 12 } as const

/** The first 8 bytes of a segment's id, as two numbers that compare without allocation. */
export type SegmentKey = { readonly low: number; readonly high: number }

export function segmentKey(id: string): SegmentKey {
  const bytes = Buffer.from(id, 'hex')
  return { low: bytes.readUInt32LE(0), high: bytes.readUInt32LE(4) }
}

/** Fills in the header of a block whose records stand in `bytes` from 48 to `length`. */
export function finishBlock(
  bytes: Uint8Array,
  length: number,
  header: { count: number; key: SegmentKey; offset: number; baseNs: bigint; epoch: number },
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  view.setUint32(BLOCK.MAGIC, BLOCK_MAGIC, true)
  view.setUint32(BLOCK.LENGTH, length - BLOCK_HEADER_BYTES, true)
  view.setUint32(BLOCK.COUNT, header.count, true)
  view.setUint32(BLOCK.SEGMENT_ID, header.key.low, true)
  view.setUint32(BLOCK.SEGMENT_ID + 4, header.key.high, true)
  view.setBigUint64(BLOCK.OFFSET, BigInt(header.offset), true)
  view.setBigUint64(BLOCK.BASE_NS, header.baseNs, true)
  view.setUint32(BLOCK.EPOCH, header.epoch, true)
  view.setUint32(BLOCK.EPOCH + 4, 0, true)
  view.setUint32(BLOCK.CRC, crc32(bytes.subarray(BLOCK.LENGTH, length)), true)
}

/**
 * Whether a good block of segment `key` stands in `bytes` at `at`, which is `offset` of the segment.
 * Returns its length with header when it does; minus that length when the bytes end before it does, so that the caller
 * can fetch more and ask again; 0 when there is none. Without a key (a damaged segment header) any segment will do.
 */
export function checkBlock(
  bytes: Buffer,
  view: DataView,
  at: number,
  offset: number,
  key: SegmentKey | undefined,
): number {
  if (bytes.length - at < BLOCK_HEADER_BYTES) return -BLOCK_HEADER_BYTES
  if (view.getUint32(at + BLOCK.MAGIC, true) !== BLOCK_MAGIC) return 0
  if (view.getUint32(at + BLOCK.OFFSET, true) + view.getUint32(at + BLOCK.OFFSET + 4, true) * 0x1_0000_0000 !== offset)
    return 0
  if (key !== undefined) {
    if (view.getUint32(at + BLOCK.SEGMENT_ID, true) !== key.low) return 0
    if (view.getUint32(at + BLOCK.SEGMENT_ID + 4, true) !== key.high) return 0
  }
  const payload = view.getUint32(at + BLOCK.LENGTH, true)
  const count = view.getUint32(at + BLOCK.COUNT, true)
  if (payload > READ_PAYLOAD_BYTES_MAX || count === 0 || count > payload / RECORD_HEADER_BYTES) return 0
  const length = BLOCK_HEADER_BYTES + payload
  if (bytes.length - at < length) return -length
  if (crc32(bytes.subarray(at + BLOCK.LENGTH, at + length)) !== view.getUint32(at + BLOCK.CRC, true)) return 0
  return recordsFill(view, at + BLOCK_HEADER_BYTES, at + length, count) ? length : 0
}

/** A block whose records do not add up to its length was never written by us; better no block than a wild read. */
function recordsFill(view: DataView, from: number, end: number, count: number): boolean {
  let at = from
  for (let index = 0; index < count; index++) {
    if (end - at < RECORD_HEADER_BYTES) return false
    at += RECORD_HEADER_BYTES + view.getUint32(at + HEADER.LENGTH, true)
    if (at > end) return false
  }
  return at === end
}
