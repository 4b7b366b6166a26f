/**
 * What opening a journal for writing does first: finds out where it ends, cuts a torn tail, and makes what it keeps
 * durable before anybody is told of it.
 *
 * Only the last segment can have a torn tail: a segment is made when the one before it is durable, and names its length.
 * Damage with good blocks behind it is reported and left as it is.
 */
import type { Environment } from '#domain'
import type { Disk } from '#ports'
import { JournalError } from './errors.ts'
import { listSegmentFiles, rawPath, SEGMENT_NUMBER_LAST_START, type SegmentFiles } from './folder.ts'
import { type OpenSegment, openSegment, readHeader } from './segment.ts'
import { SEGMENT_HEADER_BYTES, type SegmentHeader } from './segment-header.ts'

export type Recovery = {
  /** `undefined`: the folder was empty. */
  readonly journal: string | undefined
  /** The highest number of any segment file; 0 in an empty folder. */
  readonly lastSegment: number
  readonly predecessor: { readonly id: string | undefined; readonly length: number }
  /** The last stamp and its epoch, or where the last segment begins; `undefined` in an empty folder. */
  readonly resume: { readonly lastNs: bigint; readonly epoch: number } | undefined
  /** The stamp of the last record there is; `undefined` when there is none. A dead process's gap starts here. */
  readonly lastRecordNs: bigint | undefined
  /** Records kept in the last segment. */
  readonly records: number
  /** Bytes of a torn tail that were cut. They were never told to be durable. */
  readonly cutBytes: number
  /** Bytes that could not be read and stand before good ones: real losses. */
  readonly damage: readonly { readonly segment: number; readonly from: number; readonly to: number }[]
  /** Segment files without any content, left by a crash while they were made, that were removed. */
  readonly removed: readonly number[]
}

const NOTHING: Recovery = {
  journal: undefined,
  lastSegment: 0,
  predecessor: { id: undefined, length: 0 },
  resume: undefined,
  lastRecordNs: undefined,
  records: 0,
  cutBytes: 0,
  damage: [],
  removed: [],
}

/** Recovers the journal in a folder. Throws FLOW_JOURNAL_ENVIRONMENT, FLOW_JOURNAL_VERSION or FLOW_JOURNAL_UNREADABLE. */
export async function recover(disk: Disk, folder: string, environment: Environment): Promise<Recovery> {
  const files = await listSegmentFiles(disk, folder)
  if (files.length === 0) return NOTHING
  refuseLastNumbers(folder, files.at(-1)!.number)
  const known = await findHeader(disk, folder, files)
  if (known !== undefined && known.environment !== environment) {
    throw new JournalError(
      'FLOW_JOURNAL_ENVIRONMENT',
      `the journal in ${folder} belongs to ${known.environment}, and ${environment} was asked for: name another folder with --data`,
      { folder, found: known.environment, needed: environment },
    )
  }
  const removed: number[] = []
  for (;;) {
    const last = files.at(-1)
    if (last === undefined) return { ...NOTHING, lastSegment: removed[0] ?? 0, removed }
    const recovered = await recoverLast(disk, folder, files)
    if (recovered === 'empty') {
      await disk.remove(rawPath(folder, last.number))
      await disk.syncFolder(folder)
      removed.push(last.number)
      files.pop()
      continue
    }
    if (known === undefined) {
      throw new JournalError(
        'FLOW_JOURNAL_UNREADABLE',
        `${folder} holds ${files.length} segment files and none has a sound header: restore one from a copy, or record into an empty folder`,
        { folder, segments: files.length },
      )
    }
    return { ...recovered, journal: known.journal, lastSegment: Math.max(last.number, ...removed), removed }
  }
}

/** A segment past the last number would have a name that no reader looks for: what is recorded then would never be seen. */
function refuseLastNumbers(folder: string, number: number): void {
  if (number <= SEGMENT_NUMBER_LAST_START) return
  throw new JournalError(
    'FLOW_JOURNAL_NUMBER',
    `${folder} holds segment ${number}, and there are no numbers left behind it: move that file away if it is not of this journal, or record into an empty folder`,
    { folder, segment: number, needed: SEGMENT_NUMBER_LAST_START },
  )
}

