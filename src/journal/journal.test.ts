/** How the writer behaves on a disk that refuses. What it promises on a good one is in test/contracts/journal.ts. */
import { beforeEach, describe, expect, test } from 'vitest'
import { type ClockStepBody, type Position, RECORD } from '#domain'
import { ManualClock } from './clock-manual.ts'
import { openCursor, type ReadFault } from './cursor.ts'
import { MemoryDisk, type Operation } from './disk-memory.ts'
import { rawPath } from './folder.ts'
import { type Journal, openJournal } from './journal.ts'
import type { JournalEvent, JournalOptions } from './journal-options.ts'
import { decodeJson } from './json-body.ts'
import { pause } from './retry.ts'

const FOLDER = '/journal'
const START_NS = 1_800_000_000_000_000_000n

let disk: MemoryDisk
let clock: ManualClock
let events: JournalEvent[]

beforeEach(() => {
  disk = new MemoryDisk()
  clock = new ManualClock(START_NS)
  events = []
})

const open = (options: Partial<JournalOptions> = {}) =>
  openJournal({
    disk,
    folder: FOLDER,
    clock,
    environment: 'sim',
    commitIntervalMs: 1,
    onEvent: (event) => events.push(event),
    ...options,
  })

const frame = (journal: Journal, text: string) => journal.append(RECORD.FRAME, 1, Buffer.from(text))

async function readAll(until?: Position) {
  const texts: string[] = []
  const faults: ReadFault[] = []
  const bounds = until === undefined ? {} : { until }
  for await (const { body } of openCursor({
    disk,
    folder: FOLDER,
    ...bounds,
    onFault: (fault) => faults.push(fault),
  }).records()) {
    texts.push(Buffer.from(body).toString())
  }
  return { texts, faults }
}

/** Fails the next operations of one kind, so many times. */
function failNext(kind: Operation, code: string, times = 1): void {
  let left = times
  disk.fault = (operation) => (operation === kind && left-- > 0 ? code : undefined)
}

const kinds = () => events.map(({ kind }) => kind)

describe('a journal whose sync fails', () => {
  test('leaves the segment and writes the unconfirmed bytes to the next, once', async () => {
    const journal = await open({ context: () => Buffer.from('never asked') })
    frame(journal, 'durable')
    await journal.flush()
    const { durable } = journal
    failNext('sync', 'EIO')
    frame(journal, 'unconfirmed')
    await journal.flush()
    expect(kinds()).toEqual(['write_failed', 'segment_abandoned', 'segment_opened', 'write_recovered'])
    expect(events[1]).toEqual({ kind: 'segment_abandoned', segment: 1, length: durable.offset })
    expect(journal.durable.segment).toBe(2)
    // The old file still holds the bytes, but nobody is to believe them.
    expect(disk.peek(rawPath(FOLDER, 1))!.length).toBeGreaterThan(durable.offset)
    expect(await readAll()).toEqual({ texts: ['durable', 'unconfirmed'], faults: [] })
    await journal.close()
  })

  test('keeps a turn that was waiting behind the failure', async () => {
    const journal = await open({ segmentBytes: 400, context: () => Buffer.from('context') })
    failNext('sync', 'EIO')
    for (let index = 0; index < 3; index++) frame(journal, `${index}${'.'.repeat(180)}`)
    await journal.flush()
    const seen: string[] = []
    for await (const { position, body } of openCursor({ disk, folder: FOLDER }).records()) {
      seen.push(`${position.segment} ${String.fromCharCode(body[0]!)}`)
    }
    expect(seen).toEqual(['1 0', '2 c', '2 1', '3 c', '3 2'])
    await journal.close()
  })

  test('tells a reader without a durable bound that it was shown records which come again', async () => {
    const journal = await open()
    frame(journal, 'durable')
    await journal.flush()
    const faults: ReadFault[] = []
    const cursor = openCursor({ disk, folder: FOLDER, onFault: (fault) => faults.push(fault) })
    let release = () => {}
    disk.fault = (operation) =>
      operation === 'sync' ? new Promise((resolve) => (release = () => resolve('EIO'))) : undefined
    frame(journal, 'shown twice')
    const texts: string[] = []
    while (texts.length < 2) {
      const block = await cursor.nextBlock()
      if (block === undefined) await pause(1)
      else for (const { body } of block.records()) texts.push(Buffer.from(body).toString())
    }
    disk.fault = () => undefined
    release()
    await journal.flush()
    for (const { body } of (await cursor.nextBlock())!.records()) texts.push(Buffer.from(body).toString())
    expect(texts).toEqual(['durable', 'shown twice', 'shown twice'])
    expect(faults).toEqual([expect.objectContaining({ kind: 'rewritten', segment: 1 })])
    await cursor.close()
    await journal.close()
  })

  test('does not fill the folder with empty segments while a disk stays sick', async () => {
    const journal = await open()
    failNext('sync', 'EIO', 6)
    frame(journal, 'at last')
    await journal.flush()
    expect(await disk.list(FOLDER)).toEqual(['0000000001.kfj'])
    expect((await readAll()).texts).toEqual(['at last'])
    await journal.close()
  })
})

