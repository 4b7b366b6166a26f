/**
 * M2b: send → book. A real exchange and a real recorder in two processes, a socket between them and a journal on the file
 * system, at an even rate.
 *
 * A frame's time runs from the moment at which the schedule says that it is sent, whatever the sender did then: a sender
 * that comes late because the receiver holds it up, or by its own fault, cannot make the figure better.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startPostgres } from '../test/support/postgres.ts'
import { progress, startApart } from './apart.ts'
import { generateTape, ZIPF_EXPONENT } from './generated-tape.ts'
import type { ExchangeDone, ExchangeJob, ExchangeReady } from './latency-exchange.ts'
import type { RecorderDone, RecorderJob, RecorderReady } from './latency-recorder.ts'
import { type Served, serveBeside } from './latency-served.ts'
import { busyMs } from './machine.ts'
import { PlainBooks } from './oracle.ts'
import { distributionOf, type Report } from './report.ts'
import { temporaryFolder } from './temporary-folder.ts'

export type LatencyRun = {
  readonly ratePerSecond: number
  readonly seconds: number
  /** Played before those, at the same rate, and not counted: code runs slower before it has run often. */
  readonly warmUpSeconds: number
  readonly markets: number
  readonly seed: number
  /** Whether the recorder also stores in PostgreSQL, which then runs on the same cores. */
  readonly hasStore?: boolean
  /** Clients that read books from a service of its own process meanwhile. */
  readonly clients?: number
}

export async function measureLatency(run: LatencyRun): Promise<Report> {
  const { ratePerSecond, seconds, warmUpSeconds, markets, seed } = run
  const deltas = ratePerSecond * (warmUpSeconds + seconds)
  progress(`latency: ${ratePerSecond} frames/s for ${seconds} s${beside(run)}`)
  const capture = join(temporaryFolder(), 'tape.jsonl')
  // A capture's NO levels stand in NO prices; the exchange turns them for a subscription that asks for YES prices.
  const frames = [...generateTape({ markets, deltas, seed, useYesPrice: false, shape: 'today' })]
  writeFileSync(capture, frames.map((raw, index) => line(raw, index < markets ? 0 : 1)).join(''))
  const oracle = new PlainBooks(false)
  for (const frame of frames) oracle.take(frame)
  const job = { capture, ratePerSecond, deltas }
  return reportOf(
    run,
    await (run.hasStore === true ? playStored(job) : play(job, undefined, run.clients)),
    oracle.digest(),
  )
}

const beside = ({ hasStore, clients }: LatencyRun): string =>
  `${hasStore === true ? ', with the store' : ''}${clients === undefined ? '' : `, with ${clients} clients of the service`}`

/** A line of a capture. Snapshots are stamped with the first time: they have happened when the clock starts. */
const line = (raw: string, receivedNs: number): string => `${JSON.stringify({ recv_ns: String(receivedNs), raw })}\n`

type Played = {
  readonly sent: ExchangeDone
  readonly taken: RecorderDone
  /** How many cores other programs kept busy meanwhile, on average. */
  readonly foreign: number
  readonly served?: Served
  readonly stored?: { readonly postgres: string; readonly fsync: string; readonly deltas: number }
}

/** Plays with a PostgreSQL of its own beside, and counts what the database then holds. */
async function playStored(job: ExchangeJob): Promise<Played> {
  const postgres = await startPostgres(undefined, {})
  try {
    const played = await play(job, postgres.config)
    const client = await postgres.connect()
    const { rows } = await client.query<{ postgres: string; fsync: string; deltas: string }>(
      `SELECT split_part(current_setting('server_version'), ' ', 1) AS postgres, current_setting('fsync') AS fsync, count(*) AS deltas
       FROM kalshiflow.rl_orderbook_deltas`,
    )
    const { postgres: version, fsync, deltas } = rows[0]!
    return { ...played, stored: { postgres: version, fsync, deltas: Number(deltas) } }
  } finally {
    await postgres.stop()
  }
}

async function play(job: ExchangeJob, database?: RecorderJob['database'], clients?: number): Promise<Played> {
  const exchange = startApart('latency-exchange.ts', job, undefined)
  try {
    const { url, keyPem, tickers } = await exchange.next<ExchangeReady>()
    const isServed = clients !== undefined
    const recorderJob: RecorderJob = {
      url,
      keyPem,
      tickers,
      deltas: job.deltas,
      isServed,
      ...(database && { database }),
    }
    const recorder = startApart('latency-recorder.ts', recorderJob, undefined)
    try {
      const { dataFolder } = await recorder.next<RecorderReady>()
      const service = clients === undefined ? undefined : await serveBeside(dataFolder, tickers, clients)
      const beganMs = performance.now()
      const busyBeforeMs = busyMs()
      service?.begin()
      exchange.tell('start')
      const sent = await exchange.next<ExchangeDone>()
      const tookMs = performance.now() - beganMs
      const allMs = busyMs() - busyBeforeMs
      const served = await service?.end()
      recorder.tell({ sentFrames: sent.sentFrames })
      const taken = await recorder.next<RecorderDone>()
      const ownMs = sent.cpuMs + taken.cpuMs + (served?.cpuMs ?? 0)
      return { sent, taken, foreign: Math.max(0, allMs - ownMs) / tookMs, ...(served && { served }) }
    } finally {
      await recorder.close()
    }
  } finally {
    await exchange.close()
  }
}

