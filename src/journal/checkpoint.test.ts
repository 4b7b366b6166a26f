import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CheckpointBook } from '#domain'
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts'
import { decodeJson, encodeJson } from './json-body.ts'

const aSide = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 9_999 }), fc.integer({ min: 1, max: 2 ** 48 - 1 })), {
    selector: ([price]) => price,
  })
  .map((levels) => levels.sort(([a], [b]) => a - b))

const aBook: fc.Arbitrary<CheckpointBook> = fc.record({
  market: fc.stringMatching(/^[A-Z0-9.-]{1,128}$/),
  connection: fc.nat(2 ** 32 - 1),
  sid: fc.nat(2 ** 32 - 1),
  sidSeq: fc.maxSafeNat(),
  seq: fc.maxSafeNat(),
  exchangeMs: fc.maxSafeNat(),
  yes: aSide,
  no: aSide,
})

describe('a checkpoint', () => {
  test('reads back as the same book', () => {
    fc.assert(
      fc.property(aBook, (book) => {
        expect(decodeCheckpoint(encodeCheckpoint(book))).toEqual(book)
      }),
    )
  })

  test('holds a book with a level at every price', () => {
    const yes = Array.from({ length: 9_999 }, (_, index) => [index + 1, 2 ** 48 - 1] as const)
    const book = { market: 'KXA', connection: 1, sid: 2, sidSeq: 3, seq: 3, exchangeMs: 0, yes, no: [] }
    expect(decodeCheckpoint(encodeCheckpoint(book))).toEqual(book)
  })

  test('answers `undefined` for bytes that are none, cut or of a later version', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodeCheckpoint(bytes)))
    fc.assert(
      fc.property(aBook, fc.nat(), (book, at) => {
        const bytes = encodeCheckpoint(book)
        expect(decodeCheckpoint(bytes.subarray(0, at % bytes.length))).toBeUndefined()
        bytes[0] = 2
        expect(decodeCheckpoint(bytes)).toBeUndefined()
      }),
    )
  })

  test.each([
    ['a price of 0', [[0, 1]]],
    ['a price of a dollar', [[10_000, 1]]],
    ['a size of 0', [[1, 0]]],
    ['half a size', [[1, 0.5]]],
    ['a size past 48 bits', [[1, 2 ** 48]]],
    [
      'falling prices',
      [
        [2, 1],
        [1, 1],
      ],
    ],
    [
      'a price twice',
      [
        [2, 1],
        [2, 1],
      ],
    ],
  ] as const)('refuses to write %s', (_what, levels) => {
    const book = { market: 'KXA', connection: 1, sid: 1, sidSeq: 1, seq: 1, exchangeMs: 0, yes: [], no: [] }
    expect(() => encodeCheckpoint({ ...book, yes: levels })).toThrow(RangeError)
    expect(() => encodeCheckpoint({ ...book, no: levels })).toThrow(RangeError)
  })
})

describe('a JSON body', () => {
  test('reads back, and is `undefined` when it is no object', () => {
    expect(decodeJson(encodeJson({ text: 'é', n: [1] }))).toEqual({ text: 'é', n: [1] })
    for (const text of ['', '{', 'null', '3', '[]']) expect(decodeJson(Buffer.from(text))).toBeUndefined()
  })
})
