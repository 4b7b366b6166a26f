import { describe, expect, test } from 'vitest'
import { WELL } from '../../test/support/alert-signals.ts'
import { reasonsAgainstPing } from './dead-man.ts'
import type { Signals } from './signals.ts'

describe('the dead-man', () => {
  const { journal, disk, markets } = WELL

  test('is pinged while frames are durable and books proven, however quiet the markets are', () => {
    expect(reasonsAgainstPing(WELL)).toEqual([])
    expect(reasonsAgainstPing({ ...WELL, noFrameMs: 3_600_000 })).toEqual([])
    // One of a hundred books is asked for again: everyday.
    expect(reasonsAgainstPing({ ...WELL, markets: { ...markets, inDoubt: 1 } })).toEqual([])
    expect(reasonsAgainstPing({ ...WELL, store: { ...WELL.store!, state: 'unavailable' } })).toEqual([])
  })

  const withheld: Record<string, Partial<Signals>> = {
    paused: { pausedBy: 'ann' },
    stopping: { isStopping: true },
    journal_failed: { journal: { ...journal, failed: 'EIO' } },
    journal_failing: { journal: { ...journal, isFailing: true } },
    not_durable: { journal: { ...journal, undurableMs: 10_001 } },
    disk_full: { disk: { ...disk, isFull: true } },
    backpressure: { journal: { ...journal, backpressure: 'stalled' } },
    nothing_asked: { markets: { asked: 5, inDoubt: 0, unknown: 5 } },
    not_connected: { connectionsDown: 1 },
    orientation_wrong: { orientationWrong: 1 },
    wire_changed: { wireChanged: 'sizes have three decimals' },
    books_in_doubt: { markets: { ...markets, inDoubt: 6 } },
  }
  test.each(Object.entries(withheld))('is not pinged when it is %s', (reason, change) => {
    expect(reasonsAgainstPing({ ...WELL, ...change })).toEqual([reason])
  })

  test('is not pinged when the only book is in doubt', () => {
    expect(reasonsAgainstPing({ ...WELL, markets: { asked: 1, inDoubt: 1, unknown: 0 } })).toEqual(['books_in_doubt'])
  })
})
