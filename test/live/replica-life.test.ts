/** A copy of the books through what happens to recorders and journals: late starts, kills, restarts, slow disks. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { openControl } from '#app'
import { formatPosition } from '#domain'
import { startExchange } from '#exchange'
import { FileDisk, listSegments, sealSegment } from '#journal'
import { askRecorder, followRecorder, type LiveGap, Replica } from '#live'
import type { Disk, DiskReader } from '#ports'
import { DEMO } from '../support/captures.ts'
import { pointedAt, run } from '../support/program.ts'
import { aFolder, aLog, liveDigests, record, until } from '../support/recording.ts'
import { copyOf, digestsOfCopy, JOURNAL, recordLive, untilCaughtUp } from './live-support.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const each of cleanups.splice(0).reverse()) await each()
})

async function copy(folder: string) {
  const opened = await copyOf(folder)
  cleanups.push(() => opened.replica.close())
  return opened
}

/** A recorder whose segments are small. The capture is played once: a book that nobody checkpoints stays where it came. */
async function manySegments(checkpointDeltas: number) {
  const recording = await recordLive(
    { capture: DEMO, ratePerSecond: 3_000, startAfterMarkets: 6 },
    { journal: { ...JOURNAL, segmentBytes: 48 * 1024, checkpointDeltas } },
  )
  cleanups.push(() => recording.close())
  await until('there are many segments', () => recording.recorder.journal.head.segment >= 8)
  return recording
}

const causes = (gaps: readonly LiveGap[]) => gaps.map(({ cause, closed_by }) => `${cause} ${closed_by}`)

describe('a copy that is begun late', () => {
  test('begins in the last segments when checkpoints carry the books, sealed or not', async () => {
    const recording = await manySegments(20)
    const place = { disk: new FileDisk(), folder: `${recording.folder}/journal` }
    const segments = await listSegments(place.disk, place.folder)
    for (const { number } of segments.slice(0, -1)) await sealSegment(place, number)
    const { replica } = await copy(recording.folder)
    recording.recorder.pause('test')
    await untilCaughtUp(recording, replica)
    const books = liveDigests(recording.recorder)
    expect(digestsOfCopy(replica)).toEqual(books)
    expect(replica.fold.counts.frames).toBeLessThan(recording.recorder.fold.counts.frames)
    await until('it knows when the run began', () => replica.session?.startedMs !== undefined)
    expect(replica.session).toMatchObject({ id: recording.recorder.session, version: expect.any(String) })
    expect(replica.session!.startedMs).toBeGreaterThan(Date.now() - 60_000)
  })

  test('has the books of a finished journal, and says that nobody records', async () => {
    const recording = await manySegments(20)
    await recording.stop()
    const { replica } = await copy(recording.folder)
    await until('it is finished', () => replica.state === 'finished')
    expect(digestsOfCopy(replica)).toEqual(liveDigests(recording.recorder))
    expect(replica.behindMs).toBe(0)
    expect(new Set(replica.fold.markets().map((each) => replica.doubtOf(each)))).toEqual(new Set(['recording_stopped']))
  })

  test('of a folder that has nothing yet waits for what comes', async () => {
    const { path, remove } = aFolder()
    cleanups.push(remove)
    const { replica } = await copy(path)
    await until('it is finished', () => replica.state === 'finished')
    expect([...replica.markets()]).toEqual([])
    const recording = await recordLive({ capture: DEMO, ratePerSecond: 500, loop: true }, { folder: path })
    cleanups.push(() => recording.close())
    await until('it has the books', () => replica.state === 'live' && replica.fold.markets().length === 6)
    await untilCaughtUp(recording, replica)
  })
})

test('a killed recorder puts the copy’s books in doubt, and the next one proves them again', async () => {
  const exchange = await startExchange({ port: 0, keyType: 'ed25519', capture: DEMO, ratePerSecond: 1_000, loop: true })
  cleanups.push(() => exchange.close())
  const { path: data, remove } = aFolder()
  cleanups.push(remove)
  const args = ['record', '--no-store', '--data', data, '--max-markets', '6']
  const first = run(args, pointedAt(exchange))
  cleanups.push(() => first.kill('SIGKILL'))
  const { replica, events } = await copy(data)
  await until('the books are valid', () => {
    const markets = replica.fold.markets()
    return (
      replica.state === 'live' && markets.length === 6 && markets.every((each) => replica.doubtOf(each) === undefined)
    )
  })
  const [ticker] = replica.fold.markets().map((each) => each.ticker)
  expect(replica.market(ticker!)?.info).toMatchObject({ title: expect.stringContaining(ticker!), status: 'active' })
  first.kill('SIGKILL')
  await until('nobody records', () => replica.state === 'finished')
  expect(new Set(replica.fold.markets().map((each) => replica.doubtOf(each)))).toEqual(new Set(['process_down']))
  expect(causes(replica.gaps())).toEqual(['process_down null'])

  const second = run(args, pointedAt(exchange))
  cleanups.push(async () => {
    second.kill('SIGTERM')
    await second.ended
  })
  await until('the books are valid again', () => {
    return replica.state === 'live' && replica.fold.markets().every((each) => replica.doubtOf(each) === undefined)
  })
  expect(causes(replica.gaps())).toEqual(['process_down snapshot'])
  await askRecorder(data, { ask: 'pause' })
  const { durable } = await askRecorder(data, { ask: 'flush' })
  await until('it is there', () => formatPosition(replica.position) === durable)
  const { books } = await askRecorder(data, { ask: 'books' })
  for (const { market_ticker: each, yes_dollars, no_dollars, seq } of books)
    expect(replica.view(replica.fold.market(each)!)).toMatchObject({ yes_dollars, no_dollars, seq })
  expect(causes(replica.gaps()).at(-1)).toBe('recording_paused null')
  expect(events.filter(({ kind }) => kind === 'failed')).toEqual([])
  expect(events.filter(({ kind }) => kind === 'read_fault')).toEqual([])
})

