import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Fold, type Market } from '#feed'
import { aDelta, aSnapshot, aSubscribed, bytesOf } from '../../test/support/frames.ts'
import { viewBook } from './book-view.ts'
import { BookHub } from './hub.ts'

/** A feed of one market that is valid, whose changes go to the hub. */
function aFeed() {
  const hub = new BookHub()
  const fold = new Fold({ changed: (market) => hub.changed(market) })
  fold.opened(1, { host: 'test', environment: 'sim', useYesPrice: false, firstSeq: 'one' })
  const command = { id: 1, cmd: 'subscribe', params: { channels: ['orderbook_delta'], market_tickers: ['A', 'B'] } }
  fold.command(1, bytesOf(JSON.stringify(command)))
  let seq = 0
  const send = (make: (seq: number) => string) => fold.frame(1, bytesOf(make(++seq)), Date.now())
  fold.frame(1, bytesOf(aSubscribed()), Date.now())
  const sides = { yes: [['0.4000', '5.00']], no: [['0.5550', '3.00']] } as const
  for (const market of ['A', 'B']) send((next) => aSnapshot(next, market, sides))
  return { hub, fold, change: (market: string) => send((next) => aDelta(next, market, '0.4000', '1.00')) }
}

describe('the hub', () => {
  test('tells the last of many changes, and only so often', async () => {
    const { hub, change } = aFeed()
    const told: number[] = []
    hub.subscribe({ intervalMs: 20, notify: ([market]) => void told.push(market!.seq) })
    const until = performance.now() + 100
    let changes = 0
    while (performance.now() < until) {
      change('A')
      changes++
      if (changes % 50 === 0) await sleep(1)
    }
    await sleep(60)
    expect(told.at(-1)).toBe(2 + changes)
    expect(told.length).toBeGreaterThan(2)
    expect(told.length).toBeLessThan(12)
  })

  test('lets a slow subscriber hold up nobody, and tells it everything that changed meanwhile', async () => {
    const { hub, change } = aFeed()
    const slow: string[][] = []
    let fast = 0
    let release: () => void = () => {}
    hub.subscribe({
      intervalMs: 1,
      notify: (markets) => {
        slow.push(markets.map(({ ticker }) => ticker))
        return slow.length === 1 ? new Promise<void>((resolve) => (release = resolve)) : undefined
      },
    })
    hub.subscribe({ intervalMs: 1, notify: () => void fast++ })
    change('A')
    await sleep(10)
    for (let round = 0; round < 5; round++) {
      change('A')
      change('B')
      await sleep(5)
    }
    expect(slow).toEqual([['A']])
    expect(fast).toBeGreaterThan(3)
    release()
    await sleep(20)
    expect(slow).toEqual([['A'], ['A', 'B']])
  })

  test('may be joined and left from inside a callback', async () => {
    const { hub, change } = aFeed()
    const told: string[] = []
    const first = hub.subscribe({
      intervalMs: 0,
      notify: () => {
        told.push('first')
        first.close()
        hub.subscribe({ intervalMs: 0, notify: () => void told.push('second') })
      },
    })
    change('A')
    await sleep(10)
    change('A')
    await sleep(10)
    expect(told).toEqual(['first', 'second'])
    expect(hub.size).toBe(1)
  })

  test('survives callbacks that throw and reject, and tells them again', async () => {
    const { hub, change } = aFeed()
    const errors: unknown[] = []
    let calls = 0
    const onError = (error: unknown) => void errors.push(error)
    hub.subscribe({
      intervalMs: 0,
      onError,
      notify: () => {
        calls++
        if (calls === 1) throw new Error('thrown')
        return Promise.reject(new Error('rejected'))
      },
    })
    change('A')
    await sleep(10)
    change('A')
    await sleep(10)
    change('A')
    await sleep(10)
    expect(calls).toBe(3)
    expect(errors).toHaveLength(3)
  })

  test('tells only of the markets asked for', async () => {
    const { hub, change } = aFeed()
    const told: string[] = []
    hub.subscribe({
      intervalMs: 0,
      markets: new Set(['B']),
      notify: (all) => void told.push(...all.map(({ ticker }) => ticker)),
    })
    change('A')
    change('B')
    await sleep(10)
    expect(told).toEqual(['B'])
  })
})

test('a book is shown in dollars, with what says how far to believe it', () => {
  const { fold } = aFeed()
  const now = Date.now()
  const view = viewBook(fold.market('A') as Market, now)
  expect(view).toMatchObject({
    market_ticker: 'A',
    valid: true,
    seq: 1,
    yes_bid_dollars: '0.4000',
    yes_ask_dollars: '0.4450',
    spread_dollars: '0.0450',
    mid_dollars: '0.4225',
    total_volume_fp: '8.00',
    yes_dollars: [['0.4000', '5.00']],
    no_dollars: [['0.5550', '3.00']],
  })
  expect(view.last_proof_age_ms).toBeLessThan(1000)
  fold.lost(1)
  expect(viewBook(fold.market('A') as Market, now)).toMatchObject({ valid: false, doubt: 'connection_lost' })
})
