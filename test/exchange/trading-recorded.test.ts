/** The recorder on a world: what it has on disk is what the exchange says it sent, and its books are the exchange's. */
import { expect, test } from 'vitest'
import { countFrames, journalDigests, liveDigests, record, until } from '../support/recording.ts'
import { type Frame, foldBooks, picture } from './support.ts'
import { getSigned } from './trading-support.ts'

test.concurrent.each([false, true])(
  'recorded with use_yes_price %s: as many frames as were sent, and the same books',
  async (useYesPrice) => {
    const recording = await record(
      { seed: 11, markets: 10, ratePerSecond: 1500, readTokensPerSecond: 0 },
      { useYesPrice },
    )
    const { exchange, recorder, folder } = recording
    try {
      await until('all books are valid', () => recorder.fold.markets().filter(({ valid }) => valid).length === 10)
      await until('thousands of frames came', () => recorder.fold.counts.frames > 2500)
      // From here on nothing is sent; what the world does meanwhile is held back and uncounted.
      for (const { id } of exchange.sent().connections) exchange.faults.stall(id)
      await until('all that was sent has come', () => recorder.fold.counts.frames === exchange.sent().total)
      const { total } = exchange.sent()
      await recorder.journal.flush()
      expect(await countFrames(folder)).toBe(total)
      expect(recorder.fold.counts).toMatchObject({
        breaks: 0,
        repeats: 0,
        negative: 0,
        crossed: 0,
        malformed: 0,
        unplaced: 0,
      })
      const live = liveDigests(recorder)
      const written = await journalDigests(folder)
      for (const [ticker, { valid, sha256 }] of Object.entries(live)) {
        expect(valid, ticker).toBe(true)
        expect(written[ticker]?.sha256, ticker).toBe(sha256)
      }
      // Let go again, every book ends as the exchange has it.
      for (const { id } of exchange.sent().connections) exchange.faults.resume(id)
      await expectBooksOfExchange()
    } finally {
      expect((await recording.close()).isComplete).toBe(true)
    }

    /** Compares by REST, market by market, with the recorder at the same frame: tries until none came between. */
    async function expectBooksOfExchange(): Promise<void> {
      for (const { ticker } of recorder.fold.markets()) {
        await until(`the book of ${ticker} is that of the exchange`, async () => {
          const { body } = await getSigned(exchange, `/markets/${ticker}/orderbook`)
          const levels = { yes_dollars_fp: body.orderbook_fp.yes_dollars, no_dollars_fp: body.orderbook_fp.no_dollars }
          const theirs = [{ type: 'orderbook_snapshot', msg: { market_ticker: ticker, ...levels } }] as Frame[]
          return pictureOf(ticker) === picture(foldBooks(theirs), ticker)
        })
      }
    }

    function pictureOf(ticker: string): string {
      const { yes, no } = recorder.fold.market(ticker)?.book.levels() ?? { yes: [], no: [] }
      const side = (levels: readonly (readonly [number, number])[]) =>
        [...levels]
          .sort(([a], [b]) => a - b)
          .map(([price, size]) => `${(price / 10_000).toFixed(4)},${size}`)
          .join(' ')
      return `yes ${side(yes)}\nno ${side(no)}`
    }
  },
  30_000,
)