describe('a journal on a full disk', () => {
  test('keeps what it holds, answers `full`, and goes on in the same segment when there is room', async () => {
    const journal = await open({ bufferLimitBytes: 2_000 })
    frame(journal, 'before')
    await journal.flush()
    disk.quotaBytes = disk.usedBytes + 100
    const answers = Array.from({ length: 20 }, (_, index) => frame(journal, `${index}${'.'.repeat(150)}`))
    const taken = answers.filter((answer) => answer === 'taken').length
    expect(answers.at(-1)).toBe('full')
    await pause(50)
    expect(journal.metrics().durableRecords).toBe(1)
    expect(events[0]).toMatchObject({
      kind: 'write_failed',
      stage: 'write',
      code: 'ENOSPC',
      failures: 1,
      retryInMs: 10,
    })
    expect((await readAll(journal.durable)).texts).toEqual(['before'])
    disk.quotaBytes = Number.POSITIVE_INFINITY
    await journal.flush()
    expect(kinds()).not.toContain('segment_abandoned')
    expect(kinds().at(-1)).toBe('write_recovered')
    expect((await readAll()).texts).toHaveLength(1 + taken)
    expect(frame(journal, 'after')).toBe('taken')
    await journal.close()
  })

  test('waits too when there is no room for the next segment, and leaves no half-made one', async () => {
    const journal = await open({ segmentBytes: 400 })
    frame(journal, '.'.repeat(250))
    await journal.flush()
    disk.quotaBytes = disk.usedBytes + 10
    frame(journal, 'next segment '.repeat(10))
    await pause(40)
    expect(events.at(-1)).toMatchObject({ kind: 'write_failed', stage: 'create' })
    expect(await disk.list(FOLDER)).toEqual(['0000000001.kfj'])
    disk.quotaBytes = Number.POSITIVE_INFINITY
    await journal.close()
    expect(await readAll()).toEqual({ texts: ['.'.repeat(250), 'next segment '.repeat(10)], faults: [] })
  })

  test('waits beyond the limit of a sick disk, since somebody will make room', async () => {
    const journal = await open({ retryForMs: 20 })
    disk.quotaBytes = disk.usedBytes
    frame(journal, 'waits')
    await pause(100)
    disk.quotaBytes = Number.POSITIVE_INFINITY
    await journal.close()
    expect((await readAll()).texts).toEqual(['waits'])
  })
})

describe('a journal on a sick disk that stays sick', () => {
  test('fails for good after its limit, and says how much is lost', async () => {
    const journal = await open({ retryForMs: 30 })
    frame(journal, 'durable')
    await journal.flush()
    disk.fault = (operation) => (operation === 'write' ? 'EIO' : undefined)
    frame(journal, 'lost')
    await expect(journal.flush()).rejects.toMatchObject({
      code: 'FLOW_JOURNAL_FAILED',
      fields: { folder: FOLDER, bufferedBytes: 68 },
    })
    expect(frame(journal, 'no more')).toBe('closed')
    await expect(journal.flush()).rejects.toMatchObject({ code: 'FLOW_JOURNAL_FAILED' })
    await expect(journal.close()).rejects.toMatchObject({ code: 'FLOW_JOURNAL_FAILED' })
    expect((await readAll(journal.durable)).texts).toEqual(['durable'])
  })
})

