/**
 * The first 128 bytes of a segment: which journal it belongs to, and how it joins the segment before it.
 * docs/journal.md draws them. Pure: bytes in, bytes out.
 */
import { crc32 } from 'node:zlib'
import { ENVIRONMENTS, type Environment } from '#domain'

export const SEGMENT_HEADER_BYTES = 128
export const FORMAT_VERSION = 1

const MAGIC = Buffer.from('KFLOWJ1\n', 'latin1')
const WRITER_BYTES = 16
/** A header of a later version may be longer; past this it is no header. */
const HEADER_BYTES_MAX = 4096

export type SegmentHeader = {
  readonly environment: Environment
  /** UUID of the journal, in lower case with dashes. */
  readonly journal: string
  /** 1, 2, 3 … */
  readonly segment: number
  /** Random, 32 hex digits. Its first half is repeated in every block. */
  readonly id: string
  /** The id of the segment before; `undefined` for the first. */
  readonly previousId: string | undefined
  /** Where the segment before ends. Bytes after it there were never durable and stand in this segment again. */
  readonly previousLength: number
  /** No record of this segment that belongs to `epoch` is stamped earlier. Unix ns. */
  readonly startNs: bigint
  /** The clock epoch in force at the start. */
  readonly epoch: number
  /** Wall clock when the file was made, Unix ns. */
  readonly createdNs: bigint
  /** Program and version, at most 16 bytes of ASCII. */
  readonly writer: string
}

export type DecodedHeader =
  | { readonly kind: 'header'; readonly header: SegmentHeader }
  /** A sound header of a version that this program does not know. */
  | { readonly kind: 'unknown_version'; readonly version: number }
  | { readonly kind: 'bad'; readonly why: 'short' | 'magic' | 'checksum' | 'field' }

/** 128 bytes. */
export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
  MAGIC.copy(bytes, 0)
  bytes.writeUInt16LE(FORMAT_VERSION, 8)
  bytes.writeUInt16LE(SEGMENT_HEADER_BYTES, 10)
  bytes.writeUInt8(ENVIRONMENTS.indexOf(header.environment) + 1, 12)
  bytes.write(header.journal.replaceAll('-', ''), 16, 'hex')
  bytes.writeBigUInt64LE(BigInt(header.segment), 32)
  bytes.write(header.id, 40, 'hex')
  if (header.previousId !== undefined) bytes.write(header.previousId, 56, 'hex')
  bytes.writeBigUInt64LE(BigInt(header.previousLength), 72)
  bytes.writeBigUInt64LE(header.startNs, 80)
  bytes.writeUInt32LE(header.epoch, 88)
  bytes.writeBigUInt64LE(header.createdNs, 96)
  bytes.write(header.writer.slice(0, WRITER_BYTES), 104, 'latin1')
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 124)), 124)
  return bytes
}

/** Reads a header from the first bytes of a segment. Any bytes are an answer; never throws. */
export function decodeSegmentHeader(input: Uint8Array): DecodedHeader {
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.byteLength)
  if (bytes.length < SEGMENT_HEADER_BYTES) return { kind: 'bad', why: 'short' }
  if (!bytes.subarray(0, 8).equals(MAGIC)) return { kind: 'bad', why: 'magic' }
  const version = bytes.readUInt16LE(8)
  const length = bytes.readUInt16LE(10)
  if (length < SEGMENT_HEADER_BYTES || length > HEADER_BYTES_MAX) return { kind: 'bad', why: 'field' }
  if (length > bytes.length) return { kind: 'bad', why: 'short' }
  if (crc32(bytes.subarray(0, length - 4)) !== bytes.readUInt32LE(length - 4)) return { kind: 'bad', why: 'checksum' }
  if (version !== FORMAT_VERSION) return { kind: 'unknown_version', version }

  const environment = ENVIRONMENTS[bytes.readUInt8(12) - 1]
  const segment = Number(bytes.readBigUInt64LE(32))
  const previousLength = Number(bytes.readBigUInt64LE(72))
  if (environment === undefined || length !== SEGMENT_HEADER_BYTES) return { kind: 'bad', why: 'field' }
  if (!Number.isSafeInteger(segment) || !Number.isSafeInteger(previousLength)) return { kind: 'bad', why: 'field' }
  const previousId = bytes.toString('hex', 56, 72)
  return {
    kind: 'header',
    header: {
      environment,
      journal: uuidText(bytes.toString('hex', 16, 32)),
      segment,
      id: bytes.toString('hex', 40, 56),
      previousId: /^0+$/.test(previousId) ? undefined : previousId,
      previousLength,
      startNs: bytes.readBigUInt64LE(80),
      epoch: bytes.readUInt32LE(88),
      createdNs: bytes.readBigUInt64LE(96),
      writer: bytes.toString('latin1', 104, 120).replace(/\0+$/, ''),
    },
  }
}

/** 32 hex digits with the dashes of a UUID. */
export const uuidText = (hex: string): string => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

/** 16 random bytes as a UUID of version 4. */
export function uuidFrom(random: Uint8Array): string {
  const bytes = Buffer.from(random)
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return uuidText(bytes.toString('hex'))
}
