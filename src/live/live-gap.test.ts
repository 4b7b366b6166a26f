import { expect, test } from 'vitest'
import { Market } from '#feed'
import { GAP_TICKERS_MAX, GAPS_MAX, GapRing } from './live-gap.ts'

const at = (offset: number) => ({ segment: 1, offset })
const aMarket = (ticker: string, provenUntilMs: number) => Object.assign(new Market(ticker), { provenUntilMs })

test('a happening is one gap, from the earliest proof to the last market that is proven again', () => {
  const ring = new GapRing()
  ring.doubted(aMarket('A', 200), 'sequence_break', at(10), undefined)
  ring.doubted(aMarket('B', 100), 'sequence_break', at(10), undefined)
  ring.doubted(aMarket('C', 300), 'crossed', at(20), undefined)
  expect(ring.all.map(({ cause, market_tickers, open }) => [cause, market_tickers, open])).toEqual([
    ['sequence_break', ['A', 'B'], 2],
    ['crossed', ['C'], 1],
  ])
  ring.proven('A', 400, 'snapshot')
  ring.proven('A', 450, 'snapshot')
  expect(ring.all[0]).toMatchObject({ from_ms: 100, to_ms: null, open: 1, closed_by: null, found: '1:10' })
  ring.proven('B', 500, 'checkpoint')
  expect(ring.all[0]).toMatchObject({ to_ms: 500, open: 0, closed_by: 'checkpoint' })
  expect(ring.all[1]).toMatchObject({ to_ms: null, open: 1 })
})

test('a disk that was full is one gap, whatever connections its markets were on, and its end is told there', () => {
  const ring = new GapRing()
  const loss = { cause: 'disk_full', detail: undefined, proofMs: 50 }
  const on = (ticker: string, connectionId: number) =>
    Object.assign(aMarket(ticker, 40), { source: { connectionId, sid: 1 } })
  ring.doubted(on('A', 1), 'disk_full', at(10), loss)
  ring.doubted(on('B', 2), 'disk_full', at(10), loss)
  ring.released('B', 60)
  ring.declared({ cause: 'disk_full', fromNs: '50000000', toNs: '90000000', detail: '7 frames' }, at(20))
  expect(ring.all).toHaveLength(1)
  expect(ring.all[0]).toMatchObject({
    from_ms: 50,
    to_ms: null,
    open: 1,
    detail: '7 frames',
    market_tickers: ['A', 'B'],
  })
  expect(ring.all[0]).not.toHaveProperty('connection')
  ring.proven('A', 100, 'snapshot')
  expect(ring.all[0]).toMatchObject({ to_ms: 100, closed_by: 'snapshot', open: 0 })
  // Another one, whose beginning was not seen or left no book in doubt.
  ring.declared({ cause: 'disk_full', fromNs: '150000000', toNs: '190000000' }, at(30))
  expect(ring.all[1]).toMatchObject({ from_ms: 150, to_ms: 190, closed_by: 'declared' })
})

test('a lost connection’s gap says its own cause and last sign of life', () => {
  const ring = new GapRing()
  ring.doubted(aMarket('A', 200), 'connection_lost', at(10), {
    cause: 'ping_silence',
    detail: 'nothing heard',
    proofMs: 150,
  })
  expect(ring.all[0]).toMatchObject({ cause: 'ping_silence', detail: 'nothing heard', from_ms: 150 })
})

test('a process that died is one gap, of whatever connections its books were and though the next run declares it too', () => {
  const ring = new GapRing()
  const of = (ticker: string, connectionId: number) =>
    Object.assign(aMarket(ticker, 100 + connectionId), { source: { connectionId, sid: 1 } }) as unknown as Market
  ring.doubted(of('A', 1), 'process_down', at(10), undefined)
  ring.doubted(of('B', 2), 'process_down', at(10), undefined)
  ring.proven('A', 900, 'snapshot')
  ring.declared({ cause: 'process_down', fromNs: '150000000', toNs: '800000000', detail: 'killed' }, at(20))
  ring.proven('B', 950, 'snapshot')
  expect(ring.all).toEqual([
    {
      ...{ cause: 'process_down', detail: 'killed', from_ms: 150, to_ms: 950, closed_by: 'snapshot' },
      ...{ found: '1:10', market_tickers: ['A', 'B'], open: 0 },
    },
  ])
  ring.declared({ cause: 'process_down', fromNs: '2000000000', toNs: '3000000000' }, at(30))
  expect(ring.all.map(({ from_ms, closed_by }) => [from_ms, closed_by])).toEqual([
    [150, 'snapshot'],
    [2000, 'declared'],
  ])
})

test('a disk that was full is one gap, though its end is declared behind another gap', () => {
  const ring = new GapRing()
  ring.doubted(aMarket('A', 100), 'disk_full', at(10), { cause: 'disk_full', detail: undefined, proofMs: 100 })
  ring.doubted(aMarket('B', 100), 'crossed', at(12), undefined)
  ring.declared({ cause: 'disk_full', fromNs: '100000000', toNs: '800000000', detail: '7 frames' }, at(20))
  expect(ring.all.map(({ cause, open, detail }) => [cause, open, detail])).toEqual([
    ['disk_full', 1, '7 frames'],
    ['crossed', 1, undefined],
  ])
})

test('the ring forgets the oldest, by number and by the tickers that it holds', () => {
  const ring = new GapRing()
  for (let index = 0; index < GAPS_MAX + 10; index++) {
    ring.declared({ cause: 'process_down', fromNs: String(index * 1e6), toNs: '0' }, at(index))
  }
  expect(ring.all).toHaveLength(GAPS_MAX)
  expect(ring.all[0]!.from_ms).toBe(10)
  const markets = Array.from({ length: GAP_TICKERS_MAX / 2 }, (_, index) => `M${index}`)
  for (let index = 0; index < 3; index++) ring.declared({ cause: 'maintenance', fromNs: '0', markets }, at(index))
  expect(ring.all.map(({ cause }) => cause)).toEqual(['maintenance', 'maintenance'])
})

test('a market that is recorded no longer is out of its gap, and ends it when it was the last', () => {
  const ring = new GapRing()
  for (const ticker of ['A', 'B']) ring.doubted(aMarket(ticker, 100), 'sequence_break', at(10), undefined)
  ring.released('A', 200)
  expect(ring.all[0]).toMatchObject({ open: 1, to_ms: null })
  ring.released('B', 300)
  expect(ring.all[0]).toMatchObject({ open: 0, to_ms: 300, closed_by: 'let_go' })
  expect(ring.openMarkets).toBe(0)
})

test('a gap that has left the ring takes its markets with it, but for those that are in another by now', () => {
  const ring = new GapRing()
  for (let index = 0; index < 3 * GAPS_MAX; index++) {
    ring.doubted(aMarket(`M${index}`, 100), 'crossed', at(index), undefined)
    ring.doubted(aMarket('AGAIN', 100), 'crossed', at(index), undefined)
  }
  expect(ring.all).toHaveLength(GAPS_MAX)
  expect(ring.openMarkets).toBe(GAPS_MAX + 1)
  ring.proven('AGAIN', 500, 'snapshot')
  ring.proven('M0', 500, 'snapshot')
  expect(ring.openMarkets).toBe(GAPS_MAX)
  expect(ring.all.at(-1)).toMatchObject({ open: 1 })
})
