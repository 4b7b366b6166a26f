/** The copy of a capture's recording, against the recorder's own books and an oracle of another author. */
import { expect } from 'vitest'
import { askOracle } from '../support/captures.ts'
import { liveDigests, untilPlayed } from '../support/recording.ts'
import { copyOf, digestsOfCopy, recordLive, untilCaughtUp } from './live-support.ts'

/** Plays a capture up to the frame with number `at`, or whole. */
export async function compareCopy(capture: string, at: number | undefined): Promise<void> {
  const oracle = askOracle(capture, at)
  const recording = await recordLive({
    capture,
    speed: 'max',
    ...(at === undefined ? {} : { untilSeq: at }),
    startAfterMarkets: Object.keys(oracle.markets).length,
  })
  const { replica } = await copyOf(recording.folder)
  try {
    await untilPlayed(recording)
    await untilCaughtUp(recording, replica)
    const books = digestsOfCopy(replica)
    for (const [ticker, { valid, sha256 }] of Object.entries(oracle.markets))
      expect(books[ticker], ticker).toEqual({ valid, sha256 })
    expect(books).toEqual(liveDigests(recording.recorder))
    expect(replica.fold.counts.frames).toBe(recording.recorder.fold.counts.frames)
  } finally {
    await replica.close()
    await recording.close()
  }
}
