/** The fold alone against an oracle of another author, on recorded production frames. */
import { describe, expect, test } from 'vitest'
import { askOracle, BASEBALL, BITCOIN, framesOf, hasShared, NO_SHARED } from './support/captures.ts'
import { digestsOf, importFold } from './support/fold.ts'

describe.skipIf(!hasShared)(`recorded frames (${hasShared ? 'present' : NO_SHARED})`, () => {
  test.each([
    [BASEBALL, [60, 150, 230]],
    [BITCOIN, [3000, 100_000, 182_000]],
  ])('%s leads to the books of the oracle, at the end and in mid-stream', (path, moments) => {
    const frames = framesOf(path)
    const fold = importFold()
    let next = 0
    for (const at of [...moments, undefined]) {
      for (; next < frames.length; next++) {
        if (at !== undefined && (JSON.parse(frames[next]!) as { seq?: number }).seq === at + 1) break
        fold.frame(1, Buffer.from(frames[next]!), 0)
      }
      const wanted = askOracle(path, at).markets
      const found = digestsOf(fold)
      for (const [ticker, { valid, seq, sha256 }] of Object.entries(wanted)) {
        expect(found[ticker], `${ticker} at ${at ?? 'the end'}`).toEqual({ valid, seq, sha256 })
      }
    }
    expect(fold.counts).toMatchObject({
      breaks: 0,
      repeats: 0,
      negative: 0,
      crossed: 0,
      malformed: 0,
      unknown: 0,
      unplaced: 0,
    })
    expect(fold.counts.scanned).toBe(fold.counts.deltas)
    expect([...fold.census.counts()]).toEqual([])
  })
})
