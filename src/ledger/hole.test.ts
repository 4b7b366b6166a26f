import { expect, test } from 'vitest'
import { holesOf } from './hole.ts'
import type { Gap } from './standing.ts'

const gapOf = (market: string | undefined, offset: number, fromNs: bigint): Gap<string> => ({
  market,
  connection: market === undefined ? undefined : 1,
  sid: market === undefined ? undefined : 1,
  cause: 'disk_full',
  detail: undefined,
  found: { segment: 1, offset, receivedNs: 10_000_000n },
  fromNs,
  fromKind: 'frame',
  to: { segment: 1, offset: 90, receivedNs: 20_000_000n },
  closedBy: market === undefined ? 'declared' : 'snapshot',
})

test('a full disk is one hole, also for a book that an audit had kept back before it', () => {
  const gaps = [gapOf('A', 50, 9_000_000n), gapOf('B', 50, 7_000_000n), gapOf(undefined, 80, 9_000_000n)]
  const holes = holesOf(gaps, () => ({ closeMs: undefined }), 30)
  expect(holes).toHaveLength(1)
  expect(holes[0]!.markets.map(({ market, fromMs }) => [market, fromMs])).toEqual([
    ['A', 9],
    ['B', 7],
  ])
})
