import { expect, test } from 'vitest'
import { POSITION_ZERO } from '#domain'
import type { LedgerView } from '../reading/ledger-view.ts'
import { tellGaps } from './gaps-output.ts'

const EMPTY: LedgerView = {
  source: 'journal',
  holes: [],
  markets: [],
  untilMs: 0,
  position: POSITION_ZERO,
  hasDied: false,
}
const range = { fromMs: 0, toMs: Number.POSITIVE_INFINITY, zone: 'UTC' }

test('where nothing was asked for it is not said that there are no holes', () => {
  const text = tellGaps(EMPTY, [], { range, markets: undefined, withMarkets: true }, { width: 80 })
  expect(text).toBe('No holes are known: nothing was asked for in this time.\n\nThe journal has nothing of this time.')
})

test('a ticker that was never asked for is named', () => {
  const view = { ...EMPTY, position: { segment: 1, offset: 128 }, untilMs: 1_000 }
  const text = tellGaps(view, [], { range, markets: new Set(['KXNOBODY']), withMarkets: false }, { width: 80 })
  expect(text).toContain('nothing was asked for')
  expect(text).toContain('Never asked for in what was read: KXNOBODY.')
})
