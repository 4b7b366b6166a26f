/**
 * Journal folders of anybody's making: files cut, turned, doubled, spliced, renamed, sealed files and manifests too. Held:
 * no reader throws anything but a JournalError, none hangs or grows, positions only rise, and no record is shown that was
 * not written, byte for byte; a start recovers or refuses, and what it records after is read back.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { comparePositions, RECORD } from '#domain'
import {
  findMissing,
  JournalError,
  listSegments,
  ManualClock,
  MemoryDisk,
  openCursor,
  openJournal,
  SeededRandom,
  sealSegment,
  verifyJournal,
} from '#journal'
import type { JournalRecord } from '#ports'
import { type FuzzTarget, must } from './fuzz-target.ts'
import { mutateBytes, mutateJson, oneOf } from './mutate.ts'

const GOLDEN = resolve(import.meta.dirname, '../golden/journal-v1')
const FOLDER = '/fuzzed'
const OTHER_NUMBERS = [
  '0000000003.kfj',
  '0000000009.kfj',
  '9999999999.kfj',
  '0000000002.kfj.zst',
  '0000000002.manifest.json',
]

type Files = ReadonlyMap<string, Buffer>
type Base = { readonly files: Files; readonly written: ReadonlySet<string> }

export const journal: FuzzTarget = {
  name: 'journal',
  caseMsMax: 5_000,
  async open() {
    const bases = [await baseOf(golden('unsealed')), await baseOf(golden('sealed')), await baseOf(await longer())]
    let files: Files = new Map()
    return {
      async run(random) {
        const base = oneOf(random, bases)
        files = mutateFiles(random, base.files)
        const disk = planted(files)
        switch (random.below(5)) {
          case 0:
            await verifyJournal({ disk, folder: FOLDER })
            await findMissing(disk, FOLDER)
            return 'verified'
          case 1:
            return await sealAll(disk)
          case 2:
            return await goOn(disk, base, random)
          case 3:
            return await read(disk, base, { segment: random.below(8), offset: random.below(3_000) })
          default:
            return await read(disk, base)
        }
      },
      lastInput: () => JSON.stringify([...files].map(([name, bytes]) => [name, bytes.toString('base64')])),
      close() {},
    }
  },
}

function golden(form: string): Files {
  const folder = join(GOLDEN, form)
  return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]))
}

/** A journal of a few segments with many blocks, some of them sealed. */
async function longer(): Promise<Files> {
  const disk = new MemoryDisk({ seed: 3 })
  const random = new SeededRandom(5)
  const clock = new ManualClock(1_800_000_000_000_000_000n)
  const settings = { disk, folder: FOLDER, environment: 'sim', clock, random, commitIntervalMs: 60_000 } as const
  const writer = await openJournal({ ...settings, segmentBytes: 6_000 })
  for (let record = 0; record < 120; record++) {
    clock.advance(1 + random.below(1_000_000))
    writer.append(RECORD.FRAME, 1 + (record % 2), random.bytes(random.below(300)))
    if (record % 4 === 0) await writer.flush()
  }
  await writer.close()
  for (const number of [1, 2]) await sealSegment({ disk, folder: FOLDER }, number)
  return new Map((await disk.list(FOLDER)).map((name) => [name, Buffer.from(disk.peek(`${FOLDER}/${name}`)!)]))
}

async function baseOf(files: Files): Promise<Base> {
  const written = new Set<string>()
  // A segment by itself too: bytes that were given up after a failed sync, and written again to the next one, show then.
  const stems = new Set([...files.keys()].map((name) => name.slice(0, 10)))
  const alone = [...stems].map((stem) => new Map([...files].filter(([name]) => name.startsWith(stem))))
  for (const each of [files, ...alone])
    for await (const record of openCursor({ disk: planted(each), folder: FOLDER }).records()) written.add(told(record))
  return { files, written }
}

/** Without the segment's number: a file under another name holds the same records. */
const told = ({ position, type, connection, stampNs, epoch, body }: JournalRecord): string =>
  `${position.offset} ${type} ${connection} ${stampNs} ${epoch} ${Buffer.from(body).toString('latin1')}`

