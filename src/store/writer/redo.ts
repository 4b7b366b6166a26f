/**
 * Rows made again from a place of the journal on, after a mend of this program: which place that is, what the cursor must say
 * there, and the removal of what stands behind it.
 *
 * Setting the cursor back and naming the place is one transaction; whoever opens the journal next, the command or a
 * recorder's store, first finishes the removal and then writes on. So it may be interrupted anywhere.
 */
import type pg from 'pg'
import { comparePositions, type Position } from '#domain'
import { listSegments, losesRecords, openCursor, type ReadFault, type SegmentSummary } from '#journal'
import { RowFold } from '../rows/row-fold.ts'
import { emptyState } from '../rows/stored-state.ts'
import { type Database, inTransaction, quoteName, type Removal, removeFrom } from '../schema/index.ts'
import { StoreError } from './errors.ts'
import type { JournalPlace } from './journal-source.ts'

/** Where to begin: a place, a segment's start, or the first record received at or after a time (Unix ms). */
export type RedoFrom = { readonly position: Position } | { readonly atMs: number }

/** Everything that the cursor says at the place. */
export type RedoPlan = {
  readonly from: Position
  readonly fromNs: bigint
  readonly segmentId: string | undefined
  readonly lastNs: bigint
  readonly counts: Readonly<Record<string, number>>
}

const FAR_NS = 2n ** 63n - 1n
/** Rows held while the records before the place are counted. */
const COUNTED_ROWS_MAX = 20_000
/** Segments are found by the wall clock at their making, which may have been set since. */
const CLOCK_MARGIN_MS = 3_600_000

export type PlanOptions = {
  readonly sampleRate: number
  /** How far the database has come, and its counts. */
  readonly stored: { readonly position: Position; readonly counts: Counts }
  readonly onProgress?: (done: number, total: number) => void
}

type Counts = Readonly<Record<string, number>>

/**
 * What the cursor must say at the place. Reads the journal up to it, for the counts; where older segments are not here (an
 * archive has them) it takes what stands behind the place off the counts instead. With rows of several deltas a place is
 * moved back to its segment's start, where no row stands astride. Throws FLOW_STORE_PLACE, also where segments behind the
 * place are missing: their rows would go and not come again.
 */
export async function planRedo(place: JournalPlace, wanted: RedoFrom, options: PlanOptions): Promise<RedoPlan> {
  const { sampleRate, stored, onProgress } = options
  const segments = await listSegments(place.disk, place.folder)
  const found =
    'atMs' in wanted ? await findTime(place, segments, wanted.atMs) : await findRecord(place, segments, wanted.position)
  const from = sampleRate > 1 ? { segment: found.segment, offset: 0 } : found
  const before = await countRecords(place, new RowFold({ sampleRate }), { until: from }, (segment, offset) => {
    const whole = segments.filter(({ number }) => number < segment).reduce((sum, { bytes }) => sum + bytes, 0)
    onProgress?.(
      whole + offset,
      segments.reduce((sum, { bytes }) => sum + bytes, 0),
    )
  })
  return {
    from,
    fromNs: await lowestStamp(place, from),
    segmentId: segments.find(({ number }) => number === from.segment)?.id,
    lastNs: before.lastNs,
    counts: before.isWhole ? before.counts : await countsWithout(place, segments, from, sampleRate, stored),
  }
}

/** The database's counts less those of the records from the place on. */
async function countsWithout(
  place: JournalPlace,
  segments: readonly SegmentSummary[],
  from: Position,
  sampleRate: number,
  stored: PlanOptions['stored'],
): Promise<Counts> {
  const fold = new RowFold({ sampleRate })
  const start = segments.findLast(({ number }) => number < from.segment)?.number ?? from.segment
  for await (const block of openCursor({ ...place, from: { segment: start, offset: 0 }, until: from }))
    fold.catchUp(block)
  const { counts } = await countRecords(place, fold, { from, until: stored.position })
  return Object.fromEntries(
    Object.entries(stored.counts).map(([name, count]) => [name, Math.max(0, count - (counts[name] ?? 0))]),
  )
}

