/** Sealing: the same records afterwards, from any place, and no step at which a crash loses one. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Position, RECORD } from '#domain'
import type { Disk } from '#ports'
import { ManualClock } from './clock-manual.ts'
import { openCursor, type ReadFault } from './cursor.ts'
import { FileDisk } from './disk-files.ts'
import { MemoryDisk, type Operation } from './disk-memory.ts'
import { manifestPath, rawPath, sealedPath } from './folder.ts'
import { verifyJournal } from './inspect.ts'
import { openJournal } from './journal.ts'
import { decodeManifest } from './manifest.ts'
import { SeededRandom } from './random-sources.ts'
import { startSealer } from './sealer.ts'
import { sealableSegments, sealSegment } from './sealing.ts'

const FOLDER = '/journal'

/** Three segments; the first has several zstd frames. */
async function record(disk: Disk, folder: string): Promise<void> {
  const random = new SeededRandom(5)
  const journal = await openJournal({
    disk,
    folder,
    environment: 'sim',
    clock: new ManualClock(1_800_000_000_000_000_000n),
    commitIntervalMs: 1,
    segmentBytes: 7_000_000,
  })
  for (let index = 0; index < 240; index++) {
    const text = `${index} ${random.below(1e9)} `.repeat(6_000)
    journal.append(RECORD.FRAME, 1, Buffer.from(text.slice(0, 100_000)))
    if (index % 5 === 0) await journal.flush()
  }
  await journal.close()
}

/** Of the first segment, packed. */
async function framesOf(source: MemoryDisk): Promise<number> {
  const disk = new MemoryDisk()
  for (const name of await source.list(FOLDER)) disk.plant(`${FOLDER}/${name}`, source.peek(`${FOLDER}/${name}`)!)
  return (await sealSegment({ disk, folder: FOLDER }, 1)).frames.length
}

async function readAll(disk: Disk, folder: string, from?: Position) {
  const faults: ReadFault[] = []
  const records: { at: string; next: Position; text: string }[] = []
  const bounds = from === undefined ? {} : { from }
  for await (const { position, next, body } of openCursor({
    disk,
    folder,
    ...bounds,
    onFault: (fault) => faults.push(fault),
  }).records()) {
    records.push({ at: `${position.segment}:${position.offset}`, next, text: body.subarray(0, 20).toString() })
  }
  return { records, faults }
}

describe('a sealed segment', () => {
  let disk: MemoryDisk

  beforeEach(async () => {
    disk = new MemoryDisk()
    await record(disk, FOLDER)
  })

  test('holds the same records at the same positions, and stands alone', async () => {
    const before = await readAll(disk, FOLDER)
    const raw = Buffer.from(disk.peek(rawPath(FOLDER, 1))!)
    expect(await sealableSegments(disk, FOLDER)).toEqual([1, 2])
    const manifest = await sealSegment({ disk, folder: FOLDER }, 1)
    expect(manifest.frames.length).toBeGreaterThan(1)
    expect(disk.peek(rawPath(FOLDER, 1))).toBeUndefined()
    expect(await sealableSegments(disk, FOLDER)).toEqual([2])
    expect(await readAll(disk, FOLDER)).toEqual(before)
    // Node unpacks one frame of a file; the zstd program all of them.
    const sealed = disk.peek(sealedPath(FOLDER, 1))!
    const frames = manifest.frames.map(([, , at, length]) => zstdDecompressSync(sealed.subarray(at, at + length)))
    expect(Buffer.concat(frames).equals(raw)).toBe(true)
    expect(decodeManifest(disk.peek(manifestPath(FOLDER, 1))!)).toEqual(manifest)
    expect((await verifyJournal({ disk, folder: FOLDER })).faults).toEqual([])
  })

  test('is read from the position after any record', async () => {
    const { records } = await readAll(disk, FOLDER)
    await sealSegment({ disk, folder: FOLDER }, 1)
    await sealSegment({ disk, folder: FOLDER }, 2)
    for (let index = 0; index < records.length; index += 17) {
      const rest = await readAll(disk, FOLDER, records[index]!.next)
      expect(rest.faults).toEqual([])
      expect(rest.records).toEqual(records.slice(index + 1))
    }
  })

  test('with one wrong byte loses a frame at most, and never gives a wrong record', async () => {
    const { records } = await readAll(disk, FOLDER)
    const { frames } = await sealSegment({ disk, folder: FOLDER }, 1)
    const sealed = Buffer.from(disk.peek(sealedPath(FOLDER, 1))!)
    const random = new SeededRandom(9)
    for (let round = 0; round < 25; round++) {
      const bytes = Buffer.from(sealed)
      const at = random.below(bytes.length)
      bytes[at]! ^= 1 + random.below(255)
      disk.plant(sealedPath(FOLDER, 1), bytes)
      const [rawOffset, rawBytes] = frames.find((frame) => frame[2] + frame[3] > at)!
      const isLost = ({ next }: { next: Position }) =>
        next.segment === 1 && next.offset > rawOffset && next.offset <= rawOffset + rawBytes
      expect((await readAll(disk, FOLDER)).records).toEqual(records.filter((each) => !isLost(each)))
      const { faults } = await verifyJournal({ disk, folder: FOLDER })
      expect(faults).toContainEqual({ kind: 'digest', segment: 1 })
    }
  })

  test('without its manifest is a hole that is told, and the rest is read', async () => {
    await sealSegment({ disk, folder: FOLDER }, 1)
    disk.plant(manifestPath(FOLDER, 1), Buffer.from('{}'))
    const { records, faults } = await readAll(disk, FOLDER)
    expect(faults).toEqual([{ kind: 'unreadable_segment', segment: 1 }])
    expect(records[0]!.at).toMatch(/^2:/)
  })

  test('is not made of the last segment', async () => {
    await expect(sealSegment({ disk, folder: FOLDER }, 3)).rejects.toMatchObject({ code: 'FLOW_JOURNAL_SEAL' })
    await expect(sealSegment({ disk, folder: FOLDER }, 9)).rejects.toMatchObject({ code: 'FLOW_JOURNAL_SEAL' })
  })

  test('is not made when the packed bytes read back differently, and the raw file stays', async () => {
    const before = await readAll(disk, FOLDER)
    disk.fault = (operation, path) => {
      if (operation === 'sync' && path.endsWith('.part')) disk.peek(path)![1_000]! ^= 1
      return undefined
    }
    await expect(sealSegment({ disk, folder: FOLDER }, 1)).rejects.toMatchObject({ code: 'FLOW_JOURNAL_SEAL' })
    expect(await readAll(disk, FOLDER)).toEqual(before)
  })

  test('is whole at every moment, also when two programs make it at once', async () => {
    const before = await readAll(disk, FOLDER)
    let go: () => void = () => {}
    const gate = new Promise<void>((done) => {
      go = done
    })
    let second: Promise<unknown> | undefined
    let breaths = 0
    const frames = await framesOf(disk)
    const first = sealSegment(
      {
        disk,
        folder: FOLDER,
        // While it proves what it has packed, the other begins and is held up.
        breathe: async () => {
          if (++breaths !== frames + 1) return
          await new Promise<void>((begun) => {
            const breathe = () => {
              begun()
              return gate
            }
            second = sealSegment({ disk, folder: FOLDER, breathe }, 1)
          })
        },
      },
      1,
    )
    await first.catch(() => {})
    expect(second).toBeDefined()
    expect(await readAll(disk, FOLDER)).toEqual(before)
    go()
    await second
    expect(await readAll(disk, FOLDER)).toEqual(before)
    expect((await disk.list(FOLDER)).filter((name) => name.endsWith('.part'))).toEqual([])
  })

  test('keeps damage as it was, and says so in its manifest', async () => {
    disk.peek(rawPath(FOLDER, 1))![2_000_000]! ^= 1
    const before = await readAll(disk, FOLDER)
    expect(before.faults).toHaveLength(1)
    const manifest = await sealSegment({ disk, folder: FOLDER }, 1)
    const [fault] = before.faults as { from: number; to: number }[]
    expect(manifest.damage).toEqual([[fault!.from, fault!.to]])
    expect(await readAll(disk, FOLDER)).toEqual(before)
  })
})