function planted(files: Files): MemoryDisk {
  const disk = new MemoryDisk()
  for (const [name, bytes] of files) disk.plant(`${FOLDER}/${name}`, bytes)
  return disk
}

function mutateFiles(random: SeededRandom, base: Files): Files {
  const files = new Map(base)
  for (let left = 1 + random.below(3); left > 0; left--) {
    const names = [...files.keys()]
    if (names.length === 0) return files
    const name = oneOf(random, names)
    const bytes = files.get(name)!
    switch (random.below(8)) {
      case 0:
        files.delete(name)
        break
      case 1:
        files.set(oneOf(random, OTHER_NUMBERS), bytes)
        break
      case 2:
        files.set(oneOf(random, names), bytes)
        break
      case 3:
        files.set(name, moveBlocks(random, bytes))
        break
      case 4:
        if (name.endsWith('.json')) {
          const manifest = mutateJson(random, JSON.parse(base.get(name)?.toString('utf8') ?? '{}'))
          files.set(name, Buffer.from(JSON.stringify(manifest) ?? ''))
          break
        }
        files.set(name, Buffer.concat([bytes, random.bytes(random.below(300))]))
        break
      default:
        files.set(name, mutateBytes(random, bytes, [...files.values()]))
    }
  }
  return files
}

/** Whole blocks in other places: each is sound by itself, and stands where it was not written. */
function moveBlocks(random: SeededRandom, bytes: Buffer): Buffer {
  const starts: number[] = []
  for (let at = bytes.indexOf('KFB1'); at >= 0; at = bytes.indexOf('KFB1', at + 4)) starts.push(at)
  if (starts.length < 2) return bytes
  const blocks = starts.map((start, index) => bytes.subarray(start, starts[index + 1] ?? bytes.length))
  const [from, to] = [random.below(blocks.length), random.below(blocks.length)]
  blocks.splice(to, random.below(2), blocks[from]!)
  return Buffer.concat([bytes.subarray(0, starts[0]), ...blocks])
}

async function read(disk: MemoryDisk, { written }: Base, from = { segment: 0, offset: 0 }): Promise<string> {
  let before = from
  let shown = 0
  for await (const record of openCursor({ disk, folder: FOLDER, from }).records()) {
    must(written.has(told(record)), `a record is shown that was not written: ${told(record).slice(0, 200)}`)
    must(comparePositions(record.position, before) >= 0, 'a position goes backward')
    must(++shown <= 10 * written.size, 'more records are shown than were written')
    before = record.next
  }
  return shown === written.size ? 'read whole' : shown === 0 ? 'read nothing' : 'read in part'
}

async function sealAll(disk: MemoryDisk): Promise<string> {
  let outcome = 'nothing to seal'
  for (const { number } of await listSegments(disk, FOLDER)) {
    outcome = await sealSegment({ disk, folder: FOLDER }, number).then(() => 'sealed', refusalOf)
  }
  return outcome
}

/** The recorder starts on it, and records. */
async function goOn(disk: MemoryDisk, base: Base, random: SeededRandom): Promise<string> {
  const clock = new ManualClock(1_900_000_000_000_000_000n)
  let writer: Awaited<ReturnType<typeof openJournal>>
  try {
    writer = await openJournal({ disk, folder: FOLDER, environment: 'sim', clock, random, commitIntervalMs: 60_000 })
  } catch (error) {
    return refusalOf(error)
  }
  const body = Buffer.from('written after')
  writer.append(RECORD.FRAME, 7, body)
  await writer.close()
  let isThere = false
  for await (const record of openCursor({ disk, folder: FOLDER }).records()) {
    const isNew = record.connection === 7 && Buffer.from(record.body).equals(body)
    isThere ||= isNew
    must(
      isNew || base.written.has(told(record)) || record.type === RECORD.CLOCK_STEP,
      'recovery shows what was not written',
    )
  }
  must(isThere, 'what was recorded after a recovery is not read back')
  return 'recovered'
}

function refusalOf(error: unknown): string {
  if (error instanceof JournalError) return `refused ${error.code}`
  throw error
}
