import { crc32 } from 'node:zlib'
import { beforeEach, describe, expect, test } from 'vitest'
import { RECORD } from '#domain'
import { ManualClock } from './clock-manual.ts'
import { MemoryDisk } from './disk-memory.ts'
import { rawPath } from './folder.ts'
import { listSegments, verifyJournal } from './inspect.ts'
import { openJournal } from './journal.ts'
import { sealSegment } from './sealing.ts'

const FOLDER = '/journal'
const START_NS = 1_800_000_000_000_000_000n

let disk: MemoryDisk

beforeEach(async () => {
  disk = new MemoryDisk()
  const clock = new ManualClock(START_NS)
  const journal = await openJournal({
    disk,
    folder: FOLDER,
    environment: 'demo',
    clock,
    writer: 'test/1',
    commitIntervalMs: 1,
    segmentBytes: 1_000,
  })
  for (let index = 0; index < 12; index++) {
    journal.append(index % 4 === 0 ? RECORD.NOTE : RECORD.FRAME, 1, Buffer.alloc(200))
    await journal.flush()
    clock.advance(1e9)
  }
  await journal.close()
})

describe('the list of segments', () => {
  test('tells their form, sizes and chain', async () => {
    await sealSegment({ disk, folder: FOLDER }, 1)
    const segments = await listSegments(disk, FOLDER)
    expect(segments.map(({ number, form }) => [number, form])).toEqual([
      [1, 'sealed'],
      [2, 'raw'],
      [3, 'raw'],
      [4, 'raw'],
    ])
    expect(new Set(segments.map(({ journal }) => journal)).size).toBe(1)
    expect(segments[0]).toMatchObject({
      environment: 'demo',
      writer: 'test/1',
      createdNs: START_NS,
      bytes: 128 + 3 * 264,
    })
    expect(segments[0]!.storedBytes).toBeLessThan(segments[0]!.bytes)
  })

  test('is empty for an empty folder and for none', async () => {
    expect(await listSegments(new MemoryDisk(), '/none')).toEqual([])
  })
})

describe('verifying', () => {
  test('counts what is there and finds no fault in a sound journal', async () => {
    const seen: number[] = []
    const report = await verifyJournal({ disk, folder: FOLDER, onProgress: ({ segment }) => seen.push(segment) })
    expect(report).toEqual({
      segments: 4,
      blocks: 12,
      records: 12,
      bodyBytes: 2_400,
      types: { [RECORD.FRAME]: 9, [RECORD.NOTE]: 3 },
      firstNs: START_NS,
      lastNs: START_NS + 11_000_000_000n,
      faults: [],
    })
    expect(seen).toEqual([1, 2, 3])
  })

  test('tells a missing segment', async () => {
    await disk.remove(rawPath(FOLDER, 2))
    expect((await verifyJournal({ disk, folder: FOLDER })).faults).toEqual([
      { kind: 'broken_chain', segment: 3, after: 1 },
    ])
  })

  test('tells that the start of the journal is missing', async () => {
    await disk.remove(rawPath(FOLDER, 1))
    expect((await verifyJournal({ disk, folder: FOLDER })).faults).toEqual([
      { kind: 'broken_chain', segment: 2, after: 0 },
    ])
  })

  test('tells a segment that another recorder made', async () => {
    const other = new MemoryDisk()
    const journal = await openJournal({ disk: other, folder: FOLDER, environment: 'demo', aboveSegment: 2 })
    await journal.close()
    disk.plant(rawPath(FOLDER, 3), other.peek(rawPath(FOLDER, 3))!)
    const { faults } = await verifyJournal({ disk, folder: FOLDER })
    expect(faults).toContainEqual({ kind: 'broken_chain', segment: 3, after: 2 })
  })

  test('tells a stamp that goes back within its epoch, in a block and between two', async () => {
    const bytes = disk.peek(rawPath(FOLDER, 2))!
    const [first, second] = [128, 128 + 264]
    // The first block says a minute later than it was: the second is then stamped before it.
    bytes.writeBigUInt64LE(bytes.readBigUInt64LE(first + 32) + 60_000_000_000n, first + 32)
    bytes.writeUInt32LE(crc32(bytes.subarray(first + 8, second)), first + 4)
    expect((await verifyJournal({ disk, folder: FOLDER })).faults).toEqual([
      { kind: 'stamp_backward', segment: 2, offset: second },
    ])

    const other = new MemoryDisk()
    const journal = await openJournal({
      disk: other,
      folder: FOLDER,
      environment: 'demo',
      clock: new ManualClock(START_NS),
    })
    journal.append(RECORD.NOTE, 0, Buffer.alloc(0))
    journal.append(RECORD.NOTE, 0, Buffer.alloc(0))
    await journal.close()
    const spoilt = other.peek(rawPath(FOLDER, 1))!
    spoilt.writeUInt32LE(9, 128 + 48 + 8)
    spoilt.writeUInt32LE(crc32(spoilt.subarray(128 + 8)), 128 + 4)
    const { faults } = await verifyJournal({ disk: other, folder: FOLDER })
    expect(faults).toEqual([{ kind: 'stamp_backward', segment: 1, offset: 128 + 48 + 16 }])
  })

  test('tells damage and its range', async () => {
    disk.peek(rawPath(FOLDER, 2))![128 + 264 + 100]! ^= 1
    expect((await verifyJournal({ disk, folder: FOLDER })).faults).toEqual([
      { kind: 'damage', segment: 2, from: 128 + 264, to: 128 + 2 * 264 },
    ])
  })

  test('tells damage that reaches the end of a segment which another follows', async () => {
    const bytes = disk.peek(rawPath(FOLDER, 2))!
    bytes[bytes.length - 1]! ^= 1
    expect((await verifyJournal({ disk, folder: FOLDER })).faults).toEqual([
      { kind: 'damage', segment: 2, from: bytes.length - 264, to: bytes.length },
    ])
  })
})