function reportOf(run: LatencyRun, { sent, taken, foreign, stored, served }: Played, wanted: string): Report {
  const { ratePerSecond, seconds, warmUpSeconds, markets, seed } = run
  const { appliedNs } = taken
  const scheduledNs = (slot: number) => sent.startedNs + (slot * 1e9) / ratePerSecond
  const warmUp = ratePerSecond * warmUpSeconds
  const from = (startNs: (slot: number) => number, endNs: (slot: number) => number) =>
    Float64Array.from(appliedNs, (_, slot) => (endNs(slot) - startNs(slot)) / 1000).subarray(warmUp)
  const first = distributionOf(
    '',
    '',
    Float64Array.from(appliedNs.subarray(0, warmUp), (each, slot) => (each - scheduledNs(slot)) / 1000),
  )
  const applied = (slot: number) => appliedNs[slot]!
  const handed = (slot: number) => sent.handedNs[slot]!
  const { loopDelayMs, collections, collectionMsMax, busy, store } = taken
  const short = (digest: string) => digest.slice(0, 16)
  return {
    bench: 'latency',
    name: `send → book at ${ratePerSecond.toLocaleString('en-US')} frames/s${beside(run)}`,
    input: `generated tape, ${(ratePerSecond * seconds).toLocaleString('en-US')} deltas of ${markets} markets over ${seconds} s, Zipf ${ZIPF_EXPONENT}, seed ${seed}`,
    how: [
      'Exchange and recorder in two processes, a WebSocket on 127.0.0.1 between them, the journal on the file system, groups of 5 ms.',
      'Neither is pinned to a core: a recorder on one core with its own disk threads waits for them, and nobody runs it so.',
      'Clock: CLOCK_MONOTONIC through process.hrtime, 1 ns, shared by both processes. One run, every frame after the warm-up counted.',
      "The exchange waits with timers of 1 ms, so most of a scheduled frame's time is the sender's own lateness: the rows after it tell them apart.",
      ...(served === undefined ? [] : served.how),
      ...(stored === undefined
        ? []
        : [
            `The store runs in a thread of the recorder, PostgreSQL ${stored.postgres} on the same cores with fsync ${stored.fsync}; what the server uses counts as another program's.`,
          ]),
    ],
    speeds: [],
    distributions: [
      distributionOf('scheduled send → book applied', 'µs', from(scheduledNs, applied)),
      distributionOf('  scheduled send → handed to the socket', 'µs', from(scheduledNs, handed)),
      distributionOf('  handed to the socket → book applied', 'µs', from(handed, applied)),
      distributionOf('book applied → durable', 'ms', taken.durableMs),
      distributionOf('fdatasync', 'ms', taken.syncMs),
      ...(served === undefined ? [] : served.distributions),
    ],
    facts: {
      [`scheduled send → book applied in the warm-up of ${warmUpSeconds} s, not counted`]: `p50 ${Math.round(first.p50)} µs, p99 ${Math.round(first.p99)} µs, max ${Math.round(first.max)} µs`,
      'cores that other programs kept busy meanwhile, whose turns are in the figures above': foreign.toFixed(2),
      'event loop of the recorder': `${(busy * 100).toFixed(1)} % busy; late by p50 ${ms(loopDelayMs.p50)}, p99 ${ms(loopDelayMs.p99)}, max ${ms(loopDelayMs.max)}`,
      'garbage collections': `${collections}, the longest ${ms(collectionMsMax)}`,
      ...(served === undefined ? {} : served.facts),
      ...(store === undefined
        ? {}
        : {
            store: `${store.rows.toLocaleString('en-US')} rows in ${store.transactions} transactions; behind by at most ${Math.round(store.behindMsMax)} ms, complete ${Math.round(store.drainMs)} ms after everything was durable`,
          }),
    },
    checks: [
      { what: 'frames taken, of those sent', found: String(taken.takenFrames), wanted: String(sent.sentFrames) },
      {
        what: 'frames in the journal, of those sent',
        found: String(taken.journalFrames),
        wanted: String(sent.sentFrames),
      },
      ...(served === undefined ? [] : served.checks),
      { what: 'everything durable at the end', found: String(taken.isComplete), wanted: 'true' },
      { what: 'live books, against plain Maps', found: short(taken.liveDigest), wanted: short(wanted) },
      { what: 'books from the journal, against plain Maps', found: short(taken.rebuiltDigest), wanted: short(wanted) },
      ...(stored === undefined
        ? []
        : [
            { what: 'everything in the database at the end', found: String(store?.isComplete), wanted: 'true' },
            { what: 'delta rows, of deltas sent', found: String(stored.deltas), wanted: String(appliedNs.length) },
          ]),
    ],
  }
}

const ms = (value: number): string => `${value.toFixed(2)} ms`
