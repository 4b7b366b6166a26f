/** A stretch of a long journal, read from the middle: it says of that stretch what a reading of the whole says. */
import { expect, test } from 'vitest'
import { coverageIn, pickHoles } from '../../src/app/reading/ledger-view.ts'
import { readLedger } from '../../src/app/reading/read-ledger.ts'
import { MARKETS, openStory } from '../store/writer-story.ts'
import { lineOf, MS, START_MS } from './ledger-support.ts'

const HOUR_MS = 3_600_000

test('reading from the fifth hour on says of it what the whole journal says, without reading the first ones', async () => {
  const story = await openStory()
  try {
    await story.run()
    story.connect()
    for (let hour = 1; hour <= 8; hour++) {
      story.pass(HOUR_MS * MS)
      story.delta('KXA-1', '0.4000', '1.00', { ms: hour })
      // A segment is an hour old: the next one begins.
      await story.flush()
      story.delta('KXA-1', '0.3000', '1.00', { ms: hour })
      for (const market of MARKETS) story.checkpoint(market)
      if (hour !== 2 && hour !== 6) continue
      story.skip()
      story.delta('KXB-2', '0.4000', '1.00', { ms: hour })
      story.pass(20 * MS)
      story.snapshot('KXA-1')
      story.snapshot('KXC-3')
      // In the sixth hour this one is not proven again before the end.
      if (hour === 2) story.snapshot('KXB-2')
    }
    story.lose('stopped')
    story.stop()
    await story.end()
    const asked = { folder: story.journal, isRecording: false, nowMs: 0 }
    const range = { fromMs: START_MS + 5 * HOUR_MS, toMs: START_MS + 9 * HOUR_MS, zone: 'UTC' }
    const whole = await readLedger(asked)
    const part = await readLedger({ ...asked, fromMs: range.fromMs })
    expect(part.ledger.counts.records).toBeLessThan(whole.ledger.counts.records)
    const holes = pickHoles(part, range)
    expect(holes.map((hole) => lineOf(hole, START_MS + 6 * HOUR_MS))).toEqual([
      'sequence_break 20- ABC open',
      'recording_stopped 7200040- AC open',
    ])
    expect(holes).toEqual(pickHoles(whole, range))
    expect(coverageIn(part, range)).toEqual(coverageIn(whole, range))
  } finally {
    story.remove()
  }
})
