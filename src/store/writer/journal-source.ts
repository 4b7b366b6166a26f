/**
 * The journal as the store reads it: which one it is, whether the watermark stands in it, and a fold that has reached the
 * watermark. Reads, and changes nothing.
 */
import { comparePositions, type Position } from '#domain'
import { listSegments, losesRecords, openCursor, type ReadFault, type SegmentSummary } from '#journal'
import type { Disk } from '#ports'
import { RowFold, type RowFoldOptions } from '../rows/row-fold.ts'
import type { RawRecord } from './careful-rows.ts'
import { StoreError } from './errors.ts'
import type { JournalIdentity, Stored } from './stored.ts'

export type JournalPlace = { readonly disk: Disk; readonly folder: string }

/** Throws FLOW_STORE_NO_JOURNAL when there is none, or its first segments cannot be read. */
export async function identifyJournal({ disk, folder }: JournalPlace): Promise<JournalIdentity> {
  const segments = await listSegments(disk, folder).catch((cause: NodeJS.ErrnoException) => {
    // A disk that cannot read just now may the next time: only a folder that is not there is no journal.
    if (cause.code !== 'ENOENT' && cause.code !== 'ENOTDIR') throw cause
    throw new StoreError('FLOW_STORE_NO_JOURNAL', `There is no journal in ${folder} to store.`, { folder }, cause)
  })
  const found = segments.find(({ journal, environment }) => journal !== undefined && environment !== undefined)
  if (found?.journal !== undefined && found.environment !== undefined)
    return { journal: found.journal, environment: found.environment }
  throw new StoreError('FLOW_STORE_NO_JOURNAL', `No segment in ${folder} says which journal it belongs to.`, { folder })
}

/**
 * Throws where the rows of the database do not come from this copy of the journal: never silently, for what follows would
 * be stored twice or not at all.
 */
export async function checkWatermark({ disk, folder }: JournalPlace, { watermark }: Stored): Promise<SegmentSummary[]> {
  const segments = await listSegments(disk, folder)
  const { position, segmentId } = watermark
  if (position.segment === 0) return segments
  const last = segments.at(-1)
  const here = segments.find(({ number }) => number === position.segment)
  const fields = { folder, segment: position.segment, offset: position.offset }
  const advice =
    'Put the whole journal back, or empty the derived tables with `kalshiflow db rebuild` and store this one from its start.'
  if (here === undefined && (last === undefined || last.number < position.segment)) {
    throw new StoreError(
      'FLOW_STORE_JOURNAL_OLDER',
      `The database holds rows up to segment ${position.segment} of this journal, and the last one in ${folder} is ${last?.number ?? 'none'}: this is an older copy. ${advice}`,
      fields,
    )
  }
  if (here === undefined || (segmentId !== undefined && here.id !== undefined && here.id !== segmentId)) {
    throw new StoreError(
      'FLOW_STORE_SEGMENT_MISSING',
      `The database goes on in segment ${position.segment} with id ${segmentId}, and ${folder} has ${here === undefined ? 'no such segment' : `one with id ${here.id}`}: this copy of the journal went another way. ${advice}`,
      { ...fields, found: here?.id ?? '', needed: segmentId ?? '' },
    )
  }
  if (position.offset > here.bytes) {
    throw new StoreError(
      'FLOW_STORE_JOURNAL_OLDER',
      `The database holds rows up to byte ${position.offset} of segment ${position.segment}, which has ${here.bytes} in ${folder}: this is an older copy. ${advice}`,
      fields,
    )
  }
  return segments
}

/**
 * A fold that knows what one from the journal's start would know at the watermark. Begins a little before it and goes back
 * in growing steps until every book that the database calls valid is proven, or the run's start was seen.
 */
export async function foldToWatermark(
  place: JournalPlace,
  stored: Stored,
  segments: readonly SegmentSummary[],
  options: RowFoldOptions,
): Promise<RowFold> {
  const { position } = stored.watermark
  const before = segments.map(({ number }) => number).filter((number) => number <= position.segment)
  for (let back = 2; ; back *= 2) {
    const fold = new RowFold(options)
    const start = before[Math.max(0, before.length - back)]
    if (start === undefined) return resumed(fold, stored)
    let sawStart = false
    const from = { segment: start, offset: 0 }
    const onFault = (fault: ReadFault) => {
      if (losesRecords(fault)) fold.damaged()
    }
    const cursor = openCursor({ ...place, from, until: position, onFault })
    for await (const block of cursor) if (fold.catchUp(block)) sawStart = true
    const isKnown = sawStart || (fold.sawContext && isComplete(fold, stored))
    if (isKnown || back >= before.length) return resumed(fold, stored)
  }
}

function resumed(fold: RowFold, { state }: Stored): RowFold {
  fold.resume(state)
  return fold
}

function isComplete({ fold }: RowFold, { state }: Stored): boolean {
  const tickerOf = new Map(state.markets.map(({ id, ticker }) => [id, ticker]))
  const isProven = (id: number) => fold.market(tickerOf.get(id) ?? '')?.proven === true
  const isSettled = [...fold.connections()].every(({ orientation }) => orientation.verdict === 'as_asked')
  // A book that the fold has not read passes over later snapshots, which would make other rows than those of one long reading.
  const isRead = fold.markets().every(({ unreadOn }) => unreadOn === undefined)
  return isSettled && isRead && state.openValidity.every(({ market }) => isProven(market))
}

/** One record's bytes, copied; `undefined` when it cannot be read. */
export async function readRecord({ disk, folder }: JournalPlace, at: Position): Promise<RawRecord | undefined> {
  const cursor = openCursor({ disk, folder, from: at })
  try {
    const block = await cursor.nextBlock()
    if (block === undefined || !block.next()) return undefined
    if (comparePositions({ segment: block.segment, offset: block.recordOffset }, at) !== 0) return undefined
    const { type, connection } = block
    return { type, connection, stampNs: block.stampNs(), body: Buffer.from(block.body()) }
  } finally {
    await cursor.close()
  }
}
