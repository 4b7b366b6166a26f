import { expect, test } from 'vitest'
import { POSITION_ZERO } from '#domain'
import type { Hole } from '#ledger'
import type { LedgerView } from '../reading/ledger-view.ts'
import { tellGaps } from './gaps-output.ts'

const EMPTY: LedgerView = {
  source: 'journal',
  holes: [],
  markets: [],
  untilMs: 0,
  nowMs: 5_000,
  position: POSITION_ZERO,
  hasDied: false,
}
const range = { fromMs: 0, toMs: Number.POSITIVE_INFINITY, zone: 'UTC' }

test('where nothing was asked for it is not said that there are no holes', () => {
  const text = tellGaps(EMPTY, [], { range, markets: undefined, withMarkets: true }, 5_000)
  expect(text).toBe('No holes are known: nothing was asked for in this time.\n\nThe journal has nothing of this time.')
})

test('a ticker that was never asked for is named', () => {
  const view = { ...EMPTY, position: { segment: 1, offset: 128 }, untilMs: 1_000 }
  const text = tellGaps(view, [], { range, markets: new Set(['KXNOBODY']), withMarkets: false }, 5_000)
  expect(text).toContain('nothing was asked for')
  expect(text).toContain('Never asked for in what was read: KXNOBODY.')
})

test('a hole that goes on lasts until now, however old the last record is', () => {
  const hole: Hole = {
    cause: 'disk_full',
    blame: 'own',
    detail: undefined,
    connection: 1,
    sid: 1,
    found: { segment: 1, offset: 128 },
    foundMs: 1_000,
    fromMs: 1_000,
    fromKind: 'frame',
    toMs: undefined,
    closedBy: undefined,
    markets: [],
    open: 1,
  }
  const view = { ...EMPTY, position: { segment: 1, offset: 128 }, untilMs: 1_056 }
  const lasted = (toMs: number) =>
    tellGaps(view, [hole], { range: { ...range, toMs }, markets: undefined, withMarkets: false }, 5_000)
  expect(lasted(Number.POSITIVE_INFINITY)).toContain('4.0 s …')
  // Of a time that is over no more is said than was read.
  expect(lasted(2_000)).toContain('56 ms …')
})
