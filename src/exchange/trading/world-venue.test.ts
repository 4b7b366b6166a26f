import { describe, expect, test } from 'vitest'
import type { Channel } from '../wire/protocol.ts'
import { WorldVenue } from './world-venue.ts'

const START_MS = 1_795_400_000_000

/** Everything that a subscriber of all is sent in the first seconds, as text; the world's clock is the only one. */
function heard(seed: number, forMs: number, useYesPrice = false): string[] {
  const texts: string[] = []
  const venue = new WorldVenue({
    seed,
    markets: 20,
    framesPerSecond: 2000,
    signal: false,
    lifeMs: [10_000, 20_000],
    ageMs: 0,
    nowMs: START_MS,
    isOrientationFlipped: () => false,
  })
  const subscriberOf = (channel: Channel) => ({
    useYesPrice,
    send: (type: string, msg: string) => void texts.push(`${type} ${msg}`),
    listed: (ticker: string) => venue.join(channel, ticker, subscriberOf(channel)),
    unlisted: () => undefined,
  })
  for (const channel of venue.channels) {
    const subscriber = subscriberOf(channel)
    const names = channel === 'cfbenchmarks_value' ? venue.indexIds() : venue.tickers()
    for (const name of names) venue.join(channel, name, subscriber)
    venue.follow(channel, subscriber)
  }
  for (let elapsed = 0; elapsed <= forMs; elapsed += 7) venue.advanceTo(START_MS + elapsed)
  return texts
}

describe('what is sent', () => {
  test('follows from the seed alone, to the byte', () => {
    const first = heard(5, 15_000)
    expect(first.length).toBeGreaterThan(10_000)
    expect(heard(5, 15_000)).toEqual(first)
    expect(heard(6, 15_000)).not.toEqual(first)
  })

  test('holds everything there is: deltas, trades, tickers, lifecycle, events, indices, unasked empty books', () => {
    const types = new Set(heard(5, 20_000).map((text) => text.split(' ')[0]))
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
