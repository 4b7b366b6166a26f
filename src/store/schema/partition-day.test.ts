import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dayOfMs, dayOfNs, FIRST_DAY, formatDay, NS_PER_DAY, partitionDay } from './partition-day.ts'

const nsOf = (text: string): bigint => BigInt(Date.parse(text)) * 1_000_000n
const CLOCK = nsOf('2026-08-19T12:00:00Z')

describe('the day of a row', () => {
  it('begins and ends at midnight UTC', () => {
    expect(formatDay(dayOfNs(nsOf('2026-08-19T00:00:00Z')))).toBe('20260819')
    expect(formatDay(dayOfNs(nsOf('2026-08-20T00:00:00Z') - 1n))).toBe('20260819')
    expect(formatDay(dayOfMs(Date.parse('2026-08-20T00:00:00Z')))).toBe('20260820')
  })

  it('has no partition before 2021', () => {
    expect(partitionDay(nsOf('2021-01-01T00:00:00Z'), CLOCK)).toBe(FIRST_DAY)
    expect(partitionDay(nsOf('2021-01-01T00:00:00Z') - 1n, CLOCK)).toBe('too_early')
    expect(partitionDay(0n, CLOCK)).toBe('too_early')
    expect(partitionDay(-1n, CLOCK)).toBe('too_early')
  })

  it('has no partition more than two days past the journal’s clock', () => {
    expect(partitionDay(CLOCK + 2n * NS_PER_DAY, CLOCK)).toBe(dayOfNs(CLOCK) + 2)
    expect(partitionDay(CLOCK + 2n * NS_PER_DAY + 1n, CLOCK)).toBe('too_late')
    expect(partitionDay(2n ** 63n - 1n, CLOCK)).toBe('too_late')
  })

  it('is the day whose bounds hold the stamp, for any stamp', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (ns) => {
        const from = BigInt(dayOfNs(ns)) * NS_PER_DAY
        return from <= ns && ns < from + NS_PER_DAY
      }),
    )
  })
})
