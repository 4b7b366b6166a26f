/**
 * The ledger of a stretch of a journal. Reads only the segments that matter: from the one before the beginning, since a
 * segment names every market that is asked for and holds a whole book of each, to the one after the end.
 */
import { POSITION_ZERO, type Position } from '#domain'
import {
  FileDisk,
  type JournalBlock,
  listSegments,
  losesRecords,
  openCursor,
  type ReadFault,
  type SegmentSummary,
} from '#journal'
import { type Counts, Ledger } from '#ledger'
import { foldRecord } from '#live'
import type { LedgerView } from './ledger-view.ts'

export type ReadLedgerOptions = {
  /** The journal's folder. */
  readonly folder: string
  /** Unix ms; without them all of it. */
  readonly fromMs?: number | undefined
  readonly toMs?: number | undefined
  /** A recorder writes into it now. */
  readonly isRecording: boolean
  /** Unix ms: up to when a recorder that died is said to be down, and a market to be open. */
  readonly nowMs: number
  /** Told of each block, after its records are folded: when it began, and what the ledger counted up to and with it. */
  readonly onBlock?: (atMs: number, counts: Counts) => void
  readonly applied?: ConstructorParameters<typeof Ledger>[1]
  /** Bytes read so far and in all. */
  readonly onProgress?: (done: number, total: number) => void
}

export type LedgerRead = LedgerView & {
  readonly ledger: Ledger<JournalBlock>
  readonly faults: readonly ReadFault[]
}

export async function readLedger(options: ReadLedgerOptions): Promise<LedgerRead> {
  const { folder, toMs = Number.POSITIVE_INFINITY, isRecording, nowMs, onProgress } = options
  const all = await listSegments(new FileDisk(), folder)
  const segments = segmentsFor(all, options.fromMs, toMs)
  const total = segments.reduce((sum, { bytes }) => sum + bytes, 0)
  const faults: ReadFault[] = []
  const ledger = new Ledger<JournalBlock>(foldRecord, options.applied)
  const cursor = openCursor({
    disk: new FileDisk(),
    folder,
    from: { segment: segments[0]?.number ?? 0, offset: 0 },
    until: { segment: (segments.at(-1)?.number ?? 0) + 1, offset: 0 },
    onFault: (fault) => {
      faults.push(fault)
      if (losesRecords(fault)) ledger.damaged()
    },
  })
  let position: Position = POSITION_ZERO
  let before = 0
  try {
    for await (const block of cursor) {
      if (block.segment !== position.segment) {
        before = segments.filter(({ number }) => number < block.segment).reduce((sum, { bytes }) => sum + bytes, 0)
      }
      while (block.next()) ledger.take(block)
      options.onBlock?.(Number(block.baseNs / 1_000_000n), ledger.counts)
      position = { segment: block.segment, offset: block.end }
      onProgress?.(before + block.end, total)
    }
  } finally {
    await cursor.close()
  }
  const isAtEnd = segments.at(-1) === all.at(-1)
  const hasDied = isAtEnd && ledger.isRunOpen && !isRecording && ledger.counts.records > 0
  if (hasDied) ledger.died(position)
  const untilMs = hasDied ? Math.max(nowMs, ledger.lastMs) : ledger.lastMs
  return {
    source: 'journal',
    holes: ledger.holes(untilMs),
    markets: [...ledger.markets()].map((each) => ({ ...each, times: ledger.times.get(each.market) })),
    untilMs,
    nowMs: isRecording && isAtEnd ? untilMs : Math.max(nowMs, untilMs),
    position,
    hasDied,
    ledger,
    faults,
  }
}

/** A margin for a wall clock that was set while the journal was written: its segments are found by when they were made. */
const CLOCK_MARGIN_MS = 3_600_000

/** The segments to read for a stretch of time. One whose header is damaged has no time, and is read where it stands. */
function segmentsFor(all: readonly SegmentSummary[], fromMs: number | undefined, toMs: number): SegmentSummary[] {
  const madeMs = ({ createdNs }: SegmentSummary) =>
    createdNs === undefined ? undefined : Number(createdNs / 1_000_000n)
  const last = all.findLastIndex((each) => (madeMs(each) ?? 0) <= toMs + CLOCK_MARGIN_MS)
  if (fromMs === undefined) return all.slice(0, last + 1)
  const holds = all.findLastIndex((each) => (madeMs(each) ?? Number.POSITIVE_INFINITY) <= fromMs - CLOCK_MARGIN_MS)
  return all.slice(Math.max(0, holds - 1), last + 1)
}
