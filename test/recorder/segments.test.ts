/**
 * A journal of many segments: a reader that begins at any of them comes to the live books, sealed or not, and a disk that
 * stands still costs a declared hole and nothing else.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { foldRecord, readBooks } from '#app'
import { type ConnectionLostBody, RECORD } from '#domain'
import { Fold } from '#feed'
import { decodeJson, FileDisk, listSegments, openCursor, sealSegment } from '#journal'
import type { Disk, DiskFile } from '#ports'
import { DEMO } from '../support/captures.ts'
import { digestsOf } from '../support/fold.ts'
import { countFrames, liveDigests, type Recording, record, recorderOptions, until } from '../support/recording.ts'

let recording: Recording | undefined
afterEach(async () => {
  await recording?.close()
  recording = undefined
})

const journalOf = (settings: object) => ({ ...recorderOptions({ url: '', keyPem: PEM }, '').journal, ...settings })
const PEM = await (await import('#exchange')).generateKeyPem('ed25519')

/** Until the exchange has fallen silent and all that it sent has been folded and is on disk. */
async function quiet({ exchange, recorder }: Recording): Promise<void> {
  for (const { id, open } of exchange.sent().connections) if (open) exchange.faults.stall(id)
  await until('all that was sent has come', () => recorder.fold.counts.frames === exchange.sent().total)
  await recorder.journal.flush()
}

describe('a reader that begins at a segment', () => {
  test('comes to the live books from context and checkpoints, and never to another book it calls proven', async () => {
    recording = await record(
      { capture: DEMO, ratePerSecond: 3000, loop: true, startAfterMarkets: 6 },
      { journal: journalOf({ segmentBytes: 100_000, checkpointDeltas: 60 }) },
    )
    const { recorder, folder } = recording
    await until('a few segments are full', () => recorder.journal.head.segment >= 9)
    await quiet(recording)
    const live = liveDigests(recorder)
    expect(Object.values(live).every(({ valid }) => valid)).toBe(true)

    const segments = (await listSegments(new FileDisk(), `${folder}/journal`)).map(({ number }) => number)
    let proven = 0
    for (const start of segments) {
      const fold = new Fold()
      for await (const block of openCursor({
        disk: new FileDisk(),
        folder: `${folder}/journal`,
        from: { segment: start, offset: 0 },
      })) {
        while (block.next()) foldRecord(fold, block)
      }
      for (const [ticker, { valid, sha256 }] of Object.entries(digestsOf(fold))) {
        if (!valid) continue
        proven++
        expect(sha256, `${ticker} from segment ${start}`).toBe(live[ticker]!.sha256)
        expect(fold.market(ticker)!.valid, `${ticker} from segment ${start}`).toBe(true)
      }
      expect(fold.counts).toMatchObject({ breaks: 0, negative: 0 })
    }
    expect(proven).toBeGreaterThan(segments.length * 3)

    for (const ticker of Object.keys(live)) {
      const read = await readBooks({ folder: `${folder}/journal`, markets: [ticker] })
      expect(digestsOf(read.fold)[ticker]).toMatchObject(live[ticker]!)
    }
    for (const segment of segments.slice(0, -1))
      await sealSegment({ disk: new FileDisk(), folder: `${folder}/journal` }, segment)
    const { fold, faults } = await readBooks({ folder: `${folder}/journal` })
    expect(faults).toEqual([])
    for (const [ticker, { sha256 }] of Object.entries(digestsOf(fold))) expect(sha256).toBe(live[ticker]!.sha256)
  })
})

test('a reader believes no book across a damaged block, until it is proven again', async () => {
  recording = await record({ capture: DEMO, ratePerSecond: 500, loop: true, startAfterMarkets: 6 })
  const { recorder, folder } = recording
  await until('some frames are there', () => recorder.fold.counts.frames > 600)
  await quiet(recording)
  const file = `${folder}/journal/0000000001.kfj`
  const bytes = readFileSync(file)
  // In the second half, where nothing proves a book again before the end.
  bytes[Math.floor(bytes.length * 0.7)]! ^= 0x10
  writeFileSync(file, bytes)
  const { fold, faults } = await readBooks({ folder: `${folder}/journal` })
  expect(faults).toMatchObject([{ kind: 'damage', segment: 1 }])
  expect(fold.markets()).toHaveLength(6)
  expect(fold.markets().some(({ valid }) => valid)).toBe(false)
  expect(recorder.fold.markets().every(({ valid }) => valid)).toBe(true)
})

describe('a disk that stands still', () => {
  test('pauses the sockets, then costs the connections, declared as ours; all comes back when it moves', async () => {
    const disk = new StandingDisk()
    recording = await record(
      { capture: DEMO, ratePerSecond: 8000, loop: true, copies: 20, startAfterMarkets: 120 },
      { disk, journal: journalOf({ bufferBytes: 1 << 20 }) },
    )
    const { recorder, folder, of, exchange } = recording
    const allValid = () => recorder.fold.markets().filter(({ valid }) => valid).length === 120
    await until('all books are valid', allValid)
    disk.stand()
    await until('the sockets are paused', () => recorder.backpressure === 'paused')
    expect(recorder.connectionsLost).toBe(0)
    await until('the connections are let go', () => recorder.backpressure === 'stalled', 10_000)
    expect(recorder.fold.markets().some(({ valid }) => valid)).toBe(false)
    disk.move()
    await until('all books are valid again', allValid)
    expect(of('backpressure').map(({ relief }) => relief)).toEqual(['pause', 'stall', 'room'])
    await recorder.stop('counting')
    // What was on the way to the connection that was let go is the hole; everything taken is there.
    expect(await countFrames(folder)).toBe(recorder.fold.counts.frames)
    expect(await lostCauses(folder)).toEqual(['own_backpressure', 'stopped'])
    expect(exchange.sent().connections).toHaveLength(2)
  })
})

async function lostCauses(folder: string): Promise<string[]> {
  const causes: string[] = []
  for await (const block of openCursor({ disk: new FileDisk(), folder: `${folder}/journal` })) {
    while (block.next())
      if (block.type === RECORD.CONNECTION_LOST) causes.push(decodeJson<ConnectionLostBody>(block.body())!.cause)
  }
  return causes
}

/** The file system, whose syncs can be made to wait. */
class StandingDisk implements Disk {
  readonly #disk = new FileDisk()
  #gate: Promise<void> = Promise.resolve()
  #open: () => void = () => {}

  stand(): void {
    this.#gate = new Promise((resolve) => {
      this.#open = resolve
    })
  }

  move(): void {
    this.#open()
  }

  makeFolder = (path: string) => this.#disk.makeFolder(path)
  list = (path: string) => this.#disk.list(path)
  open = (path: string) => this.#disk.open(path)
  rename = (from: string, to: string) => this.#disk.rename(from, to)
  remove = (path: string) => this.#disk.remove(path)
  syncFolder = (path: string) => this.#disk.syncFolder(path)
  create = async (path: string) => this.#slow(await this.#disk.create(path))
  reopen = async (path: string) => this.#slow(await this.#disk.reopen(path))

  #slow(file: DiskFile): DiskFile {
    return {
      write: (bytes, offset) => file.write(bytes, offset),
      truncate: (length) => file.truncate(length),
      close: () => file.close(),
      sync: async () => {
        await this.#gate
        await file.sync()
      },
    }
  }
}