type Counted = { readonly counts: Counts; readonly lastNs: bigint; readonly isWhole: boolean }

/** What a fold counts of some records, whose rows are let go. `isWhole`: none of them was missing. */
async function countRecords(
  place: JournalPlace,
  fold: RowFold,
  bounds: { readonly from?: Position; readonly until: Position },
  onProgress?: (segment: number, offset: number) => void,
): Promise<Counted> {
  fold.resume(emptyState(0))
  const counts: Record<string, number> = {}
  let lastNs = 0n
  let isWhole = true
  const take = () => {
    const batch = fold.cut()
    for (const [name, count] of Object.entries(batch.counts)) counts[name] = (counts[name] ?? 0) + count
    if (batch.lastNs > 0n) lastNs = batch.lastNs
  }
  const onFault = (fault: ReadFault) => {
    if (ABSENT.has(fault.kind)) isWhole = false
    if (losesRecords(fault)) fold.damaged()
  }
  for await (const block of openCursor({ ...place, ...bounds, onFault })) {
    while (!fold.take(block, { rowsMax: COUNTED_ROWS_MAX })) take()
    onProgress?.(block.segment, block.end)
  }
  take()
  return { counts, lastNs, isWhole }
}

/** Records that the database may have been made from, and that are not here. */
const ABSENT: ReadonlySet<ReadFault['kind']> = new Set(['archived', 'broken_chain', 'unreadable_segment', 'damage'])

/**
 * Sets the cursor back to the place and says that what stands behind it is to go. Answers the journal's number. Throws
 * FLOW_STORE_PLACE where the database has not come as far, or has dropped days that were made from there on.
 */
export async function beginRedo(client: pg.Client, schema: string, journal: string, plan: RedoPlan): Promise<number> {
  const { from, fromNs, segmentId, lastNs, counts } = plan
  return inTransaction(client as Database, async () => {
    const { rows } = await client.query<{ journal_id: number }>(
      `UPDATE ${quoteName(schema)}.rl_ingest_cursor
       SET segment = $2, "offset" = $3, segment_key = $4, received_ns = $5, counts = $6, moved_at = pg_catalog.now(),
         redo_segment = $2, redo_offset = $3, redo_ns = $7
       WHERE journal = $1::uuid AND (segment, "offset") >= ($2::integer, $3::bigint) RETURNING journal_id`,
      [journal, from.segment, from.offset, segmentId ?? null, String(lastNs), JSON.stringify(counts), String(fromNs)],
    )
    const id = rows[0]?.journal_id
    if (id !== undefined) {
      await mustHoldDays(client, schema, id, from)
      return id
    }
    throw new StoreError(
      'FLOW_STORE_PLACE',
      `The database has not come as far as ${from.segment}:${from.offset} of this journal, so there is nothing to make again from there: name an earlier place.`,
      { segment: from.segment, offset: from.offset },
    )
  })
}

/** Half of a dropped day would come back, and be counted as dropped all the same. */
async function mustHoldDays(client: pg.Client, schema: string, journal: number, { segment }: Position): Promise<void> {
  const { rows } = await client.query<{ last_segment: number; day: string }>(
    `SELECT last_segment, to_char("day", 'YYYY-MM-DD') AS day FROM ${quoteName(schema)}.rl_dropped_days
     WHERE journal_id = $1 AND last_segment >= $2 ORDER BY last_segment DESC LIMIT 1`,
    [journal, segment],
  )
  const last = rows[0]
  if (last === undefined) return
  throw new StoreError(
    'FLOW_STORE_PLACE',
    `The day ${last.day} was dropped from the database since an archive has it, with rows of segments up to ${last.last_segment}: name a later segment, or restore the archive and make everything again with \`kalshiflow db rebuild\`.`,
    { segment: last.last_segment },
  )
}

