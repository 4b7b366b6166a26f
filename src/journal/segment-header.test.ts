import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ENVIRONMENTS } from '#domain'
import { decodeSegmentHeader, encodeSegmentHeader, type SegmentHeader, uuidFrom } from './segment-header.ts'

const hex = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Buffer.from(bytes).toString('hex'))

const aHeader: fc.Arbitrary<SegmentHeader> = fc.record({
  environment: fc.constantFrom(...ENVIRONMENTS),
  journal: fc.uint8Array({ minLength: 16, maxLength: 16 }).map(uuidFrom),
  segment: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  id: hex(16),
  previousId: fc.option(
    hex(16).filter((id) => !/^0+$/.test(id)),
    { nil: undefined },
  ),
  previousLength: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  startNs: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  epoch: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  createdNs: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  writer: fc.stringMatching(/^[ -~]{0,16}$/),
})

describe('a segment header', () => {
  test('reads back as it was written', () => {
    fc.assert(
      fc.property(aHeader, (header) => {
        expect(decodeSegmentHeader(encodeSegmentHeader(header))).toEqual({ kind: 'header', header })
      }),
    )
  })

  test('is never believed with one wrong byte', () => {
    fc.assert(
      fc.property(aHeader, fc.nat(127), fc.integer({ min: 1, max: 255 }), (header, at, change) => {
        const bytes = encodeSegmentHeader(header)
        bytes[at]! ^= change
        expect(decodeSegmentHeader(bytes).kind).toBe('bad')
      }),
    )
  })

  test('tells a later version from damage', () => {
    const bytes = Buffer.from(encodeSegmentHeader(fc.sample(aHeader, { numRuns: 1, seed: 1 })[0]!))
    bytes.writeUInt16LE(2, 8)
    expect(decodeSegmentHeader(bytes)).toEqual({ kind: 'bad', why: 'checksum' })
    const later = Buffer.from(bytes)
    later.writeUInt32LE(crc(later.subarray(0, 124)), 124)
    expect(decodeSegmentHeader(later)).toEqual({ kind: 'unknown_version', version: 2 })
  })

  test('answers any bytes, and never takes zeros for a header', () => {
    expect(decodeSegmentHeader(Buffer.alloc(128))).toEqual({ kind: 'bad', why: 'magic' })
    expect(decodeSegmentHeader(Buffer.alloc(0))).toEqual({ kind: 'bad', why: 'short' })
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void decodeSegmentHeader(bytes)))
  })
})

/** CRC-32 bit by bit, so that the format is checked against more than the library that wrote it. */
function crc(bytes: Uint8Array): number {
  let value = 0xffffffff
  for (const byte of bytes) {
    value ^= byte
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  }
  return (value ^ 0xffffffff) >>> 0
}
