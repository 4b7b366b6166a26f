import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CopyBinary } from './copy-binary.ts'

/** What a reader of the format finds: rows of fields, as PostgreSQL's documentation has them. */
function readRows(bytes: Buffer): (Buffer | null)[][] {
  expect(bytes.toString('latin1', 0, 11)).toBe('PGCOPY\n\xff\r\n\0')
  expect(bytes.readInt32BE(11)).toBe(0)
  expect(bytes.readInt32BE(15)).toBe(0)
  const rows: (Buffer | null)[][] = []
  let at = 19
  for (;;) {
    const fields = bytes.readInt16BE(at)
    at += 2
    if (fields === -1) break
    const row: (Buffer | null)[] = []
    for (let field = 0; field < fields; field++) {
      const length = bytes.readInt32BE(at)
      at += 4
      row.push(length < 0 ? null : bytes.subarray(at, at + length))
      at += Math.max(0, length)
    }
    rows.push(row)
  }
  expect(at).toBe(bytes.length)
  return rows
}

describe('rows for COPY', () => {
  test('hold every value as it was given, whatever its size', () => {
    const aRow = fc.record({
      small: fc.integer({ min: -0x8000, max: 0x7fff }),
      middle: fc.integer({ min: -0x80000000, max: 0x7fffffff }),
      large: fc.maxSafeInteger(),
      huge: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      text: fc.option(fc.string({ unit: 'grapheme' }).filter((each) => !each.includes('\0'))),
      flag: fc.boolean(),
      raw: fc.uint8Array({ maxLength: 5_000 }),
      sizes: fc.array(fc.maxSafeInteger(), { maxLength: 20 }),
    })
    fc.assert(
      fc.property(fc.array(aRow, { maxLength: 20 }), (given) => {
        const copy = new CopyBinary(8)
        for (const row of given) {
          copy.begin(8)
          copy.int2('small', row.small)
          copy.int4('middle', row.middle)
          copy.int8('large', row.large)
          copy.bigint('huge', row.huge)
          copy.text('text', row.text ?? undefined)
          copy.bool(row.flag)
          copy.bytea(row.raw)
          copy.int8Array('sizes', row.sizes)
          expect(copy.end()).toBeUndefined()
        }
        const found = readRows(copy.stream()).map(([small, middle, large, huge, text, flag, raw, sizes]) => ({
          small: small?.readInt16BE(),
          middle: middle?.readInt32BE(),
          large: Number(large?.readBigInt64BE()),
          huge: huge?.readBigInt64BE(),
          text: text?.toString() ?? null,
          flag: flag?.[0] === 1,
          raw: new Uint8Array(raw ?? []),
          sizes: arrayOf(sizes!),
        }))
        expect(found).toEqual(given)
      }),
    )
  })

  test.each([
    ['int2', 32_768],
    ['int2', 0.5],
    ['int4', 2 ** 31],
    ['int8', 2 ** 53],
    ['int8', Number.NaN],
    ['bigint', 2n ** 63n],
    ['text', 'a\0b'],
  ] as const)('lose only the row whose %s cannot be %s', (kind, value) => {
    const copy = new CopyBinary()
    for (const each of [1, undefined, 3]) {
      copy.begin(2)
      if (each === undefined) (copy[kind] as (name: string, value: unknown) => void).call(copy, 'field', value)
      else copy.int4('field', each)
      copy.int4('other', 7)
      expect(copy.end() === undefined).toBe(each !== undefined)
    }
    expect(readRows(copy.stream()).map(([field]) => field?.readInt32BE())).toEqual([1, 3])
  })

  test('can be taken in part', () => {
    const copy = new CopyBinary()
    for (const each of [1, 2, 3, 4]) {
      copy.begin(1)
      copy.int4('field', each)
      copy.end()
    }
    const part = (from: number, to: number) => readRows(copy.stream(from, to)).map(([field]) => field?.readInt32BE())
    expect(part(0, 2)).toEqual([1, 2])
    expect(part(2, 4)).toEqual([3, 4])
    expect(part(1, 1)).toEqual([])
  })
})

function arrayOf(bytes: Buffer): number[] {
  if (bytes.readInt32BE(0) === 0) return []
  const count = bytes.readInt32BE(12)
  return Array.from({ length: count }, (_, index) => Number(bytes.readBigInt64BE(20 + index * 12 + 4)))
}
