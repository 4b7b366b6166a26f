/** Opens one segment for reading, in whichever form it has, and says what its header says. */
import type { Disk, DiskReader } from '#ports'
import { segmentKey } from './block.ts'
import { BlockScanner } from './block-scanner.ts'
import { codeOf, JournalError } from './errors.ts'
import { manifestPath, rawPath, type SegmentFiles, sealedPath } from './folder.ts'
import { decodeManifest, type Manifest } from './manifest.ts'
import { RawBytes, SealedBytes, type SegmentBytes } from './segment-bytes.ts'
import { decodeSegmentHeader, SEGMENT_HEADER_BYTES, type SegmentHeader } from './segment-header.ts'

export type OpenSegment = {
  readonly number: number
  /** `undefined` when the header is damaged; its blocks can be read all the same. */
  readonly header: SegmentHeader | undefined
  readonly bytes: SegmentBytes
  readonly manifest: Manifest | undefined
  /** A walk through the blocks from the first on. */
  readonly scanner: BlockScanner
}

/**
 * The segment, or `undefined` when its files are gone or its sealed form cannot be used. Throws
 * FLOW_JOURNAL_VERSION for a later format: to pass over records of which we know nothing would be a silent hole.
 */
export async function openSegment(disk: Disk, folder: string, number: number): Promise<OpenSegment | undefined> {
  // Sealing may replace one form by the other between two looks: the raw form is tried again after the sealed one.
  const opened =
    (await openRaw(disk, folder, number)) ??
    (await openSealed(disk, folder, number)) ??
    (await openRaw(disk, folder, number))
  if (opened === undefined) return undefined
  const decoded = decodeSegmentHeader(await opened.bytes.window(0, SEGMENT_HEADER_BYTES))
  if (decoded.kind === 'unknown_version') {
    await opened.bytes.close()
    throw new JournalError(
      'FLOW_JOURNAL_VERSION',
      `segment ${number} in ${folder} has format version ${decoded.version}, and this program reads version 1: use the program that wrote it, or a later one`,
      { folder, segment: number, version: decoded.version },
    )
  }
  // A header in the wrong file is as good as none.
  const header = decoded.kind === 'header' && decoded.header.segment === number ? decoded.header : undefined
  const key = header === undefined ? undefined : segmentKey(header.id)
  return { number, header, ...opened, scanner: new BlockScanner(number, opened.bytes, key, SEGMENT_HEADER_BYTES) }
}

/** What a segment's header says, without keeping the segment open; `undefined` when it is damaged or gone. */
export async function readHeader(disk: Disk, folder: string, number: number): Promise<SegmentHeader | undefined> {
  const segment = await openSegment(disk, folder, number)
  await segment?.bytes.close()
  return segment?.header
}

/**
 * Where a segment ends: a later segment's header says so. Infinite as long as nobody knows: it is the last, or the next
 * is just being made. `later`: the files after it, by rising number.
 *
 * Files without a sound header are looked past: making a segment may have failed, and left one that could not be removed.
 */
export async function endOfSegment(
  disk: Disk,
  folder: string,
  segment: OpenSegment,
  later: readonly SegmentFiles[],
): Promise<number> {
  if (segment.manifest !== undefined) return segment.manifest.raw.bytes
  let isBeingMade = true
  for (const { number } of later) {
    const successor = await openSegment(disk, folder, number)
    if (successor === undefined) continue
    const { header, bytes } = successor
    isBeingMade = await isEmpty(successor)
    await bytes.close()
    if (header === undefined) continue
    if (segment.header === undefined || header.previousId === segment.header.id) return header.previousLength
    // Both follow the same one: this one was given up and removed before anything in it was durable, and came back.
    return header.previousId === segment.header.previousId ? SEGMENT_HEADER_BYTES : segment.bytes.size()
  }
  // Successors that cannot say where this one ends prove all the same that nobody writes to it any more.
  return isBeingMade ? Number.POSITIVE_INFINITY : segment.bytes.size()
}

/** Whether a segment has not even a header: a crash, or a failing disk, while it was made. There is nothing to lose in it. */
export async function isEmpty({ header, bytes }: OpenSegment): Promise<boolean> {
  return header === undefined && (await bytes.size()) <= SEGMENT_HEADER_BYTES
}

type Opened = Pick<OpenSegment, 'bytes' | 'manifest'>

async function openRaw(disk: Disk, folder: string, number: number): Promise<Opened | undefined> {
  const reader = await openIfThere(disk, rawPath(folder, number))
  return reader === undefined ? undefined : { bytes: new RawBytes(reader), manifest: undefined }
}

async function openSealed(disk: Disk, folder: string, number: number): Promise<Opened | undefined> {
  const manifest = await readManifest(disk, folder, number)
  if (manifest === undefined) return undefined
  const reader = await openIfThere(disk, sealedPath(folder, number))
  return reader === undefined ? undefined : { bytes: new SealedBytes(reader, manifest.frames), manifest }
}

/** The manifest of a sealed segment; `undefined` when it is missing or damaged. */
export async function readManifest(disk: Disk, folder: string, number: number): Promise<Manifest | undefined> {
  const reader = await openIfThere(disk, manifestPath(folder, number))
  if (reader === undefined) return undefined
  const bytes = new RawBytes(reader)
  try {
    const manifest = decodeManifest(await bytes.window(0, await bytes.size()))
    return manifest?.segment === number ? manifest : undefined
  } finally {
    await bytes.close()
  }
}

async function openIfThere(disk: Disk, path: string): Promise<DiskReader | undefined> {
  try {
    return await disk.open(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}