test('a crash or power loss at any step of sealing loses nothing, and a new try finishes', async () => {
  const source = new MemoryDisk()
  const journal = await openJournal({
    disk: source,
    folder: FOLDER,
    environment: 'sim',
    commitIntervalMs: 1,
    segmentBytes: 2_000,
  })
  for (let index = 0; index < 20; index++) journal.append(RECORD.FRAME, 1, Buffer.from(`${index} ${'.'.repeat(200)}`))
  await journal.close()
  const files = await source.list(FOLDER)
  const expected = (await readAll(source, FOLDER)).records

  let steps = 0
  let crashAt = 0
  // Until a crash would come after the last step.
  while (steps >= crashAt) {
    crashAt += 1
    for (const isPowerLoss of [false, true]) {
      const disk = new MemoryDisk({ seed: crashAt })
      for (const name of files) disk.plant(`${FOLDER}/${name}`, source.peek(`${FOLDER}/${name}`)!)
      steps = 0
      const counted = new Set<Operation>(['create', 'write', 'sync', 'rename', 'remove', 'syncFolder'])
      disk.fault = (operation) => (counted.has(operation) && ++steps >= crashAt ? 'EIO' : undefined)
      await sealSegment({ disk, folder: FOLDER }, 1).catch(() => {})
      disk.fault = () => undefined
      if (isPowerLoss) disk.powerLoss()
      expect(await readAll(disk, FOLDER), `crash at step ${crashAt}`).toEqual({ records: expected, faults: [] })
      if ((await sealableSegments(disk, FOLDER)).includes(1)) await sealSegment({ disk, folder: FOLDER }, 1)
      expect(await readAll(disk, FOLDER)).toEqual({ records: expected, faults: [] })
      expect((await disk.list(FOLDER)).filter((name) => name.startsWith('0000000001')).sort()).toEqual([
        '0000000001.kfj.zst',
        '0000000001.manifest.json',
      ])
    }
  }
  expect(steps).toBeGreaterThan(10)
})

describe('the sealer', () => {
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kalshiflow-sealer-'))
  })

  afterEach(() => rmSync(folder, { recursive: true }))

  test('seals what is finished in a thread of its own, and leaves the last segment', async () => {
    const disk = new FileDisk()
    await record(disk, folder)
    const before = await readAll(disk, folder)
    const sealed: number[] = []
    const failed: unknown[] = []
    const sealer = startSealer({
      folder,
      share: 1,
      onSealed: ({ segment }) => sealed.push(segment),
      onFailed: (failure) => failed.push(failure),
    })
    await sealer.sealNow()
    await sealer.close()
    expect(failed).toEqual([])
    expect(sealed).toEqual([1, 2])
    expect(readdirSync(folder).sort()).toEqual([
      '0000000001.kfj.zst',
      '0000000001.manifest.json',
      '0000000002.kfj.zst',
      '0000000002.manifest.json',
      '0000000003.kfj',
    ])
    expect(await readAll(disk, folder)).toEqual(before)
    expect(readFileSync(rawPath(folder, 3)).length).toBeGreaterThan(0)
  })
})
