/**
 * The copy of the books that the service answers from: the recorder's own books at every moment, whatever happens to the
 * recorder and wherever the copy began.
 */
import { afterEach, describe, expect, test } from 'vitest'
import { formatPosition } from '#domain'
import { BASEBALL, BITCOIN, DEMO, hasShared, NO_SHARED } from '../support/captures.ts'
import { liveDigests, until } from '../support/recording.ts'
import { compareCopy } from './compare-copy.ts'
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
  ] as const) {
    test(`of ${name} to ${at ?? 'the end'} are in the copy as an oracle of another author has them`, () =>
      compareCopy(capture, at))
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
