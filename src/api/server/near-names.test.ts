import { describe, expect, test } from 'vitest'
import { editsBetween, nearNames } from './near-names.ts'

describe('near names', () => {
  test('are those with the fewest changes, whatever the case', () => {
    const names = ['KXBTC15M-26NOV221200-00', 'KXBTC15M-26NOV221215-00', 'KXETH15M-26NOV221200-00', 'KXFED-27APR-T4.25']
    expect(nearNames('kxbtc15m-26nov221200-01', names, 2)).toEqual([
      'KXBTC15M-26NOV221200-00',
      'KXBTC15M-26NOV221215-00',
    ])
    expect(nearNames('KXFED-27APR', names)).toEqual(['KXFED-27APR-T4.25'])
    expect(nearNames('QQ', names)).toEqual([])
    expect(nearNames('', names)).toEqual([])
  })

  test('cost little among very many, whatever is asked', () => {
    const names = Array.from({ length: 50_000 }, (_, index) => `KXSERIES${index % 97}-26NOV22-T${index}`)
    for (const wanted of ['K'.repeat(128), 'KXSERIES5-26NOV22-T10X', '~'.repeat(128)]) {
      const startedMs = performance.now()
      nearNames(wanted, names)
      expect(performance.now() - startedMs, wanted.slice(0, 20)).toBeLessThan(500)
    }
    expect(nearNames('KXSERIES5-26NOV22-T10X', names)[0]).toMatch(/^KXSERIES5-26NOV22-T1/)
  })

  test('count insertions, removals and changes, up to a limit', () => {
    expect(['', 'A', 'ABC', 'ABD', 'XABC', 'ZZZZ'].map((to) => editsBetween('ABC', to, 3))).toEqual([3, 2, 0, 1, 1, 4])
  })
})
