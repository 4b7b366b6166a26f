/**
 * Captures over a real socket into the recorder: the live books, and the books rebuilt from the journal alone, are those of
 * an oracle of another author; at the end and in mid-stream, with NO levels in YES prices and in NO prices.
 */
import { describe, expect, test } from 'vitest'
import { askOracle, BASEBALL, BITCOIN, DEMO, hasShared, NO_SHARED } from '../support/captures.ts'
import { countFrames, journalDigests, liveDigests, record, untilPlayed } from '../support/recording.ts'

async function recordAndCompare(capture: string, untilSeq: number | undefined, useYesPrice: boolean) {
  // Markets whose first snapshot lies behind the end are not listed, by the exchange either.
  const oracle = askOracle(capture, untilSeq)
  const recording = await record(
    {
      capture,
      speed: 'max',
      ...(untilSeq === undefined ? {} : { untilSeq }),
      startAfterMarkets: Object.keys(oracle.markets).length,
    },
    { useYesPrice },
  )
  try {
    const sent = await untilPlayed(recording)
    await recording.recorder.journal.flush()
    const live = liveDigests(recording.recorder)
    const rebuilt = await journalDigests(recording.folder)
    for (const [ticker, { valid, sha256 }] of Object.entries(oracle.markets)) {
      expect(live[ticker], `live ${ticker}`).toEqual({ valid, sha256 })
      expect(rebuilt[ticker]?.sha256, `rebuilt ${ticker}`).toBe(sha256)
      expect(rebuilt[ticker]?.valid, `rebuilt ${ticker}`).toBe(valid)
    }
    const { counts } = recording.recorder.fold
    expect(counts.deltas).toBe(oracle.types['orderbook_delta'])
    expect(counts.deltas).toBe(sent.frames['orderbook_delta'])
    expect(counts).toMatchObject({
      breaks: 0,
      repeats: 0,
      negative: 0,
      crossed: 0,
      malformed: 0,
      unproven: 0,
      unplaced: 0,
    })
    expect(await countFrames(recording.folder)).toBe(sent.total)
  } finally {
    const account = await recording.close()
    expect(account.isComplete).toBe(true)
  }
}

const both = [true, false] as const

describe.skipIf(!hasShared)(`recorded frames (${hasShared ? 'present' : NO_SHARED})`, () => {
  for (const useYesPrice of both) {
    for (const at of [60, 150, 230, undefined]) {
      test(`of baseball to ${at ?? 'the end'}, use_yes_price ${useYesPrice}`, () =>
        recordAndCompare(BASEBALL, at, useYesPrice))
    }
    for (const at of [3000, 100_000, 182_000, undefined]) {
      test(`of bitcoin to ${at ?? 'the end'}, use_yes_price ${useYesPrice}`, () =>
        recordAndCompare(BITCOIN, at, useYesPrice))
    }
  }

  test('and the capture of our own', () => recordAndCompare(DEMO, undefined, true))
})

test.each(both)(
  'our own capture arrives whole and its books survive the journal, use_yes_price %s',
  async (useYesPrice) => {
    const recording = await record({ capture: DEMO, speed: 'max', startAfterMarkets: 6 }, { useYesPrice })
    try {
      const sent = await untilPlayed(recording)
      await recording.recorder.journal.flush()
      const live = liveDigests(recording.recorder)
      const rebuilt = await journalDigests(recording.folder)
      expect(Object.keys(live)).toHaveLength(recording.exchange.tickers.length)
      for (const [ticker, { valid, sha256 }] of Object.entries(live))
        expect(rebuilt[ticker]).toMatchObject({ valid, sha256 })
      expect(Object.values(live).every(({ valid }) => valid)).toBe(true)
      expect(await countFrames(recording.folder)).toBe(sent.total)
    } finally {
      await recording.close()
    }
  },
)
