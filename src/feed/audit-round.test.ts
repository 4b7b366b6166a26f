import { describe, expect, test } from 'vitest'
import { ANSWER_MS_MAX, ASK_EVERY_MS, AuditRound, EXPLAIN_MS_MAX } from './audit-round.ts'
import { CHUNK_MAX } from './resync.ts'

const HOUR_MS = 3_600_000

/** A round of so many markets, all proven at 0 and looked at once. */
function aRound(count: number, roundMs = HOUR_MS) {
  const round = new AuditRound(roundMs)
  for (let index = 0; index < count; index++) round.proven(`M${index}`, 0)
  expect(round.take(0)).toEqual([])
  return round
}

/** Ticks for so long, with every question answered at once by an equal snapshot. */
function run(round: AuditRound, forMs: number) {
  const asks: { atMs: number; markets: string[] }[] = []
  for (let atMs = 0; atMs <= forMs; atMs += 50) {
    const markets = round.take(atMs)
    if (markets.length > 0) asks.push({ atMs, markets })
    for (const market of markets) round.proven(market, atMs)
  }
  return asks
}

describe('a round of audits', () => {
  test.each([1, 7, 5_000, 30_000])(
    'of %i markets asks at least once a minute, each within the hour, evenly',
    (count) => {
      const asks = run(aRound(count), HOUR_MS)
      const atMs = [0, ...asks.map((each) => each.atMs)]
      expect(Math.max(...atMs.slice(1).map((each, index) => each - atMs[index]!))).toBeLessThanOrEqual(60_000)
      expect(new Set(asks.flatMap(({ markets }) => markets)).size).toBe(count)
      const sizes = asks.map(({ markets }) => markets.length)
      expect(Math.max(...sizes)).toBeLessThanOrEqual(CHUNK_MAX)
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
    },
  )

  test('takes the book that was proven longest ago', () => {
    const round = aRound(3)
    round.proven('M0', 5)
    expect(round.take(ASK_EVERY_MS)).toEqual(['M1'])
    round.proven('M1', ASK_EVERY_MS)
    expect(round.take(2 * ASK_EVERY_MS)).toEqual(['M2'])
    expect(round.oldestMs(2 * ASK_EVERY_MS)).toBe(2 * ASK_EVERY_MS)
  })

  test('asks nothing more while an answer is awaited, gives it up, and goes on with the next', () => {
    const round = aRound(3)
    expect(round.take(ASK_EVERY_MS)).toEqual(['M0'])
    const givenUpMs = ASK_EVERY_MS + ANSWER_MS_MAX + 1
    expect(round.overdue(givenUpMs - 1)).toEqual([])
    expect(round.take(3 * ASK_EVERY_MS)).toEqual([])
    expect(round.overdue(givenUpMs)).toEqual(['M0'])
    expect(round.overdue(givenUpMs)).toEqual([])
    expect(round.take(2 * ASK_EVERY_MS)).toEqual(['M1'])
  })

  test('gives a difference a moment to be explained', () => {
    const round = aRound(3)
    round.take(ASK_EVERY_MS)
    round.differs('M0', ASK_EVERY_MS)
    expect(round.overdue(ASK_EVERY_MS + EXPLAIN_MS_MAX + 1)).toEqual(['M0'])
  })

  test('has nothing to do with books in doubt, and with none where none is wanted', () => {
    const round = aRound(1)
    round.drop('M0')
    expect(run(round, 60_000)).toEqual([])
    expect(run(aRound(5, 0), 60_000)).toEqual([])
  })
})
