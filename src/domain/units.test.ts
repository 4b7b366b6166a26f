import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type CentiCents,
  type CentiContracts,
  formatContracts,
  formatDollars,
  parseContracts,
  parseDollars,
} from './units.ts'

describe('fixed point', () => {
  test.each([
    ['0.6700', 6700],
    ['1.0000', 10000],
    ['0.0001', 1],
    ['0.5', 5000],
    ['12', 120000],
    ['-0.0000', 0],
  ])('reads %s dollars as %i', (text, value) => {
    expect(parseDollars(text)).toBe(value)
  })

  test.each([
    '',
    '-',
    '.5',
    '5.',
    '+1',
    '1e3',
    '0.67001',
    '0.6700 ',
    ' 0.67',
    '0x1',
    'NaN',
    '1,0',
    '0..1',
    '1234567890123',
  ])('refuses %j', (text) => {
    expect(parseDollars(text)).toBeUndefined()
  })

  test('reads signed sizes', () => {
    expect(parseContracts('-24.64')).toBe(-2464)
    expect(parseContracts('15600000.00')).toBe(1_560_000_000)
  })

  test('round-trips every price and any size', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000, max: 1_000_000 }), (price) => {
        expect(parseDollars(formatDollars(price as CentiCents))).toBe(price)
      }),
    )
    fc.assert(
      fc.property(fc.integer({ min: -1e13, max: 1e13 }), (size) => {
        expect(parseContracts(formatContracts(size as CentiContracts))).toBe(size)
      }),
    )
  })

  test('never throws, and what it accepts is the number that the text says', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const value = parseContracts(text)
        if (value !== undefined) expect(value).toBe(Math.round(Number(text) * 100))
      }),
    )
  })
})