describe('closing a journal', () => {
  test('does not wait longer than told for a disk that hangs', async () => {
    const journal = await open({ closeWithinMs: 30 })
    disk.fault = (operation) => (operation === 'write' ? new Promise(() => {}) : undefined)
    frame(journal, 'stuck')
    await expect(journal.close()).rejects.toMatchObject({ code: 'FLOW_JOURNAL_CLOSED' })
  })

  test('does not wait longer than told for a disk that refuses', async () => {
    const journal = await open({ closeWithinMs: 30 })
    failNext('write', 'ENOSPC', 1_000)
    frame(journal, 'refused')
    await expect(journal.close()).rejects.toMatchObject({
      code: expect.stringMatching(/^FLOW_JOURNAL_(CLOSED|FAILED)$/),
    })
  })
})

describe('a second writer in one folder', () => {
  test('is found out when it makes a segment that is there', async () => {
    const first = await open({ segmentBytes: 300 })
    const second = await open({ segmentBytes: 300 })
    frame(first, '.'.repeat(200))
    frame(first, '.'.repeat(200))
    await expect(first.flush()).rejects.toMatchObject({ code: 'FLOW_JOURNAL_TWO_WRITERS', fields: { segment: 2 } })
    await second.close()
  })
})

describe('the clock of a journal', () => {
  test('writes a step down as the first record of the epoch that it begins', async () => {
    const journal = await open()
    frame(journal, 'before')
    clock.advance(2e9)
    clock.stepWall(-3_600_000_000_000n)
    frame(journal, 'after')
    await journal.flush()
    const seen = []
    for await (const { type, stampNs, epoch, body } of openCursor({ disk, folder: FOLDER }).records()) {
      seen.push({
        type,
        epoch,
        at: stampNs - START_NS,
        step: type === RECORD.CLOCK_STEP ? decodeJson<ClockStepBody>(body) : undefined,
      })
    }
    const newNs = START_NS + 2_000_000_000n - 3_600_000_000_000n
    expect(seen).toEqual([
      { type: RECORD.FRAME, epoch: 1, at: 0n, step: undefined },
      {
        type: RECORD.CLOCK_STEP,
        epoch: 2,
        at: newNs - START_NS,
        step: { oldNs: String(START_NS + 2_000_000_000n), newNs: String(newNs), epoch: 2, cause: 'step' },
      },
      { type: RECORD.FRAME, epoch: 2, at: newNs - START_NS, step: undefined },
    ])
    await journal.close()
  })

  test('opens an epoch at a start whose wall is behind the last record', async () => {
    const first = await open()
    clock.advance(10e9)
    frame(first, 'ahead')
    await first.close()
    clock = new ManualClock(START_NS)
    const second = await open()
    frame(second, 'behind')
    await second.close()
    const epochs = []
    for await (const { type, epoch } of openCursor({ disk, folder: FOLDER }).records()) epochs.push([type, epoch])
    expect(epochs).toEqual([
      [RECORD.FRAME, 1],
      [RECORD.CLOCK_STEP, 2],
      [RECORD.FRAME, 2],
    ])
  })

  test('closes a block before its 32 bits of ns run out', async () => {
    const journal = await open({ commitIntervalMs: 1_000 })
    for (let second = 0; second < 20; second++) {
      frame(journal, String(second))
      clock.advance(1e9)
    }
    await journal.flush()
    const stamps = []
    for await (const { stampNs } of openCursor({ disk, folder: FOLDER }).records())
      stamps.push(Number(stampNs - START_NS) / 1e9)
    expect(stamps).toEqual(Array.from({ length: 20 }, (_, second) => second))
    await journal.close()
  })
})

test('large records share no block, and a block of many records stays within its size', async () => {
  const journal = await open()
  const sizes = [10, 3_000_000, 10, 1_048_576, 500_000, 600_000, 10]
  for (const size of sizes) journal.append(RECORD.FRAME, 1, Buffer.alloc(size, size % 251))
  await journal.flush()
  const seen: number[] = []
  for await (const block of openCursor({ disk, folder: FOLDER })) {
    while (block.next()) {
      expect(block.body().equals(Buffer.alloc(block.body().length, block.body().length % 251))).toBe(true)
      seen.push(block.body().length)
    }
    expect(block.count === 1 || block.end - block.offset <= 1024 * 1024).toBe(true)
  }
  expect(seen).toEqual(sizes)
  expect(journal.append(RECORD.FRAME, 1, Buffer.alloc(32 * 1024 * 1024 + 1))).toBe('too_large')
  await journal.close()
})
