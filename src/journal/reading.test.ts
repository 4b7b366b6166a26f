/** What a reader and a new start make of bytes that are not as they were written. */
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { RECORD } from '#domain'
import { BLOCK_HEADER_BYTES, BLOCK_MAGIC_BYTES } from './block.ts'
import { ManualClock } from './clock-manual.ts'
import { openCursor, type ReadFault } from './cursor.ts'
import { MemoryDisk } from './disk-memory.ts'
import { rawPath } from './folder.ts'
import { openJournal } from './journal.ts'
import { SeededRandom } from './random-sources.ts'
import { SEGMENT_HEADER_BYTES } from './segment-header.ts'

const FOLDER = '/journal'
const PATH = rawPath(FOLDER, 1)

type Stretch = { readonly start: number; readonly end: number; readonly texts: readonly string[] }

/** One segment of 12 blocks with 1 to 4 records each. */
let segment: Buffer
let blocks: Stretch[]

const openIn = (disk: MemoryDisk) =>
  openJournal({
    disk,
    folder: FOLDER,
    environment: 'sim',
    clock: new ManualClock(1_800_000_000_000_000_000n),
    random: new SeededRandom(7),
    commitIntervalMs: 1,
  })

async function readAll(disk: MemoryDisk): Promise<{ texts: string[]; faults: ReadFault[] }> {
  const faults: ReadFault[] = []
  const texts: string[] = []
  for await (const { body } of openCursor({ disk, folder: FOLDER, onFault: (fault) => faults.push(fault) }).records()) {
    texts.push(Buffer.from(body).toString())
  }
  return { texts, faults }
}

function planted(bytes: Uint8Array): MemoryDisk {
  const disk = new MemoryDisk()
  disk.plant(PATH, bytes)
  return disk
}

/** A second run: recovers, appends one record, closes. */
async function recordOneMore(disk: MemoryDisk) {
  const journal = await openIn(disk)
  journal.append(RECORD.FRAME, 1, Buffer.from('one more'))
  await journal.close()
  return journal.recovery
}

beforeAll(async () => {
  const disk = new MemoryDisk()
  const journal = await openIn(disk)
  blocks = []
  for (let block = 0; block < 12; block++) {
    const start = journal.durable.offset
    const texts = Array.from(
      { length: 1 + (block % 4) },
      (_, index) => `block ${block} record ${index} ${'.'.repeat(block)}`,
    )
    for (const text of texts) journal.append(RECORD.FRAME, 1, Buffer.from(text))
    await journal.flush()
    blocks.push({ start, end: journal.durable.offset, texts })
  }
  await journal.close()
  segment = Buffer.from(disk.peek(PATH)!)
})

const textsOf = (stretches: readonly Stretch[]) => stretches.flatMap(({ texts }) => texts)

describe('a segment that was given up, and that a power loss brought back', () => {
  test('is passed over: the next one follows the same segment as it did', async () => {
    const givenUp = planted(segment)
    await recordOneMore(givenUp)
    const disk = planted(segment)
    disk.plant(rawPath(FOLDER, 2), Buffer.alloc(0))
    await recordOneMore(disk)
    for (const bytes of [givenUp.peek(rawPath(FOLDER, 2))!, givenUp.peek(rawPath(FOLDER, 2))!.subarray(0, -1)]) {
      disk.plant(rawPath(FOLDER, 2), bytes)
      expect(await readAll(disk)).toEqual({ texts: [...textsOf(blocks), 'one more'], faults: [] })
    }
  })
})

describe('a journal cut at any byte', () => {
  test('is read as the records of its whole blocks, by a reader and after a new start', async () => {
    for (let cut = 0; cut < segment.length; cut++) {
      const whole = textsOf(blocks.filter(({ end }) => end <= cut))
      const disk = planted(segment.subarray(0, cut))
      expect((await readAll(disk)).texts, `cut at ${cut}`).toEqual(whole)
      if (cut <= 200 || cut % 7 === 0) {
        if (cut < SEGMENT_HEADER_BYTES) {
          // Nothing says which journal this was; there is nothing in it either.
          expect((await recordOneMore(disk)).removed).toEqual([1])
        } else {
          const end = blocks.findLast((block) => block.end <= cut)?.end ?? SEGMENT_HEADER_BYTES
          expect(await recordOneMore(disk)).toMatchObject({ cutBytes: cut - end, damage: [], records: whole.length })
        }
        expect(await readAll(disk)).toEqual({ texts: [...whole, 'one more'], faults: [] })
      }
    }
  })
})

