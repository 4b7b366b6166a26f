/**
 * Seals a segment: packs it with zstd, proves the packed form, and only then removes the raw file.
 *
 *   .kfj ──pack──► .zst.part ──read back, same sha256──► .kfj.zst ──► manifest ──► .kfj removed
 *
 * A crash at any step leaves the raw file, or both proved files. So does another program that seals the same segment: each
 * packs into a file of its own, and what is put in place is what was proved. Frames are independent and begin at blocks, so that a
 * reader starts in the middle; together they are an ordinary .zst file that `zstd -d` turns into the segment again.
 * Synchronous work in large steps: run it off the main thread (sealer.ts).
 */
import { createHash, randomUUID } from 'node:crypto'
import { constants, zstdCompressSync } from 'node:zlib'
import type { Disk } from '#ports'
import { JournalError } from './errors.ts'
import { listSegmentFiles, manifestName, rawPath, type SegmentFiles, sealedName, sealedPath } from './folder.ts'
import { encodeManifest, type Frame, MANIFEST_FORMAT, type Manifest } from './manifest.ts'
import { endOfSegment, type OpenSegment, openSegment, readHeader, readManifest } from './segment.ts'
import { RawBytes, unpackFrame } from './segment-bytes.ts'
import { SEGMENT_HEADER_BYTES, type SegmentHeader } from './segment-header.ts'
import { removeIfThere, replaceSmallFile } from './small-file.ts'

/** Raw bytes of a frame, to the next end of a block. */
const FRAME_BYTES = 1024 * 1024
const LEVEL = 9

/**
 * Level 9's tables with an optimal parser. Measured on recorded order-book frames (60 MB with their headers): 6.6 % of
 * the segment at 14 MB/s a core, against 7.4 % at 180 for plain level 9 and 7.3 % at 60 for level 12.
 */
const ZSTD_PARAMETERS = {
  [constants.ZSTD_c_compressionLevel]: LEVEL,
  [constants.ZSTD_c_strategy]: constants.ZSTD_btopt,
  [constants.ZSTD_c_searchLog]: 3,
  [constants.ZSTD_c_minMatch]: 5,
  [constants.ZSTD_c_targetLength]: 128,
  [constants.ZSTD_c_checksumFlag]: 1,
}

export type SealOptions = {
  readonly disk: Disk
  readonly folder: string
  /** Waits between frames, so that sealing takes no more of a core than wanted. */
  readonly breathe?: () => Promise<void>
  /** The last segment too, up to its last good block: only while nobody can begin to write. */
  readonly isFinished?: boolean
}

/**
 * The segments that may be sealed: raw, and followed by another, whose header says where they end; the last one too where
 * nobody can begin to write.
 */
export async function sealableSegments(disk: Disk, folder: string, isFinished = false): Promise<number[]> {
  const files = await listSegmentFiles(disk, folder)
  return files.slice(0, isFinished ? undefined : -1).flatMap(({ number, raw }) => (raw ? [number] : []))
}

/**
 * Seals one segment and returns its manifest; does what is left to do when an earlier run was cut off. Rejects with
 * FLOW_JOURNAL_SEAL when the segment is the last, is gone, or its packed form does not read back to the same bytes: the
 * raw file then stays.
 */
export async function sealSegment(options: SealOptions, number: number): Promise<Manifest> {
  const { disk, folder, breathe, isFinished = false } = options
  const files = await listSegmentFiles(disk, folder)
  const index = files.findIndex((each) => each.number === number)
  const later = files.slice(index + 1)
  if (index < 0 || !files[index]!.raw || (later.length === 0 && !isFinished)) {
    throw sealError(
      folder,
      number,
      later.length === 0 && !isFinished
        ? 'only a segment that another follows can be sealed'
        : 'there is no raw segment of that number',
    )
  }
  await removeParts(disk, folder, number)
  const part = `${sealedPath(folder, number)}.${randomUUID()}.part`
  const packed = await pack(options, number, later, part)
  await proveSame(disk, folder, part, packed, breathe)
  await disk.rename(part, sealedPath(folder, number))
  await writeManifest(disk, folder, packed)
  await disk.syncFolder(folder)
  await removeIfThere(disk, rawPath(folder, number))
  await disk.syncFolder(folder)
  return packed
}

/** What a crash left; or what another program is at, which then finds it gone and leaves the raw file. */
async function removeParts(disk: Disk, folder: string, number: number): Promise<void> {
  for (const name of await disk.list(folder)) {
    if (name.startsWith(`${sealedName(number)}.`) && name.endsWith('.part'))
      await removeIfThere(disk, `${folder}/${name}`)
  }
}

