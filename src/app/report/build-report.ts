/**
 * Gathers what a report says: the journal of the stretch, folded anew; what a running recorder says of itself; and the disk.
 * Reads, and changes nothing.
 */
import { statfs } from 'node:fs/promises'
import { FileDisk, listSegments } from '#journal'
import { type Counts, type Range, type Run, totalOf } from '#ledger'
import { askRecorder } from '#live'
import { tellMissing, tellReadFault } from '../reading/journal-faults.ts'
import { byMarket, coverageIn, pickHoles } from '../reading/ledger-view.ts'
import { readLedger } from '../reading/read-ledger.ts'
import { type AgeFigures, AgeHistogram } from '../recorder/age-histogram.ts'
import { VERSION } from '../version.ts'
import { judgeReport } from './judge-report.ts'
import { DEFAULT_LIMITS, type Facts, type Limits, type Report } from './report.ts'
import { resultsOf } from './results-of.ts'

export type ReportOptions = {
  /** The data folder. */
  readonly folder: string
  readonly range: Range
  /** Unix ms. */
  readonly nowMs: number
  readonly isRecording: boolean
  readonly limits?: Partial<Limits>
  readonly onProgress?: (done: number, total: number) => void
}

const DAY_MS = 86_400_000
/** One delta in so many has its age taken. */
const AGE_EVERY = 16

export async function buildReport(options: ReportOptions): Promise<Report> {
  const { folder, range, nowMs, isRecording, onProgress } = options
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const journal = `${folder}/journal`
  const ages = new AgeHistogram()
  const isWithin = (ms: number) => ms >= range.fromMs && ms < range.toMs
  const counted = new CountsWithin(isWithin)
  let deltas = 0
  const read = await readLedger({
    ...{ folder: journal, fromMs: range.fromMs, toMs: range.toMs, isRecording, nowMs },
    onBlock: (atMs, counts) => counted.add(atMs, counts),
    applied: ({ changedMs, exchangeMs }) => {
      // What came before its time says nothing of the way.
      const ageMs = changedMs - exchangeMs
      if (exchangeMs > 0 && ageMs >= 0 && ++deltas % AGE_EVERY === 0 && isWithin(changedMs)) ages.record(ageMs)
    },
    ...(onProgress === undefined ? {} : { onProgress }),
  })
  const { ledger, untilMs } = read
  const runs = ledger.runs.map((run) => (run.end === 'open' ? { ...run, toMs: isRecording ? nowMs : untilMs } : run))
  // Before the first run nobody was to record, and of what is to come nothing is known.
  const fromMs = Math.max(range.fromMs, runs[0]?.fromMs ?? range.fromMs)
  const within = { fromMs, toMs: Math.max(fromMs, Math.min(range.toMs, nowMs)), zone: range.zone }
  // A market's open time counts before the first run as well: the clean share is of all of it.
  const coverage = byMarket(coverageIn(read, { ...within, fromMs: range.fromMs }))
  const segments = await listSegments(new FileDisk(), journal)
  const facts: Facts = {
    environment: segments.at(-1)?.environment,
    ...within,
    runs: runs.filter((run) => run.toMs >= within.fromMs && run.fromMs < within.toMs),
    upMs: upMsOf(runs, within),
    isRecording,
    frames: counted.frames,
    holes: pickHoles(read, within),
    coverage,
    total: totalOf(coverage),
    audits: counted.audits,
    ages: agesOf(ages.figures()),
    ...(await sayingOf(folder, isRecording, () => diskOf(folder, segments, nowMs))),
    results: resultsOf(read.markets, { fromMs: within.fromMs, untilMs, resultMsMax: limits.resultMsMax }),
    versions: {
      program: VERSION,
      node: process.version,
      recorded: [...new Set(ledger.runs.flatMap(({ version }) => version ?? []))],
    },
    damage: [
      ...new Set([
        ...(await tellMissing(journal)),
        ...read.faults.flatMap((fault) => tellReadFault(journal, fault) ?? []),
      ]),
    ],
  }
  return judgeReport(facts, limits)
}

/** What was counted in the blocks of the stretch alone: more is read, to know where its books stand. */
class CountsWithin {
  readonly #isWithin: (ms: number) => boolean
  frames = 0
  readonly audits = { matched: 0, offset: 0, mismatched: 0 }
  #before = { frames: 0, audits: { matched: 0, offset: 0, mismatched: 0 } }

  constructor(isWithin: (ms: number) => boolean) {
    this.#isWithin = isWithin
  }

  add(atMs: number, { frames, audits }: Counts): void {
    if (this.#isWithin(atMs)) {
      this.frames += frames - this.#before.frames
      for (const each of ['matched', 'offset', 'mismatched'] as const)
        this.audits[each] += audits[each] - this.#before.audits[each]
    }
    this.#before = { frames, audits: { ...audits } }
  }
}

const agesOf = ({ count, p50Ms, p99Ms, maxMs }: AgeFigures): Facts['ages'] =>
  count === 0 ? undefined : { count, p50: p50Ms, p99: p99Ms, max: maxMs }

const upMsOf = (runs: readonly Run[], { fromMs, toMs }: Range): number =>
  runs.reduce((sum, run) => sum + Math.max(0, Math.min(run.toMs, toMs) - Math.max(run.fromMs, fromMs)), 0)

/** What a running recorder says of itself; nothing where none runs, or it does not answer. */
async function sayingOf(
  folder: string,
  isRecording: boolean,
  lookAtDisk: () => Promise<Facts['disk']>,
): Promise<Pick<Facts, 'store' | 'alarms' | 'archive' | 'disk'>> {
  const status = isRecording ? await askRecorder(folder, { ask: 'status' }).catch(() => undefined) : undefined
  const disk = await lookAtDisk()
  const { store, archive } = status ?? {}
  return {
    store: store ? { state: store.state, behindMs: store.behind_ms, quarantined: store.quarantined } : undefined,
    alarms: status?.alerts?.firing,
    archive: archive
      ? {
          target: archive.target,
          behindSegments: archive.behind_segments,
          successMs: archive.last_success === null ? undefined : Date.parse(archive.last_success),
          fault: archive.last_error ?? undefined,
        }
      : undefined,
    disk: status?.disk ? { ...disk, daysLeft: status.disk.days_left ?? undefined } : disk,
  }
}

type Segments = Awaited<ReturnType<typeof listSegments>>

/** Free bytes, and how long they last at the journal's pace of the last seven days. */
async function diskOf(folder: string, segments: Segments, nowMs: number): Promise<Facts['disk']> {
  const room = await statfs(folder).catch(() => undefined)
  const freeBytes = room === undefined ? undefined : room.bavail * room.bsize
  const totalBytes = room === undefined ? undefined : room.blocks * room.bsize
  const recent = segments.filter(({ createdNs }) => createdNs !== undefined && msOf(createdNs) >= nowMs - 7 * DAY_MS)
  const sinceMs = nowMs - (recent[0]?.createdNs === undefined ? nowMs : msOf(recent[0].createdNs))
  // An hour tells nothing of a day.
  const bytesPerDay =
    sinceMs < DAY_MS / 24 ? undefined : (recent.reduce((sum, each) => sum + each.storedBytes, 0) / sinceMs) * DAY_MS
  const daysLeft = freeBytes === undefined || !bytesPerDay ? undefined : freeBytes / bytesPerDay
  return { freeBytes, totalBytes, bytesPerDay, daysLeft }
}

const msOf = (ns: bigint): number => Number(ns / 1_000_000n)
