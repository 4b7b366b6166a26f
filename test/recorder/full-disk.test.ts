/**
 * A disk that is full: books live on from the sockets, nothing is recorded, the hole is written down when there is room,
 * and whoever reads the journal believes no book across it before the exchange has told that book anew.
 */
import { afterEach, describe, expect, test } from 'vitest'
import { foldRecord, readBooks } from '#app'
import { type GapBody, RECORD } from '#domain'
import { decodeJson, FileDisk, type JournalBlock, openCursor } from '#journal'
import { Ledger } from '#ledger'
import { RowFold } from '../../src/store/rows/row-fold.ts'
import { emptyState } from '../../src/store/rows/stored-state.ts'
import { copyOf, digestsOfCopy, JOURNAL, recordLive, untilCaughtUp } from '../live/live-support.ts'
import { DEMO } from '../support/captures.ts'
import { digestsOf } from '../support/fold.ts'
import { auditJournal, liveDigests, type Recording, until } from '../support/recording.ts'

class FullDisk extends FileDisk {
  isFull = false
  override async create(path: string) {
    if (this.isFull) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    const file = await super.create(path)
    const write = file.write.bind(file)
    file.write = async (bytes, offset) => {
      if (!this.isFull) return await write(bytes, offset)
      // As a file system does: what fits is there.
      await write(bytes.subarray(0, bytes.length >> 1), offset)
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    }
    return file
  }
}

let recording: Awaited<ReturnType<typeof recordLive>> | undefined
afterEach(async () => {
  await recording?.close()
  recording = undefined
})

const RESERVE_BYTES = 50e6

async function onADisk(ratePerSecond = 1000) {
  const disk = new FullDisk()
  const journal = { ...JOURNAL, reserveBytes: RESERVE_BYTES }
  const started = await recordLive(
    { capture: DEMO, ratePerSecond, loop: true, startAfterMarkets: 6 },
    { disk, journal },
  )
  recording = started
  const { recorder, exchange } = started
  await until('all books are valid', () => recorder.fold.markets().filter(({ valid }) => valid).length === 6)
  const allValid = () => recorder.fold.markets().every(({ valid }) => valid)
  return { ...started, recorder, exchange, disk, allValid }
}

/** The GAP records of a journal, and the frames before, between and behind them. */
async function holesOf(folder: string): Promise<{ gaps: GapBody[]; framesBetween: number[] }> {
  const gaps: GapBody[] = []
  const framesBetween = [0]
  for await (const block of openCursor({ disk: new FileDisk(), folder: `${folder}/journal` })) {
    while (block.next()) {
      if (block.type === RECORD.FRAME) framesBetween[framesBetween.length - 1]!++
      if (block.type !== RECORD.GAP) continue
      gaps.push(decodeJson<GapBody>(block.body())!)
      framesBetween.push(0)
    }
  }
  return { gaps, framesBetween }
}

async function quiet({ exchange, recorder }: Pick<Recording, 'exchange' | 'recorder'>): Promise<void> {
  for (const { id, open } of exchange.sent().connections) if (open) exchange.faults.stall(id)
  await until('all that was sent has come', () => recorder.fold.counts.frames === exchange.sent().total)
  await recorder.journal.flush()
}

describe('while the disk is full', () => {
  test('books live on, none of their frames is in the journal, and no connection is given up', async () => {
    const { recorder, disk, allValid, of, exchange, folder } = await onADisk()
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
    const { recorder, disk, exchange, folder } = await onADisk(250)
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

  test('a connection made anew meanwhile, and a market let go, are known to readers afterwards', async () => {
    const { recorder, disk, exchange, folder } = await onADisk()
    const [gone] = exchange.tickers as [string]
    disk.isFull = true
    await until('it is noticed', () => recorder.cutOff !== undefined)
    recorder.unsubscribe([gone])
    await until('it is let go', () => recorder.fold.market(gone) === undefined)
    exchange.faults.cut(exchange.sent().connections.findLast(({ open }) => open)!.id, 'terminate')
    await until('the connection was made anew', () => recorder.connectionsLost === 1)
    await until('its books are valid', () => recorder.fold.markets().filter(({ valid }) => valid).length === 5)
    const { snapshots } = recorder.fold.counts
    disk.isFull = false
    await until('it goes on', () => recorder.cutOff === undefined)
    await until('every book was asked for', () => recorder.fold.counts.snapshots >= snapshots + 5)
    await quiet({ exchange, recorder })
    const { fold } = await readBooks({ folder: `${folder}/journal` })
    expect(fold.market(gone)).toBeUndefined()
    expect(fold.counts).toMatchObject({ breaks: 0, unplaced: 0 })
    expect(digestsOf(fold)).toMatchObject(liveDigests(recorder))
  }, 30_000)

  test('a run that ends then says that not everything is on disk', async () => {
    const { recorder, disk } = await onADisk()
    disk.isFull = true
    await until('it is noticed', () => recorder.cutOff !== undefined)
    await until('books have gone on', () => (recorder.cutOff?.frames ?? 0) > 100)
    disk.isFull = false
    const account = await recorder.stop('test ended')
    expect(account.isComplete).toBe(false)
    expect(account.framesUnrecorded).toBeGreaterThan(100)
  }, 30_000)

  test('a copy of the books believes none of them, although it has read everything', async () => {
    const { recorder, disk, exchange, folder, allValid } = await onADisk()
    const { replica } = await copyOf(folder)
    await untilCaughtUp({ recorder }, replica)
    const valid = () => Object.values(digestsOfCopy(replica)).filter((each) => each.valid).length
    expect(valid()).toBe(6)
    disk.isFull = true
    await until('it is noticed', () => recorder.cutOff !== undefined)
    await until('the copy believes nothing', () => valid() === 0, 3_000)
    expect(allValid()).toBe(true)
    disk.isFull = false
    await until('it goes on', () => recorder.cutOff === undefined)
    await until('the copy believes every book again', () => valid() === 6)
    await quiet({ exchange, recorder })
    await untilCaughtUp({ recorder }, replica)
    expect(digestsOfCopy(replica)).toEqual(liveDigests(recorder))
    expect(new Set(replica.gaps().map(({ cause }) => cause))).toEqual(new Set(['disk_full']))
    await replica.close()
  }, 30_000)
})

test('below the reserve nothing is taken, and what must be told is written all the same', async () => {
  const { recorder, folder, of } = await onADisk()
  const journal = recorder.journal
  recorder.looked({ freeBytes: RESERVE_BYTES - 1, totalBytes: 1e12 })
  await until('it is noticed', () => recorder.cutOff !== undefined)
  await until('books have gone on', () => (recorder.cutOff?.frames ?? 0) > 200)
  await journal.flush()
  expect((await holesOf(folder)).gaps).toHaveLength(1)
  expect((await readBooks({ folder: `${folder}/journal` })).fold.markets().map(({ doubt }) => doubt)).toEqual(
    Array(6).fill('disk_full'),
  )
  recorder.looked({ freeBytes: RESERVE_BYTES * 1.4, totalBytes: 1e12 })
  await until('some time has passed', () => (recorder.cutOff?.frames ?? 0) > 1_500)
  expect(of('disk_has_room')).toHaveLength(0)
  recorder.looked({ freeBytes: RESERVE_BYTES * 1.5, totalBytes: 1e12 })
  await until('it goes on', () => recorder.cutOff === undefined)
  expect((await recorder.stop('test ended')).isComplete).toBe(false)
  expect((await holesOf(folder)).gaps).toHaveLength(2)
}, 30_000)
