/**
 * What the simulation found: the smallest tale of each fault, with the fold alone.
 */
import { expect, test } from 'vitest'
import { Fold } from '#feed'
import { aDelta, anOk, aSnapshot, aSubscribed, bytesOf } from '../support/frames.ts'

const update = (id: number, action: string, market: string) =>
  Buffer.from(
    JSON.stringify({ id, cmd: 'update_subscription', params: { sids: [1], action, market_tickers: [market] } }),
  )

test('a market that was let go is not proven again by a snapshot that was on its way (S1)', () => {
  const fold = new Fold()
  fold.opened(1, { host: 'simulated', environment: 'sim', useYesPrice: true, firstSeq: 'one' })
  fold.command(
    1,
    Buffer.from('{"id":1,"cmd":"subscribe","params":{"channels":["orderbook_delta"],"market_tickers":["A","B"]}}'),
  )
  fold.frame(1, bytesOf(aSubscribed()), 0)
  fold.frame(1, bytesOf(aSnapshot(1, 'A', { yes: [['0.4000', '5.00']] })), 0)
  fold.frame(1, bytesOf(aSnapshot(2, 'B', { yes: [['0.4000', '5.00']] })), 0)
  fold.validity({ action: 'settle_orientation', cause: 'snapshot_timeout' }, 1)
  fold.command(1, update(2, 'get_snapshot', 'A'))
  fold.command(1, update(3, 'delete_markets', 'A'))
  expect(fold.market('A')!.valid).toBe(false)

  fold.frame(1, bytesOf(aSnapshot(3, 'A', { yes: [['0.4000', '5.00']], id: 2 })), 0)
  fold.frame(1, bytesOf(anOk(4, 3)), 0)
  fold.frame(1, bytesOf(aDelta(5, 'B', '0.4000', '1.00')), 0)

  // The exchange tells nothing of A any more: its book stands still, and must not be shown as the exchange's.
  expect(fold.market('A')?.valid ?? false).toBe(false)
})

test('a market let go and asked for again is proven by the snapshot after the answer to its delete (S1)', () => {
  const fold = new Fold()
  fold.opened(1, { host: 'simulated', environment: 'sim', useYesPrice: true, firstSeq: 'one' })
  fold.command(
    1,
    Buffer.from('{"id":1,"cmd":"subscribe","params":{"channels":["orderbook_delta"],"market_tickers":["A","B"]}}'),
  )
  fold.frame(1, bytesOf(aSubscribed()), 0)
  fold.frame(1, bytesOf(aSnapshot(1, 'A', { yes: [['0.4000', '5.00']] })), 0)
  fold.validity({ action: 'settle_orientation', cause: 'snapshot_timeout' }, 1)
  fold.command(1, update(2, 'get_snapshot', 'A'))
  fold.command(1, update(3, 'delete_markets', 'A'))
  fold.command(1, update(4, 'add_markets', 'A'))
  fold.frame(1, bytesOf(aSnapshot(2, 'A', { yes: [['0.4000', '5.00']], id: 2 })), 0)
  expect(fold.market('A')!.valid).toBe(false)
  fold.frame(1, bytesOf(anOk(3, 3)), 0)
  fold.frame(1, bytesOf(anOk(4, 4)), 0)
  fold.frame(1, bytesOf(aSnapshot(5, 'A', { yes: [['0.4100', '5.00']] })), 0)
  expect(fold.market('A')!.valid).toBe(true)
})