describe('a journal with one wrong byte', () => {
  test('never gives a wrong record, and loses only the block that the byte is in', async () => {
    const random = new SeededRandom(3)
    for (let at = 0; at < segment.length; at++) {
      const bytes = Buffer.from(segment)
      bytes[at]! ^= 1 + random.below(255)
      const { texts, faults } = await readAll(planted(bytes))
      const hit = blocks.find(({ start, end }) => start <= at && at < end)
      expect(texts, `byte ${at}`).toEqual(textsOf(blocks.filter((block) => block !== hit)))
      expect(faults).toHaveLength(1)
      if (hit === undefined) expect(faults).toEqual([{ kind: 'bad_header', segment: 1 }])
      else if (hit === blocks.at(-1))
        expect(faults).toEqual([{ kind: 'torn_tail', segment: 1, from: hit.start, to: hit.end }])
      else expect(faults).toEqual([{ kind: 'damage', segment: 1, from: hit.start, to: hit.end }])
    }
  })

  test('keeps damage through a new start, and cuts only the end', async () => {
    for (let index = 0; index < blocks.length; index++) {
      const { start, end } = blocks[index]!
      const bytes = Buffer.from(segment)
      bytes[start + BLOCK_HEADER_BYTES + 5]! ^= 1
      const disk = planted(bytes)
      const recovery = await recordOneMore(disk)
      const isLast = index === blocks.length - 1
      expect(recovery.damage).toEqual(isLast ? [] : [{ segment: 1, from: start, to: end }])
      expect(recovery.cutBytes).toBe(isLast ? end - start : 0)
      expect(disk.peek(PATH)!.length).toBe(isLast ? start : segment.length)
      expect((await readAll(disk)).texts).toEqual([...textsOf(blocks.filter((_, each) => each !== index)), 'one more'])
    }
  })

  test('is not begun anew by a recorder when its only header is damaged', async () => {
    const bytes = Buffer.from(segment)
    bytes[20]! ^= 1
    const disk = planted(bytes)
    await expect(openIn(disk)).rejects.toMatchObject({ code: 'FLOW_JOURNAL_UNREADABLE' })
    expect(disk.peek(PATH)!.equals(bytes)).toBe(true)
  })
})

describe('any bytes as a segment', () => {
  const header = () => segment.subarray(0, SEGMENT_HEADER_BYTES)
  const aPiece = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.constant(BLOCK_MAGIC_BYTES),
    fc.constant(Buffer.alloc(100)),
    fc.nat(11).map((index) => ({ block: index })),
    fc.tuple(fc.nat(3_000), fc.nat(200)).map(([start, length]) => ({ start, length })),
  )

  test('are read without a throw or a hang, and nothing is shown that was not written', async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(aPiece, { maxLength: 20 }), async (withHeader, pieces) => {
        const bytes = Buffer.concat([
          ...(withHeader ? [header()] : []),
          ...pieces.map((piece) => {
            if ('block' in piece) return segment.subarray(blocks[piece.block]!.start, blocks[piece.block]!.end)
            return piece instanceof Uint8Array ? piece : segment.subarray(piece.start, piece.start + piece.length)
          }),
        ])
        const disk = planted(bytes)
        const written = new Set(textsOf(blocks))
        const { texts } = await readAll(disk)
        for (const text of texts) expect(written.has(text)).toBe(true)
        // A block counts only where it was written: a copy of it elsewhere in the file is no second one.
        expect(new Set(texts).size).toBe(texts.length)
        await recordOneMore(disk).catch((error) => expect(error.code).toBe('FLOW_JOURNAL_UNREADABLE'))
        await readAll(disk)
      }),
      { numRuns: 300 },
    )
  })

  test('do not repeat a block that stands in a second place', async () => {
    const copy = segment.subarray(blocks[3]!.start, blocks[3]!.end)
    expect((await readAll(planted(Buffer.concat([segment, copy, copy])))).texts).toEqual(textsOf(blocks))
  })

  test('of a later format are refused in words, not passed over', async () => {
    const bytes = Buffer.from(segment)
    bytes.writeUInt16LE(9, 8)
    const { crc32 } = await import('node:zlib')
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 124)), 124)
    await expect(readAll(planted(bytes))).rejects.toMatchObject({ code: 'FLOW_JOURNAL_VERSION' })
    await expect(openIn(planted(bytes))).rejects.toMatchObject({ code: 'FLOW_JOURNAL_VERSION' })
  })
})

describe('a stray file with one of the last numbers', () => {
  test('is refused at the start, since what was recorded behind it would have a name that no reader looks for', async () => {
    const disk = planted(segment)
    disk.plant(rawPath(FOLDER, 9_999_999_999), segment)
    await expect(openIn(disk)).rejects.toMatchObject({ code: 'FLOW_JOURNAL_NUMBER' })
    expect(disk.peek(rawPath(FOLDER, 9_999_999_999))?.equals(segment)).toBe(true)
  })
})
