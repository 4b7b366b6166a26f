/**
 * What the simulation found (S2, seed 21): the smallest tale of it, with the fold alone.
 */
import { expect, test } from 'vitest'
import { describeCheckpoint, describeContext, Fold } from '#feed'
import { aDelta, aSnapshot, aSubscribed, bytesOf } from '../support/frames.ts'

test('a malformed frame puts the same books in doubt for a reader that begins at a context', () => {
  const live = new Fold()
  live.opened(1, { host: 'simulated', environment: 'sim', useYesPrice: true, firstSeq: 'one' })
  const subscribe = { id: 1, cmd: 'subscribe', params: { channels: ['orderbook_delta'], market_tickers: ['A', 'B'] } }
  live.command(1, Buffer.from(JSON.stringify(subscribe)))
  live.frame(1, bytesOf(aSubscribed()), 0)
  live.frame(1, bytesOf(aSnapshot(1, 'A', { yes: [['0.4000', '5.00']] })), 0)
  live.frame(1, bytesOf(aSnapshot(2, 'B', { yes: [['0.4000', '5.00']] })), 0)

  const late = new Fold()
  late.context(describeContext(live, 'a session'))
  late.checkpoint(describeCheckpoint(live.market('A')!)!, 0)
  const spoiled = bytesOf(aDelta(3, 'B', '0.4000', '1.00'))
    .toString()
    .replace('"0.4000"', '"0.4x"')
  for (const fold of [live, late]) fold.frame(1, Buffer.from(spoiled), 0)

  expect(live.market('B')!.proven).toBe(false)
  expect(live.market('A')!.proven).toBe(true)
  expect(late.market('A')!.proven).toBe(true)
})