async function pack(
  { disk, folder, breathe }: SealOptions,
  number: number,
  later: readonly SegmentFiles[],
  part: string,
): Promise<Manifest> {
  const segment = await openSegment(disk, folder, number)
  if (segment === undefined) throw sealError(folder, number, 'its file is gone')
  const file = await disk.create(part)
  try {
    const named = later.length === 0 ? await goodEnd(segment) : await endOfSegment(disk, folder, segment, later)
    if (named === Number.POSITIVE_INFINITY) throw sealError(folder, number, 'the segment after it is still being made')
    const end = Math.min(named, await segment.bytes.size())
    const content = await survey(segment, end)
    const reader = new RawBytes(await disk.open(rawPath(folder, number)))
    const raw = createHash('sha256')
    const sealed = createHash('sha256')
    const frames: Frame[] = []
    let sealedBytes = 0
    try {
      let start = 0
      for (const cut of content.cuts) {
        const bytes = (await reader.window(start, cut - start)).subarray(0, cut - start)
        if (bytes.length < cut - start)
          throw sealError(folder, number, `it ends at ${start + bytes.length}, before ${cut}`)
        const packed = zstdCompressSync(bytes, { params: ZSTD_PARAMETERS })
        await file.write(packed, sealedBytes)
        raw.update(bytes)
        sealed.update(packed)
        frames.push([start, bytes.length, sealedBytes, packed.length])
        sealedBytes += packed.length
        start = cut
        await breathe?.()
      }
    } finally {
      await reader.close()
    }
    await file.sync()
    const header = segment.header ?? (await firstHeader(disk, folder, later))
    if (header === undefined) throw sealError(folder, number, 'neither its header nor that of a later one can be read')
    return {
      format: MANIFEST_FORMAT,
      journal: header.journal,
      environment: header.environment,
      segment: number,
      id: segment.header?.id ?? null,
      previousId: segment.header?.previousId ?? null,
      previousLength: segment.header?.previousLength ?? 0,
      raw: { bytes: end, sha256: raw.digest('hex') },
      sealed: { bytes: sealedBytes, sha256: sealed.digest('hex'), level: LEVEL },
      ...content.counted,
      frames,
    }
  } finally {
    await segment.bytes.close()
    await file.close()
  }
}

/** Where the last good block ends: what a start would keep. */
async function goodEnd({ scanner }: OpenSegment): Promise<number> {
  for (;;) {
    const scanned = await scanner.next(Number.POSITIVE_INFINITY)
    if (scanned.kind !== 'end') continue
    scanner.moveTo(SEGMENT_HEADER_BYTES)
    return scanned.at
  }
}

async function firstHeader(
  disk: Disk,
  folder: string,
  files: readonly SegmentFiles[],
): Promise<SegmentHeader | undefined> {
  for (const { number } of files) {
    const header = await readHeader(disk, folder, number)
    if (header !== undefined) return header
  }
  return undefined
}

type Survey = {
  /** Where frames end, rising; the last is the segment's end. */
  readonly cuts: readonly number[]
  readonly counted: Pick<Manifest, 'blocks' | 'records' | 'types' | 'first' | 'last' | 'damage'>
}

async function survey(segment: OpenSegment, end: number): Promise<Survey> {
  const cuts: number[] = []
  const damage: [number, number][] = []
  const types = new Map<number, number>()
  let blocks = 0
  let records = 0
  let first: Manifest['first'] = null
  let last: Manifest['last'] = null
  let frameStart = 0
  for (;;) {
    const scanned = await segment.scanner.next(end)
    if (scanned.kind === 'end') {
      if (scanned.tail > 0) damage.push([scanned.at, end])
      break
    }
    const reached = scanned.kind === 'block' ? scanned.block.end : scanned.to
    while (reached - frameStart >= FRAME_BYTES) {
      // Damage may be long; a block is never cut.
      frameStart = scanned.kind === 'block' ? reached : Math.min(reached, frameStart + FRAME_BYTES)
      cuts.push(frameStart)
    }
    if (scanned.kind === 'damage') {
      damage.push([scanned.from, scanned.to])
      continue
    }
    const { block } = scanned
    blocks += 1
    while (block.next()) {
      records += 1
      types.set(block.type, (types.get(block.type) ?? 0) + 1)
      if (first === null) first = { ns: String(block.stampNs()), epoch: block.epoch }
      if (block.nextOffset === block.end) last = { ns: String(block.stampNs()), epoch: block.epoch }
    }
  }
  while (end - frameStart > FRAME_BYTES) {
    frameStart += FRAME_BYTES
    cuts.push(frameStart)
  }
  if (end > frameStart) cuts.push(end)
  return { cuts, counted: { blocks, records, types: Object.fromEntries(types), first, last, damage } }
}

/** Reads the packed file back from the disk: both digests must be those of what was written. */
async function proveSame(
  disk: Disk,
  folder: string,
  part: string,
  manifest: Manifest,
  breathe: SealOptions['breathe'],
): Promise<void> {
  const reader = await disk.open(part)
  const raw = createHash('sha256')
  const sealed = createHash('sha256')
  try {
    const bytes = new RawBytes(reader)
    for (const frame of manifest.frames) {
      const unpacked = await unpackFrame(reader, frame)
      if (unpacked === undefined) throw sealError(folder, manifest.segment, `the frame at ${frame[2]} does not unpack`)
      raw.update(unpacked)
      sealed.update((await bytes.window(frame[2], frame[3])).subarray(0, frame[3]))
      await breathe?.()
    }
  } finally {
    await reader.close()
  }
  if (raw.digest('hex') !== manifest.raw.sha256 || sealed.digest('hex') !== manifest.sealed.sha256) {
    throw sealError(folder, manifest.segment, 'its packed form reads back differently')
  }
}

async function writeManifest(disk: Disk, folder: string, manifest: Manifest): Promise<void> {
  await replaceSmallFile(disk, folder, manifestName(manifest.segment), encodeManifest(manifest))
  if ((await readManifest(disk, folder, manifest.segment)) === undefined)
    throw sealError(folder, manifest.segment, 'its manifest does not read back')
}

const sealError = (folder: string, segment: number, why: string): JournalError =>
  new JournalError(
    'FLOW_JOURNAL_SEAL',
    `segment ${segment} in ${folder} cannot be sealed: ${why}. The raw file stays`,
    { folder, segment },
  )
