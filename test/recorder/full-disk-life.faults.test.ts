/** A full disk while other things happen: a connection is lost, a market let go, the run ends, somebody follows. */
import { afterEach, describe, expect, test } from 'vitest'
import { readBooks } from '#app'
import { copyOf, digestsOfCopy, untilCaughtUp } from '../live/live-support.ts'
import { digestsOf } from '../support/fold.ts'
import { liveDigests, until } from '../support/recording.ts'
import { holesOf, onADisk, quiet, RESERVE_BYTES } from './full-disk.ts'

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
  test('a connection made anew meanwhile, and a market let go, are known to readers afterwards', async () => {
    const { recorder, disk, exchange, folder } = await start()
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
    const { recorder, disk } = await start()
    disk.isFull = true
    await until('it is noticed', () => recorder.cutOff !== undefined)
    await until('books have gone on', () => (recorder.cutOff?.frames ?? 0) > 100)
    disk.isFull = false
    const account = await recorder.stop('test ended')
    expect(account.isComplete).toBe(false)
    expect(account.framesUnrecorded).toBeGreaterThan(100)
  }, 30_000)

  test('a copy of the books believes none of them, although it has read everything', async () => {
    const { recorder, disk, exchange, folder, allValid } = await start()
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
  const { recorder, folder, of } = await start()
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
