/** A stretch of a long journal, read from the middle: it says of that stretch what a reading of the whole says. */
import { expect, test } from 'vitest'
import { coverageIn, pickHoles } from '../../src/app/reading/ledger-view.ts'
import { readLedger } from '../../src/app/reading/read-ledger.ts'
import { MARKETS, openStory } from '../store/writer-story.ts'
import { lineOf, MS, START_MS } from './ledger-support.ts'

const MINUTE_MS = 60_000
/** A segment is an hour old when the next one begins; its checkpoints come ten minutes later. */
const ROUND_MS = 70 * MINUTE_MS

test('reading from the fifth round on says of it what the whole journal says, without reading the first ones', async () => {
  const story = await openStory()
  try {
    await story.run()
    story.connect()
    for (let round = 1; round <= 8; round++) {
      story.pass(60 * MINUTE_MS * MS)
      story.delta('KXA-1', '0.4000', '1.00', { ms: round })
      await story.flush()
      story.delta('KXA-1', '0.3000', '1.00', { ms: round })
      story.pass(10 * MINUTE_MS * MS)
      for (const market of MARKETS) story.checkpoint(market)
      if (round === 2 || round === 6) {
        story.skip()
        story.delta('KXC-3', '0.4000', '1.00', { ms: round })
        story.pass(20 * MS)
        // One market stays in the first hole until the seventh round.
        story.snapshot('KXA-1')
        story.snapshot('KXC-3')
      }
      if (round === 7) story.snapshot('KXB-2')
    }
    story.lose('stopped')
    story.stop()
    await story.end()
    const asked = { folder: story.journal, isRecording: false, nowMs: 0 }
    const range = { fromMs: START_MS + 5 * ROUND_MS, toMs: START_MS + 9 * ROUND_MS, zone: 'UTC' }
    const whole = await readLedger(asked)
    const part = await readLedger({ ...asked, fromMs: range.fromMs })
    expect(part.ledger.counts.records).toBeLessThan(whole.ledger.counts.records)
    expect(coverageIn(part, range)).toEqual(coverageIn(whole, range))

    const [older, ...holes] = pickHoles(part, range)
    const [olderOfWhole, ...holesOfWhole] = pickHoles(whole, range)
    expect(holes.map((hole) => lineOf(hole, START_MS + 6 * ROUND_MS))).toEqual([
      'sequence_break -599980-40 AC snapshot',
      'recording_stopped 7800040- ABC open',
    ])
    expect(holes).toEqual(holesOfWhole)
    // It began before what was read: that much is said of it.
    expect(older).toMatchObject({ cause: 'sequence_break', fromKind: 'context', closedBy: 'snapshot' })
    expect(older?.markets.map(({ market }) => market)).toEqual(['KXB-2'])
    expect(older?.toMs).toBe(olderOfWhole?.toMs)
  } finally {
    story.remove()
  }
})
