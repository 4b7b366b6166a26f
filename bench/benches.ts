/** The benches with their sizes: those that figures are quoted from, and those of a smoke run. */
import { progress, runApart } from './apart.ts'
import type { JournalJob } from './journal.ts'
import { measureLatency } from './latency.ts'
import type { M1Job } from './m1.ts'
import type { M3Job } from './m3.ts'
import type { Report } from './report.ts'
import { CAPTURE_NAME, hasCapture } from './shared-capture.ts'

export type BenchOptions = {
  readonly isSmoke: boolean
  /** The core that single-core benches are pinned to; `undefined` where nothing can be pinned. */
  readonly core: number | undefined
}

const SEED = 1
const MARKETS = 500
const SMOKE_SEQ = 5_000
const LATENCY = { seconds: 10, warmUpSeconds: 3, markets: MARKETS, seed: SEED }
/** The promise: so many clients that read snapshots do not slow the feed. */
const CLIENTS = 20
/** The promise for what a delta row takes on disk, its indexes included. */
const DELTA_BYTES_MAX = 140

export async function* benchM1({ isSmoke, core }: BenchOptions): AsyncGenerator<Report> {
  const size = isSmoke ? { markets: 50, deltas: 5_000 } : { markets: MARKETS, deltas: 1_000_000 }
  const tape = { kind: 'tape', ...size, seed: SEED, useYesPrice: true } as const
  const rounds = isSmoke ? { rounds: 2, warmUps: 1 } : { rounds: 9, warmUps: 2 }
  yield run({ input: { ...tape, shape: 'today' }, ...rounds, core })
  if (hasCapture) {
    // A fifth of the tape's length: more rounds for the same time.
    const more = isSmoke ? rounds : { rounds: 25, warmUps: 5 }
    yield run({ input: { kind: 'capture', ...(isSmoke ? { untilSeq: SMOKE_SEQ } : {}) }, ...more, core })
  } else progress(`m1: ${CAPTURE_NAME} is not beside the repository: left out`)
  const fewer = isSmoke ? rounds : { rounds: 7, warmUps: 1 }
  yield run({ input: { ...tape, shape: 'shuffled' }, ...fewer, core })

  function run(job: M1Job): Promise<Report> {
    return runApart<Report>('m1.ts', job, job.core)
  }
}

export async function* benchLatency({ isSmoke }: BenchOptions): AsyncGenerator<Report> {
  if (isSmoke) {
    const run = { ratePerSecond: 500, seconds: 1, warmUpSeconds: 0.2, markets: 50, seed: SEED }
    yield measureLatency(run)
    yield measureLatency({ ...run, hasStore: true })
    yield measureLatency({ ...run, clients: 3 })
    return
  }
  for (const ratePerSecond of [500, 5_000, 10_000]) {
    yield measureLatency({ ratePerSecond, ...LATENCY })
  }
  yield measureLatency({ ratePerSecond: 5_000, ...LATENCY, hasStore: true })
  yield measureLatency({ ratePerSecond: 10_000, ...LATENCY, clients: CLIENTS })
}

export async function* benchJournal({ isSmoke }: BenchOptions): AsyncGenerator<Report> {
  const size = isSmoke ? { markets: 50, deltas: 5_000 } : { markets: MARKETS, deltas: 200_000 }
  const rest = isSmoke ? { rounds: 1, pacedSeconds: 0.2 } : { rounds: 7, pacedSeconds: 5 }
  const inputs: JournalJob['input'][] = [{ kind: 'tape', ...size, seed: SEED }]
  if (hasCapture) inputs.push({ kind: 'capture', ...(isSmoke ? { untilSeq: SMOKE_SEQ } : {}) })
  for (const input of inputs) yield runApart<Report>('journal.ts', { input, ...rest } satisfies JournalJob, undefined)
}

export async function* benchM3({ isSmoke }: BenchOptions): AsyncGenerator<Report> {
  const job: M3Job = isSmoke
    ? { markets: 20, deltas: 3_000, seed: SEED, rounds: 1 }
    : { markets: MARKETS, deltas: 300_000, seed: SEED, rounds: 5, deltaBytesMax: DELTA_BYTES_MAX }
  yield runApart<Report>('m3.ts', job, undefined)
}
