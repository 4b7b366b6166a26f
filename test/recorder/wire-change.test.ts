/**
 * A wire whose prices are in other units than we think: a capture whose tickers tell other bids than its books, by a power
 * of ten, played over a real socket.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { readBooks } from '../../src/app/reading/read-books.ts'
import { statusOf } from '../../src/app/recorder/status.ts'
import { aDelta, aSnapshot } from '../support/frames.ts'
import { aFolder, type Recording, record, until } from '../support/recording.ts'

const MARKETS = ['KXU-A', 'KXU-B', 'KXU-C', 'KXU-D', 'KXU-E', 'KXU-F']

let recording: Recording | undefined
const folder = aFolder()
afterEach(async () => {
  await recording?.close()
  recording = undefined
})
afterAll(() => folder.remove())

const aTicker = (market: string, bid: string) =>
  JSON.stringify({
    type: 'ticker',
    sid: 2,
    msg: {
      market_ticker: market,
      market_id: `id-${market}`,
      yes_bid_dollars: bid,
      yes_ask_dollars: '0.9000',
      yes_bid_size_fp: '50.00',
      ts_ms: 1_786_000_000_000,
    },
  })

/** Books that bid 0.4000, then changes, and a ticker of each that bids otherwise. */
function aCapture(bid: string): string {
  const path = join(folder.path, 'units.jsonl')
  const book = { yes: [['0.4000', '50.00']], no: [['0.5000', '70.00']] } as const
  let seq = 0
  const lines = MARKETS.map((market) => aSnapshot(++seq, market, book))
  for (let round = 0; round < 50; round++) {
    for (const market of MARKETS) {
      lines.push(aDelta(++seq, market, '0.3000', '1.00', { ms: 1_786_000_000_000 + round }))
      if (round > 0) lines.push(aTicker(market, bid))
    }
  }
  writeFileSync(path, lines.map((each) => `${each.trim()}\n`).join(''))
  return path
}

test('is noticed by its tickers: no book is believed, frames go on, and a reader of the journal comes to the same', async () => {
  recording = await record({ capture: aCapture('0.0040'), ratePerSecond: 400, startAfterMarkets: MARKETS.length })
  const { recorder, of } = recording
  await until('it is noticed', () => of('wire_changed').length > 0)
  expect(of('wire_changed')[0]).toMatchObject({ what: 'prices are 100 times too large', markets: MARKETS.length })
  const { frames } = recorder.fold.counts
  expect(MARKETS.map((each) => recorder.fold.market(each)?.doubt)).toEqual(MARKETS.map(() => 'wire_changed'))
  expect(statusOf(recorder)).toMatchObject({
    wire: { changed: true, what: 'prices are 100 times too large', units_checked: true },
    markets: { valid: 0 },
  })
  await until('frames go on', () => recorder.fold.counts.frames > frames + 50)
  await recorder.journal.flush()
  const { fold } = await readBooks({ folder: `${recording.folder}/journal` })
  expect(MARKETS.map((each) => fold.market(each)?.doubt)).toEqual(MARKETS.map(() => 'wire_changed'))
  expect(of('connection_lost')).toEqual([])
})

test('is not suspected where tickers and books agree', async () => {
  recording = await record({ capture: aCapture('0.4000'), ratePerSecond: 2000, startAfterMarkets: MARKETS.length })
  const { recorder, of } = recording
  await until('units were held against tickers', () => statusOf(recorder).wire.units_checked)
  await until('the playback is done', () => recording!.exchange.sent().playback.done)
  expect(of('wire_changed')).toEqual([])
  expect(statusOf(recorder).markets.valid).toBe(MARKETS.length)
})
