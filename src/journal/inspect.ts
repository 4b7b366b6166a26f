/** What a journal holds and whether it is sound: for people, `doctor` and `verify`. Reads every byte, changes none. */
import { createHash } from 'node:crypto'
import type { Environment } from '#domain'
import type { Disk } from '#ports'
import { readArchived } from './archived.ts'
import { openCursor, type ReadFault } from './cursor.ts'
import { listSegmentFiles, sealedPath } from './folder.ts'
import { openSegment, readManifest } from './segment.ts'
import { RawBytes } from './segment-bytes.ts'

export type SegmentSummary = {
  readonly number: number
  readonly form: 'raw' | 'sealed'
  /** Uncompressed bytes; of a raw segment, those of the file. */
  readonly bytes: number
  /** Bytes on the disk. */
  readonly storedBytes: number
  /** The rest is `undefined` when the header is damaged. */
  readonly id: string | undefined
  /** The id of the segment before it; `undefined` for the first. */
  readonly previousId: string | undefined
  readonly journal: string | undefined
  readonly environment: Environment | undefined
  readonly createdNs: bigint | undefined
  readonly writer: string | undefined
}

/**
 * Where a folder's segments do not follow one another, seen from their headers alone: `unreadable` files, a segment whose
 * predecessor is `missing` (or of another copy), and headers that are `damaged`. Reads no records.
 */
export async function findMissing(disk: Disk, folder: string): Promise<SegmentFault[]> {
  const segments = await listSegments(disk, folder)
  const readable = new Map(segments.map((each) => [each.number, each]))
  const archived = new Set((await readArchived(disk, folder)).map(({ id }) => id))
  const faults: SegmentFault[] = []
  let before: SegmentSummary | undefined
  for (const { number } of await listSegmentFiles(disk, folder)) {
    const segment = readable.get(number)
    if (segment === undefined) faults.push({ kind: 'unreadable', segment: number })
    else if (segment.id === undefined) faults.push({ kind: 'damaged_header', segment: number })
    else if (isOrphan(segment, before) && !archived.has(segment.previousId ?? null))
      faults.push({ kind: 'missing_before', segment: number })
    before = segment
  }
  return faults
}

/** Whether a segment names another one before it than the one that is there. */
function isOrphan({ previousId }: SegmentSummary, before: SegmentSummary | undefined): boolean {
  if (before === undefined) return previousId !== undefined
  return before.id !== undefined && previousId !== before.id
}

export type SegmentFault = {
  readonly kind: 'unreadable' | 'damaged_header' | 'missing_before'
  readonly segment: number
}

/** The segments of a folder by rising number; those that cannot be opened are left out. */
export async function listSegments(disk: Disk, folder: string): Promise<SegmentSummary[]> {
  const summaries: SegmentSummary[] = []
  for (const { number } of await listSegmentFiles(disk, folder)) {
    const segment = await openSegment(disk, folder, number)
    if (segment === undefined) continue
    const { header, manifest } = segment
    const bytes = await segment.bytes.size()
    await segment.bytes.close()
    summaries.push({
      number,
      form: manifest === undefined ? 'raw' : 'sealed',
      bytes,
      storedBytes: manifest?.sealed.bytes ?? bytes,
      id: header?.id,
      previousId: header?.previousId,
      journal: header?.journal ?? manifest?.journal,
      environment: header?.environment ?? manifest?.environment,
      createdNs: header?.createdNs,
      writer: header?.writer,
    })
  }
  return summaries
}

export type JournalFault =
  | ReadFault
  /** A sealed file's bytes are not those that were proved when it was sealed. */
  | { readonly kind: 'digest'; readonly segment: number }
  /** A record is stamped before the one in front of it, in the same clock epoch. */
  | { readonly kind: 'stamp_backward'; readonly segment: number; readonly offset: number }

export type JournalReport = {
  readonly segments: number
  readonly blocks: number
  readonly records: number
  readonly bodyBytes: number
  /** Number of records by type. */
  readonly types: Readonly<Record<string, number>>
  readonly firstNs: bigint | undefined
  readonly lastNs: bigint | undefined
  /** In the order of the journal. A torn tail alone is no loss: see {@link ReadFault}. */
  readonly faults: readonly JournalFault[]
}

export type VerifyOptions = {
  readonly disk: Disk
  readonly folder: string
  readonly signal?: AbortSignal
  /** Called after each segment. */
  readonly onProgress?: (done: { readonly segment: number; readonly records: number }) => void
}

/** Checks every block, the chain of segments, the stamps, and the digests of sealed files. */
export async function verifyJournal({ disk, folder, signal, onProgress }: VerifyOptions): Promise<JournalReport> {
  const faults: JournalFault[] = []
  const types = new Map<number, number>()
  let blocks = 0
  let records = 0
  let bodyBytes = 0
  let firstNs: bigint | undefined
  let lastNs: bigint | undefined
  let epoch = 0
  let segment = 0
  const options = { disk, folder, onFault: (fault: ReadFault) => faults.push(fault) }
  for await (const block of openCursor(signal === undefined ? options : { ...options, signal })) {
    if (block.segment !== segment) {
      if (segment > 0) onProgress?.({ segment, records })
      segment = block.segment
    }
    blocks += 1
    firstNs ??= block.baseNs
    if (lastNs !== undefined && block.epoch === epoch && block.baseNs < lastNs) {
      faults.push({ kind: 'stamp_backward', segment, offset: block.offset })
    }
    epoch = block.epoch
    let deltaNs = 0
    while (block.next()) {
      if (block.deltaNs < deltaNs) faults.push({ kind: 'stamp_backward', segment, offset: block.recordOffset })
      deltaNs = block.deltaNs
      records += 1
      bodyBytes += block.bodyEnd - block.bodyStart
      types.set(block.type, (types.get(block.type) ?? 0) + 1)
    }
    lastNs = block.baseNs + BigInt(deltaNs)
  }
  const files = await listSegmentFiles(disk, folder)
  for (const { number, sealed } of files) {
    if (signal?.aborted) break
    if (sealed) faults.push(...(await checkDigests(disk, folder, number)))
  }
  return {
    segments: files.length,
    blocks,
    records,
    bodyBytes,
    types: Object.fromEntries(types),
    firstNs,
    lastNs,
    faults,
  }
}

async function checkDigests(disk: Disk, folder: string, number: number): Promise<JournalFault[]> {
  const manifest = await readManifest(disk, folder, number)
  if (manifest === undefined) return []
  const bytes = new RawBytes(await disk.open(sealedPath(folder, number)))
  const sealed = createHash('sha256')
  let at = 0
  try {
    for (;;) {
      const window = await bytes.window(at, 1)
      if (window.length === 0) break
      sealed.update(window)
      at += window.length
    }
  } finally {
    await bytes.close()
  }
  return sealed.digest('hex') === manifest.sealed.sha256 ? [] : [{ kind: 'digest', segment: number }]
}