/** What is to go from where, when a removal was begun and not finished. */
export async function pendingRedo(client: pg.Client, schema: string, journal: string): Promise<Removal | undefined> {
  const { rows } = await client.query<Record<string, string | number | null>>(
    `SELECT journal_id, redo_segment, redo_offset, redo_ns FROM ${quoteName(schema)}.rl_ingest_cursor
     WHERE journal = $1::uuid AND redo_segment IS NOT NULL`,
    [journal],
  )
  const row = rows[0]
  if (row === undefined) return undefined
  return {
    journalId: Number(row['journal_id']),
    from: { segment: Number(row['redo_segment']), offset: Number(row['redo_offset']) },
    fromNs: BigInt(row['redo_ns'] ?? 0),
  }
}

/** Finishes a removal that was begun; without one it does nothing. Answers how many rows went. */
export async function finishRedo(
  client: pg.Client,
  schema: string,
  journal: string,
  onProgress?: (rows: number) => void,
): Promise<number> {
  const removal = await pendingRedo(client, schema, journal)
  if (removal === undefined) return 0
  const removed = await removeFrom(client as Database, schema, removal, onProgress)
  await client.query(
    `UPDATE ${quoteName(schema)}.rl_ingest_cursor SET redo_segment = NULL, redo_offset = NULL, redo_ns = NULL
     WHERE journal_id = $1 AND redo_segment = $2 AND redo_offset = $3`,
    [removal.journalId, removal.from.segment, removal.from.offset],
  )
  return removed
}

/** The record that stands at a place, or the last one that begins before it. */
async function findRecord(
  place: JournalPlace,
  segments: readonly SegmentSummary[],
  wanted: Position,
): Promise<Position> {
  if (wanted.offset === 0 && segments.some(({ number }) => number === wanted.segment)) return wanted
  let found: Position | undefined
  const within = { from: { segment: wanted.segment, offset: 0 }, until: { segment: wanted.segment + 1, offset: 0 } }
  for await (const block of openCursor({ ...place, ...within })) {
    if (block.offset > wanted.offset) break
    while (block.next()) {
      const here = { segment: block.segment, offset: block.recordOffset }
      if (comparePositions(here, wanted) <= 0) found = here
    }
  }
  if (found !== undefined) return found
  throw nowhere(`the journal in ${place.folder} has no record at ${wanted.segment}:${wanted.offset}`)
}

/** The first record received at or after a time. */
async function findTime(place: JournalPlace, segments: readonly SegmentSummary[], atMs: number): Promise<Position> {
  const before = segments.findLastIndex(
    ({ createdNs }) => createdNs !== undefined && Number(createdNs / 1_000_000n) <= atMs - CLOCK_MARGIN_MS,
  )
  const atNs = BigInt(Math.floor(atMs)) * 1_000_000n
  const start = segments[Math.max(0, before)]
  for await (const block of openCursor({ ...place, from: { segment: start?.number ?? 0, offset: 0 } })) {
    while (block.next()) {
      if (block.stampNs() >= atNs) return { segment: block.segment, offset: block.recordOffset }
    }
  }
  throw nowhere(`the journal in ${place.folder} has no record received at or after ${new Date(atMs).toISOString()}`)
}

const nowhere = (found: string): StoreError =>
  new StoreError(
    'FLOW_STORE_PLACE',
    `Found that ${found}; needed a place with all of the journal behind it, as \`kalshiflow sessions\` shows.`,
    {},
  )

/** The lowest stamp from a place on: clocks may have been set back since. Throws where segments are missing there. */
async function lowestStamp(place: JournalPlace, from: Position): Promise<bigint> {
  let lowest = FAR_NS
  let missing: ReadFault | undefined
  const onFault = (fault: ReadFault) => {
    if (MISSING.has(fault.kind)) missing ??= fault
  }
  for await (const block of openCursor({ ...place, from, onFault })) if (block.baseNs < lowest) lowest = block.baseNs
  if (missing === undefined) return lowest
  throw nowhere(
    `segments of the journal in ${place.folder} are missing right before segment ${missing.segment}, and their rows could not be made again (restore them first, where an archive has them)`,
  )
}

/** Whole segments that are not here. */
const MISSING: ReadonlySet<ReadFault['kind']> = new Set(['archived', 'broken_chain', 'unreadable_segment'])