/** The newest sound header. */
async function findHeader(
  disk: Disk,
  folder: string,
  files: readonly SegmentFiles[],
): Promise<SegmentHeader | undefined> {
  for (const { number } of files.toReversed()) {
    const header = await readHeader(disk, folder, number)
    if (header !== undefined) return header
  }
  return undefined
}

async function recoverLast(
  disk: Disk,
  folder: string,
  files: readonly SegmentFiles[],
): Promise<Omit<Recovery, 'journal' | 'lastSegment' | 'removed'> | 'empty'> {
  const { number, raw } = files.at(-1)!
  const segment = await openSegment(disk, folder, number)
  if (segment === undefined) {
    throw new JournalError(
      'FLOW_JOURNAL_UNREADABLE',
      `segment ${number} in ${folder} is sealed and its manifest cannot be read: restore it from a copy`,
      { folder, segment: number },
    )
  }
  const { header, bytes } = segment
  try {
    const walked = await walk(segment)
    const { end, last, lastOffset } = walked
    // A header is durable before anything follows it: a short file without one was being made when the process died.
    if (header === undefined && raw && (await bytes.size()) <= SEGMENT_HEADER_BYTES) return 'empty'
    if (raw) {
      const from = last === undefined ? 0 : lastOffset
      const newest = (await bytes.window(from, end - from)).subarray(0, end - from)
      await keep(disk, folder, number, { end, cutBytes: walked.cutBytes, newest, from })
    }
    return {
      predecessor: { id: header?.id, length: end },
      resume: last ?? (header === undefined ? undefined : { lastNs: header.startNs, epoch: header.epoch }),
      lastRecordNs: last?.lastNs ?? (await lastStampBefore(disk, folder, files)),
      records: walked.records,
      cutBytes: walked.cutBytes,
      damage: walked.damage,
    }
  } finally {
    await bytes.close()
  }
}

type Walked = Pick<Recovery, 'damage' | 'records' | 'cutBytes'> & {
  /** The end of the last good block, and where it begins. */
  readonly end: number
  readonly lastOffset: number
  readonly last: { readonly lastNs: bigint; readonly epoch: number } | undefined
}

async function walk(segment: OpenSegment): Promise<Walked> {
  const damage: Recovery['damage'][number][] = []
  let records = 0
  let lastOffset = 0
  let last: Walked['last']
  for (;;) {
    const scanned = await segment.scanner.next(Number.POSITIVE_INFINITY)
    if (scanned.kind === 'end') return { damage, records, cutBytes: scanned.tail, end: scanned.at, lastOffset, last }
    if (scanned.kind === 'damage') {
      damage.push({ segment: segment.number, from: scanned.from, to: scanned.to })
      continue
    }
    const { block } = scanned
    records += block.count
    lastOffset = block.offset
    while (block.next()) if (block.nextOffset === block.end) last = { lastNs: block.stampNs(), epoch: block.epoch }
  }
}

/** The stamp of the last record in the segments before the last, which holds none. */
async function lastStampBefore(
  disk: Disk,
  folder: string,
  files: readonly SegmentFiles[],
): Promise<bigint | undefined> {
  for (const { number } of files.slice(0, -1).reverse()) {
    const segment = await openSegment(disk, folder, number)
    if (segment === undefined) continue
    const { last } = await walk(segment).finally(() => segment.bytes.close())
    if (last !== undefined) return last.lastNs
  }
  return undefined
}

/**
 * Cuts the tail and makes the rest durable. What was written last (the last block; the header, where there is none) is
 * written again where it stands: if the run before us died right after a failed sync, the system may hold those bytes in
 * memory as if they were on disk, and a sync alone would then write nothing.
 */
async function keep(
  disk: Disk,
  folder: string,
  number: number,
  kept: { readonly end: number; readonly cutBytes: number; readonly newest: Uint8Array; readonly from: number },
): Promise<void> {
  const file = await disk.reopen(rawPath(folder, number))
  try {
    if (kept.cutBytes > 0) await file.truncate(kept.end)
    await file.write(kept.newest, kept.from)
    await file.sync()
  } finally {
    await file.close()
  }
  await disk.syncFolder(folder)
}
