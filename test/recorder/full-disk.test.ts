/**
 * A disk that is full: books live on from the sockets, nothing is recorded, the hole is written down when there is room,
 * and whoever reads the journal believes no book across it before the exchange has told that book anew.
 */
import { afterEach, describe, expect, test } from 'vitest'
import { foldRecord, readBooks } from '#app'
import { FileDisk, type JournalBlock, openCursor } from '#journal'
import { Ledger } from '#ledger'
import { RowFold } from '../../src/store/rows/row-fold.ts'
import { emptyState } from '../../src/store/rows/stored-state.ts'
import { digestsOf } from '../support/fold.ts'
import { auditJournal, liveDigests, until } from '../support/recording.ts'
import { holesOf, onADisk, quiet } from './full-disk.ts'

let recording: Awaited<ReturnType<typeof onADisk>> | undefined
afterEach(async () => {
  await recording?.close()
  recording = undefined
})

async function start(ratePerSecond?: number) {
  const started = await onADisk(ratePerSecond)
  recording = started
  return started
}

describe('while the disk is full', () => {
  test('books live on, none of their frames is in the journal, and no connection is given up', async () => {
    const { recorder, disk, allValid, of, exchange, folder } = await start()
    disk.isFull = true
    await until('it is noticed', () => recorder.cutOff !== undefined)
    const { deltas } = recorder.fold.counts
    await until('books have gone on', () => recorder.fold.counts.deltas > deltas + 500)
    expect(allValid()).toBe(true)
    expect(recorder.backpressure).toBe('flowing')
    expect(recorder.connectionsLost).toBe(0)
    expect(of('disk_full')).toHaveLength(1)

    const { snapshots } = recorder.fold.counts
    disk.isFull = false
    await until('it goes on', () => recorder.cutOff === undefined)
    await until('every book was asked for', () => recorder.fold.counts.snapshots >= snapshots + 6)
    await quiet({ exchange, recorder })
    expect(recorder.fold.counts.breaks).toBe(0)
    expect(allValid()).toBe(true)

    const { gaps, framesBetween } = await holesOf(folder)
    expect(gaps.map(({ cause, toNs }) => [cause, toNs !== undefined])).toEqual([
      ['disk_full', false],
      ['disk_full', true],
    ])
    expect(gaps[1]!.fromNs).toBe(gaps[0]!.fromNs)
    expect(BigInt(gaps[1]!.toNs!)).toBeGreaterThan(BigInt(gaps[1]!.fromNs))
    // Nothing is lost on either side: what reached books and is in no journal was counted.
    expect(framesBetween[1]).toBe(0)
    expect(framesBetween[0]! + framesBetween[2]! + recorder.framesUnrecorded).toBe(exchange.sent().total)
    expect(of('disk_has_room')[0]).toMatchObject({ framesUnrecorded: recorder.framesUnrecorded })
  }, 30_000)

  test('a reader doubts every book at the hole, blames no break, and agrees once the snapshots have come', async () => {
    const { recorder, disk, exchange, folder } = await start(250)
    disk.isFull = true
    await until('it is noticed', () => recorder.cutOff !== undefined)
    await until('books have gone on', () => (recorder.cutOff?.frames ?? 0) > 100)
    const { snapshots } = recorder.fold.counts
    disk.isFull = false
    await until('it goes on', () => recorder.cutOff === undefined)
    await until('every book was asked for', () => recorder.fold.counts.snapshots >= snapshots + 6)
    await quiet({ exchange, recorder })

    const live = liveDigests(recorder)
    const { fold, faults } = await readBooks({ folder: `${folder}/journal` })
    expect(faults).toEqual([])
    expect(fold.counts).toMatchObject({ breaks: 0, negative: 0, unplaced: 0 })
    expect(digestsOf(fold)).toMatchObject(live)
    expect((await auditJournal(folder)).differing).toEqual([])

    const ledger = new Ledger<JournalBlock>(foldRecord)
    for await (const block of openCursor({ disk: new FileDisk(), folder: `${folder}/journal` })) {
      while (block.next()) ledger.take(block)
    }
    const [hole, ...more] = ledger.holes()
    expect(more).toEqual([])
    expect(hole).toMatchObject({ cause: 'disk_full', blame: 'own', closedBy: 'snapshot', open: 0 })
    expect(hole?.markets).toHaveLength(6)

    const rows = new RowFold()
    rows.resume(emptyState(1))
    for await (const block of openCursor({ disk: new FileDisk(), folder: `${folder}/journal` })) {
      rows.take(block, { rowsMax: Number.POSITIVE_INFINITY })
    }
    const holes = [...rows.pending.newGaps].filter(({ market }) => market !== undefined)
    expect(holes.map(({ cause }) => cause)).toEqual(Array(6).fill('disk_full'))
    expect(holes.every(({ to }) => to !== undefined)).toBe(true)
  }, 30_000)
})
