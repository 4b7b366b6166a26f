/**
 * M1: decode → guard → book. Frames as Buffers in memory through `Fold.frame` on one core: what the recorder does with a
 * frame once the socket has it, without socket and journal. Runs in a process of its own (apart.ts).
 */
import type { ConnectionOpenedBody } from '#domain'
import { Fold } from '#feed'
import { progress, say, takeJob } from './apart.ts'
import { generateTape, SUBSCRIBED, subscribeTo, type TapeOptions, ZIPF_EXPONENT } from './generated-tape.ts'
import { foldDigest, PlainBooks } from './oracle.ts'
import { PackedFrames } from './packed-frames.ts'
import { type Check, distributionOf, type Report, speedOf } from './report.ts'
import { askOracle, CAPTURE_NAME, captureFrames, foldVerdict } from './shared-capture.ts'

export type M1Job = {
  readonly input: ({ readonly kind: 'tape' } & TapeOptions) | { readonly kind: 'capture'; readonly untilSeq?: number }
  readonly rounds: number
  readonly warmUps: number
  readonly core: number | undefined
}

type Input = {
  readonly name: string
  readonly text: string
  readonly opened: ConnectionOpenedBody
  /** Taken before the clock starts. */
  /** What asks for the markets of the frames; `undefined` for an import, which takes whatever was recorded. */
  readonly command: Buffer | undefined
  readonly preamble: readonly Buffer[]
  readonly packed: PackedFrames
  readonly wanted: string
  /** The same of an oracle of another author, where there is one. */
  readonly verdict: string | undefined
}

const job = await takeJob<M1Job>()
progress(`m1: ${job.input.kind === 'tape' ? `${job.input.shape} tape` : CAPTURE_NAME}`)
await say(measure(job.input.kind === 'tape' ? readTape(job.input) : readCapture(job.input.untilSeq), job))

function readTape(options: TapeOptions): Input {
  const { markets, deltas, seed, useYesPrice, shape } = options
  const packed = new PackedFrames()
  const oracle = new PlainBooks(useYesPrice)
  for (const frame of generateTape(options)) {
    packed.add(frame)
    oracle.take(frame)
  }
  const count = (markets + deltas).toLocaleString('en-US')
  return {
    name: shape === 'today' ? "generated tape, today's shape" : 'generated tape, keys shuffled, an unknown field',
    text: `${count} frames (${markets} snapshots), ${meanBytes(packed)} bytes a frame, Zipf ${ZIPF_EXPONENT}, seed ${seed}`,
    opened: { host: 'bench', environment: 'sim', useYesPrice, firstSeq: 'one' },
    command: subscribeTo(oracle.tickers),
    preamble: [Buffer.from(SUBSCRIBED)],
    packed,
    wanted: oracle.digest(),
    verdict: undefined,
  }
}

function readCapture(untilSeq: number | undefined): Input {
  const frames = captureFrames(untilSeq)
  const packed = new PackedFrames()
  const oracle = new PlainBooks(false)
  for (const frame of frames) {
    packed.add(frame)
    oracle.take(frame)
  }
  return {
    name: `recorded frames, ${CAPTURE_NAME}`,
    text: `${frames.length.toLocaleString('en-US')} frames of eight real markets, ${meanBytes(packed)} bytes a frame`,
    opened: { host: 'bench', environment: 'import', useYesPrice: false, firstSeq: 'any' },
    command: undefined,
    preamble: [],
    packed,
    wanted: oracle.digest(),
    verdict: askOracle(untilSeq),
  }
}

function measure(input: Input, { rounds, warmUps, core }: M1Job): Report {
  const { packed, opened, command, preamble, wanted } = input
  const { frames } = packed
  const freshFold = () => {
    const fold = new Fold()
    fold.opened(1, opened)
    if (command !== undefined) fold.command(1, command)
    for (const frame of preamble) fold.frame(1, frame, 0)
    return fold
  }
  const speeds: number[] = []
  const found = new Set<string>()
  let fold = freshFold()
  const cpuBefore = process.cpuUsage()
  const beganMs = performance.now()
  for (let round = -warmUps; round < rounds; round++) {
    fold = freshFold()
    const startedMs = performance.now()
    for (let index = 0; index < frames.length; index++) fold.frame(1, frames[index]!, index)
    const tookMs = performance.now() - startedMs
    found.add(foldDigest(fold))
    if (round >= 0) speeds.push(frames.length / (tookMs / 1000))
  }

  const share = shareOfCore(process.cpuUsage(cpuBefore), performance.now() - beganMs)

  const timerNs = costOfTimer()
  const frameNs = new Float64Array(frames.length)
  const timed = freshFold()
  let beforeMs = performance.now()
  for (let index = 0; index < frames.length; index++) {
    timed.frame(1, frames[index]!, index)
    const afterMs = performance.now()
    frameNs[index] = Math.max(0, (afterMs - beforeMs) * 1e6 - timerNs)
    beforeMs = afterMs
  }
  found.add(foldDigest(timed))

  const { scanned, deltas } = fold.counts
  const fallbacks = deltas - scanned
  const checks: Check[] = [
    { what: 'books of every round, against plain Maps', found: [...found].map(short).join(), wanted: short(wanted) },
  ]
  if (input.verdict !== undefined) {
    checks.push({
      what: 'books, validity and numbers, against book_oracle.py',
      found: short(foldVerdict(fold)),
      wanted: short(input.verdict),
    })
  }
  return {
    bench: 'm1',
    name: input.name,
    input: input.text,
    how: [
      `A fresh fold each round, ${warmUps} rounds of warm-up before; ${core === undefined ? 'not pinned (no taskset)' : `pinned to core ${core}, garbage collector and compiler with it`}.`,
      `One further round reads the clock after each frame: ${Math.round(timerNs)} ns a reading, subtracted from every sample.`,
    ],
    speeds: [
      speedOf('decode → guard → book', 'frames/s', speeds),
      speedOf(
        'the same',
        'ns/frame',
        speeds.map((each) => 1e9 / each),
      ),
      speedOf(
        'the same',
        'MB/s',
        speeds.map((each) => (each * meanBytes(packed)) / 1e6),
      ),
    ],
    distributions: [distributionOf('time of one frame', 'ns', frameNs)],
    facts: {
      'share of a core that this process had, its collector and compiler included': `${(share * 100).toFixed(0)} %`,
      'deltas read by JSON.parse instead of the scanner': `${((fallbacks / Math.max(1, deltas)) * 100).toFixed(2)} % of ${deltas.toLocaleString('en-US')}`,
    },
    checks,
  }
}

/** Below 1 other programs ran on the core while we measured: the speeds are then too low. */
function shareOfCore({ user, system }: NodeJS.CpuUsage, tookMs: number): number {
  return (user + system) / 1000 / tookMs
}

/** What a reading of the clock adds to each sample, in ns: the median distance of two readings with nothing between. */
function costOfTimer(): number {
  const samples = new Float64Array(200_000)
  let beforeMs = performance.now()
  for (let index = 0; index < samples.length; index++) {
    const afterMs = performance.now()
    samples[index] = (afterMs - beforeMs) * 1e6
    beforeMs = afterMs
  }
  return distributionOf('', '', samples).p50
}

function meanBytes({ bytes, frames }: PackedFrames): number {
  return Math.round(bytes / frames.length)
}

function short(digest: string): string {
  return digest.slice(0, 16)
}
