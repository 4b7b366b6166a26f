/**
 * The copy of the books that the service answers from: the recorder's own books at every moment, whatever happens to the
 * recorder and wherever the copy began.
 */
import { afterEach, describe, expect, test } from 'vitest'
import { formatPosition } from '#domain'
import { askOracle, BASEBALL, BITCOIN, DEMO, hasShared, NO_SHARED } from '../support/captures.ts'
import { liveDigests, until, untilPlayed } from '../support/recording.ts'
import { copyOf, digestsOfCopy, recordLive, untilCaughtUp } from './live-support.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const each of cleanups.splice(0).reverse()) await each()
})

async function live(...parameters: Parameters<typeof recordLive>) {
  const recording = await recordLive(...parameters)
  cleanups.push(() => recording.close())
  return recording
}

async function copy(folder: string) {
  const opened = await copyOf(folder)
  cleanups.push(() => opened.replica.close())
  return opened
}

describe.skipIf(!hasShared)(`recorded frames (${hasShared ? 'present' : NO_SHARED})`, () => {
  for (const [name, capture, at] of [
    ['baseball', BASEBALL, 150],
    ['baseball', BASEBALL, undefined],
    ['bitcoin', BITCOIN, 3_000],
    ['bitcoin', BITCOIN, undefined],
  ] as const) {
    test(`of ${name} to ${at ?? 'the end'} are in the copy as an oracle of another author has them`, async () => {
      const oracle = askOracle(capture, at)
      const recording = await live({
        capture,
        speed: 'max',
        ...(at === undefined ? {} : { untilSeq: at }),
        startAfterMarkets: Object.keys(oracle.markets).length,
      })
      const { replica } = await copy(recording.folder)
      await untilPlayed(recording)
      await untilCaughtUp(recording, replica)
      const books = digestsOfCopy(replica)
      for (const [ticker, { valid, sha256 }] of Object.entries(oracle.markets))
        expect(books[ticker], ticker).toEqual({ valid, sha256 })
      expect(books).toEqual(liveDigests(recording.recorder))
      expect(replica.fold.counts.frames).toBe(recording.recorder.fold.counts.frames)
    })
  }
})

describe('a copy of the books', () => {
  test('has the recorder’s books at a position in mid-stream, and says how far it is', async () => {
    const recording = await live({ capture: DEMO, ratePerSecond: 2_000, loop: true })
    const { replica } = await copy(recording.folder)
    await until('it is live', () => replica.state === 'live' && replica.fold.counts.deltas > 500)
    for (let round = 0; round < 3; round++) {
      recording.recorder.pause('test')
      await untilCaughtUp(recording, replica)
      expect(digestsOfCopy(replica)).toEqual(liveDigests(recording.recorder))
      recording.recorder.resume()
      await until('books are valid again', () =>
        replica.fold.markets().every((each) => replica.doubtOf(each) === undefined),
      )
      const view = replica.view(replica.fold.markets()[0]!)
      expect(view).toMatchObject({ valid: true, position: formatPosition(replica.position) })
      expect(view.behind_ms).toBeLessThan(1_000)
    }
    expect(replica.journalId).toBe(recording.recorder.journal.id)
    expect(replica.session?.id).toBe(recording.recorder.session)
  })
})
