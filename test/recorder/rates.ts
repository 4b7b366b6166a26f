/** What the rate tests do, for as long as each wants. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { DEMO } from '../support/captures.ts'
import { countFrames, record, until } from '../support/recording.ts'

/** Records for so long, then has the exchange fall silent, so that nothing is on the way when both are counted. */
export async function recordAtRate(ratePerSecond: number, ms: number): Promise<{ frames: number; perSecond: number }> {
  const recording = await record({ capture: DEMO, ratePerSecond, loop: true, copies: 20, startAfterMarkets: 120 })
  const { exchange, recorder, folder } = recording
  try {
    await until('all books are valid', () => recorder.fold.markets().filter(({ valid }) => valid).length === 120)
    const before = recorder.fold.counts.frames
    const startedMs = performance.now()
    await sleep(ms)
    for (const { id } of exchange.sent().connections) exchange.faults.stall(id)
    await until('all that was sent has come', () => recorder.fold.counts.frames === exchange.sent().total)
    const perSecond = ((recorder.fold.counts.frames - before) * 1000) / (performance.now() - startedMs)
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
    return { frames: total, perSecond }
  } finally {
    expect((await recording.close()).isComplete).toBe(true)
  }
}