test('a recorder that is found late, with its journal read already, is followed all the same', async () => {
  const recording = await record({ capture: DEMO, ratePerSecond: 1_000, loop: true })
  cleanups.push(() => recording.close())
  await until('it records', () => recording.recorder.fold.counts.deltas > 50)
  await recording.recorder.journal.flush()
  const { replica } = await copy(recording.folder)
  const doubts = () => new Set(replica.fold.markets().map((each) => replica.doubtOf(each)))
  await until('nobody seems to record', () => replica.state === 'finished')
  expect(doubts()).toEqual(new Set(['process_down']))
  const { recorder } = recording
  const control = await openControl({ dataFolder: recording.folder, recorder, log: aLog().log, onStop: () => {} })
  cleanups.push(() => control.close())
  await until(
    'its books are valid',
    () => replica.state === 'live' && [...doubts()].every((each) => each === undefined),
  )
  recorder.pause('test')
  await untilCaughtUp(recording, replica)
  expect(digestsOfCopy(replica)).toEqual(liveDigests(recorder))
})

test('a pause is a gap that says who was missed and what closed it', async () => {
  const recording = await recordLive({ capture: DEMO, ratePerSecond: 1_000, loop: true })
  cleanups.push(() => recording.close())
  const { replica } = await copy(recording.folder)
  const isValid = () => replica.fold.markets().length === 6 && replica.fold.markets().every((each) => each.valid)
  await until('books are valid', isValid)
  recording.recorder.pause('test')
  await until('it is a gap', () => replica.gaps().length === 1)
  expect(replica.gaps()[0]).toMatchObject({ cause: 'recording_paused', open: 6, to_ms: null, closed_by: null })
  recording.recorder.resume()
  await until('books are valid again', isValid)
  const [gap] = replica.gaps()
  expect(gap).toMatchObject({ open: 0, closed_by: 'snapshot', connection: 1 })
  expect([...gap!.market_tickers].sort()).toEqual([...recording.exchange.tickers].sort())
  expect(gap!.to_ms! - gap!.from_ms).toBeGreaterThan(0)
  expect(gap!.to_ms! - gap!.from_ms).toBeLessThan(15_000)
})

test('a market that we let go is no gap, and is open in none that it was in', async () => {
  const recording = await recordLive({ capture: DEMO, ratePerSecond: 1_000, loop: true })
  cleanups.push(() => recording.close())
  const { recorder, exchange } = recording
  const { replica } = await copy(recording.folder)
  const isValid = () => replica.fold.markets().length === 6 && replica.fold.markets().every((each) => each.valid)
  await until('books are valid', isValid)
  const [first, second] = exchange.tickers as [string, string]
  const forgotten: string[] = []
  replica.subscribe({ forgotten: (ticker) => void forgotten.push(ticker) })
  recorder.unsubscribe([first])
  await until('it is gone', () => replica.fold.market(first) === undefined)
  expect(replica.gaps()).toEqual([])

  recorder.pause('test')
  await until('it is a gap', () => replica.gaps().length === 1)
  expect(replica.gaps()[0]).toMatchObject({ cause: 'recording_paused', open: 5 })
  recorder.unsubscribe([second])
  await until('it is gone', () => replica.fold.market(second) === undefined)
  expect(replica.gaps()[0]).toMatchObject({ open: 4, to_ms: null })
  expect(forgotten).toEqual([first, second])
  recorder.unsubscribe(exchange.tickers.slice(2))
  await until('all are gone', () => replica.fold.markets().length === 0)
  expect(causes(replica.gaps())).toEqual(['recording_paused let_go'])
})

/** Files whose reads wait while the gate is shut. */
class GatedDisk extends FileDisk {
  gate: Promise<void> = Promise.resolve()

  override async open(path: string): Promise<DiskReader> {
    const reader = await super.open(path)
    return {
      read: async (into, at) => {
        await this.gate
        return reader.read(into, at)
      },
      size: () => reader.size(),
      close: () => reader.close(),
    }
  }
}

test('a copy that cannot keep up says so, calls no book valid, and catches up without skipping', async () => {
  const recording = await recordLive({ capture: DEMO, ratePerSecond: 2_000, loop: true })
  cleanups.push(() => recording.close())
  const disk: Disk & { gate: Promise<void> } = new GatedDisk()
  const states: string[] = []
  const replica = await Replica.open({
    folder: `${recording.folder}/journal`,
    recorder: followRecorder(recording.folder),
    disk,
    onEvent: (event) => void (event.kind === 'state' && states.push(event.state)),
  })
  let open: () => void = () => {}
  cleanups.push(() => {
    open()
    return replica.close()
  })
  await until('books are valid', () => {
    const markets = replica.fold.markets()
    return replica.state === 'live' && markets.length === 6 && markets.every(({ valid }) => valid)
  })
  disk.gate = new Promise((done) => {
    open = done
  })
  await until('it says that it is behind', () => states.at(-1) === 'catching_up')
  const view = replica.view(replica.fold.markets()[0]!)
  expect(view).toMatchObject({ valid: false, doubt: 'behind' })
  expect(view.behind_ms).toBeGreaterThan(1_000)
  await sleep(300)
  open()
  await until('it has caught up', () => states.at(-1) === 'live')
  recording.recorder.pause('test')
  await untilCaughtUp(recording, replica)
  expect(replica.fold.counts.frames).toBe(recording.recorder.fold.counts.frames)
  expect(replica.fold.counts.breaks).toBe(0)
})
