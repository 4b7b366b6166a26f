import { describe, expect, test } from 'vitest'
import type { Channel } from '../wire/protocol.ts'
import { WorldVenue, type WorldVenueOptions } from './world-venue.ts'

const START_MS = 1_795_400_000_000

const aVenue = (options: Partial<WorldVenueOptions> = {}): WorldVenue =>
  new WorldVenue({
    seed: 5,
    markets: 20,
    framesPerSecond: 2000,
    signal: false,
    lifeMs: [10_000, 20_000],
    ageMs: 0,
    nowMs: START_MS,
    isOrientationFlipped: () => false,
    ...options,
  })

/** Subscribes to all there is and will be; what is sent is kept as text, the tickers held by channel. */
function listenTo(venue: WorldVenue) {
  const texts: string[] = []
  const held = new Map<Channel, Set<string>>()
  for (const channel of venue.channels) {
    const tickers = new Set<string>()
    held.set(channel, tickers)
    const subscriber = {
      useYesPrice: false,
      send: (type: string, msg: string) => void texts.push(`${type} ${msg}`),
      listed(ticker: string) {
        tickers.add(ticker)
        venue.join(channel, ticker, subscriber)
      },
      unlisted(ticker: string) {
        tickers.delete(ticker)
        venue.leave(channel, ticker, subscriber)
      },
    }
    for (const name of channel === 'cfbenchmarks_value' ? venue.indexIds() : venue.tickers()) subscriber.listed(name)
    venue.follow(channel, subscriber)
  }
  return { texts, held }
}

/** What is heard in the first seconds; the world's clock is the only one, looked at every `stepMs`. */
function heard(seed: number, forMs: number, stepMs = 5): string[] {
  const venue = aVenue({ seed })
  const { texts } = listenTo(venue)
  for (let elapsed = 0; elapsed <= forMs; elapsed += stepMs) venue.advanceTo(START_MS + elapsed)
  return texts
}

describe('what is sent', () => {
  test('follows from the seed alone, to the byte, however often the clock is looked at', () => {
    const first = heard(5, 8_000)
    expect(first.length).toBeGreaterThan(10_000)
    expect(heard(5, 8_000, 1000).join('\n') === first.join('\n')).toBe(true)
    expect(heard(6, 8_000).join('\n') === first.join('\n')).toBe(false)
  })

  test('keeps what happens in one moment together: tickers of that moment come after its deltas and trades', () => {
    const timesWithTicker = new Set<string>()
    let together = 0
    for (const text of heard(5, 8_000)) {
      const [, type, , atMs = ''] = /^(\w+) (.*"ts_ms":(\d+))?/.exec(text) ?? []
      if (type === 'ticker') timesWithTicker.add(atMs)
      if (type !== 'orderbook_delta' && type !== 'trade') continue
      expect(timesWithTicker, text).not.toContain(atMs)
      together++
    }
    expect(together).toBeGreaterThan(5_000)
    expect(timesWithTicker.size).toBeGreaterThan(50)
  })

  test('holds everything there is: deltas, trades, tickers, lifecycle, events, indices, unasked empty books', () => {
    const types = new Set(heard(5, 14_000).map((text) => text.split(' ')[0]))
    expect([...types].sort()).toEqual([
      'cfbenchmarks_value',
      'event_lifecycle',
      'market_lifecycle_v2',
      'orderbook_delta',
      'orderbook_snapshot',
      'ticker',
      'trade',
    ])
  })
})

test('a ticker that is subscribed before it exists is sent its frames once it does', () => {
  const quiet = { framesPerSecond: 300 }
  const first = aVenue(quiet)
  const known = new Set(first.tickers())
  first.advanceTo(START_MS + 20_000)
  const later = first.tickers().find((ticker) => !known.has(ticker)) as string
  const venue = aVenue(quiet)
  expect(venue.listing(later)).toBeUndefined()
  const sent: string[] = []
  const subscriber = { useYesPrice: false, send: (type: string) => void sent.push(type), listed() {}, unlisted() {} }
  venue.join('orderbook_delta', later, subscriber)
  venue.advanceTo(START_MS + 20_000)
  expect(sent).toContain('orderbook_delta')
})

test('a market that settled long ago is forgotten, by REST, by id and by those who follow', () => {
  const venue = aVenue({ framesPerSecond: 100, markets: 8 })
  const { held } = listenTo(venue)
  const [ticker] = venue.tickers() as [string]
  const marketId = venue.listing(ticker)?.marketId as string
  venue.advanceTo(START_MS + 120_000)
  expect(venue.catalog.market(ticker)?.status).toBe('finalized')
  expect(held.get('trade')).toContain(ticker)
  venue.advanceTo(START_MS + 420_000)
  expect(venue.catalog.market(ticker)).toBeUndefined()
  expect(venue.listing(ticker)).toBeUndefined()
  expect(venue.listingById(marketId)).toBeUndefined()
  for (const tickers of held.values()) expect(tickers).not.toContain(ticker)
  const known = [...venue.catalog.markets()].length
  expect(known).toBeLessThan(400)
  expect(held.get('ticker')?.size).toBeLessThanOrEqual(known)
})

test('a world of some age has ended markets, and trades to page through, when it is first seen', () => {
  const venue = aVenue({ ageMs: 60_000, framesPerSecond: 500 })
  const statuses = [...venue.catalog.markets()].map(({ status }) => status)
  expect(statuses).toContain('finalized')
  expect([...venue.catalog.trades(undefined)].length).toBeGreaterThan(100)
  expect(venue.tickers().length).toBeGreaterThanOrEqual(20)
})
