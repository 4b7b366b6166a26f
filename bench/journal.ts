/**
 * The journal by itself: what an append costs the hot path, how fast records reach the disk, how fast they are read back
 * live and sealed, and how small they get. Runs in a process of its own (apart.ts).
 */
import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { type ConnectionOpenedBody, RECORD } from '#domain'
import { Fold } from '#feed'
import { FileDisk, type Journal, openCursor, openJournal, sealableSegments, sealSegment } from '#journal'
import { progress, say, takeJob } from './apart.ts'
import { generateTape, SUBSCRIBED, subscribeTo, ZIPF_EXPONENT } from './generated-tape.ts'
import { foldDigest, PlainBooks } from './oracle.ts'
import { PackedFrames } from './packed-frames.ts'
import { distributionOf, type Report, speedOf } from './report.ts'
import { CAPTURE_NAME, captureFrames } from './shared-capture.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { TimedDisk } from './timed-disk.ts'

export type JournalJob = {
  readonly input:
    | { readonly kind: 'tape'; readonly markets: number; readonly deltas: number; readonly seed: number }
    | { readonly kind: 'capture'; readonly untilSeq?: number }
  readonly rounds: number
  readonly pacedSeconds: number
}

const PACED_PER_MS = 10
/** Appends between two looks at the event loop where the disk sets the pace. */
const SLICE = 1_000

const job = await takeJob<JournalJob>()
const root = temporaryFolder()
progress(`journal: ${job.input.kind === 'tape' ? 'generated tape' : CAPTURE_NAME}`)
await say(await measure())

async function measure(): Promise<Report> {
  const { name, text, packed, opened, command, wanted } = readInput()
  const { rounds } = job
  const { frames } = packed
  const written = digestOfBodies(frames)

  const append: number[] = []
  const sustained: number[] = []
  const read: number[] = []
  const rebuilt: number[] = []
  const found = { bodies: new Set<string>(), books: new Set<string>() }
  let folder = ''
  for (let round = -1; round < rounds; round++) {
    folder = join(root, `round-${round}`)
    const journal = await open(folder)
    const appendNs = await appendAll(journal, frames)
    await journal.close()
    const sustainedMBs = await writeThrough(join(root, `through-${round}`), frames)
    const { framesPerSecond, digest } = await readAll(folder)
    const books = await rebuild(folder, opened, command)
    found.bodies.add(digest)
    found.books.add(books.digest)
    if (round >= 0) {
      append.push(appendNs)
      sustained.push(sustainedMBs)
      read.push(framesPerSecond)
      rebuilt.push(books.framesPerSecond)
    }
    rmSync(join(root, `through-${round}`), { recursive: true, force: true })
    if (round < rounds - 1) rmSync(folder, { recursive: true, force: true })
  }
  const paced = await pace(join(root, 'paced'), frames)
  const sealed = await seal(folder)
  const sealedRead: number[] = []
  for (let round = 0; round < rounds; round++) {
    const { framesPerSecond, digest } = await readAll(folder)
    sealedRead.push(framesPerSecond)
    found.bodies.add(digest)
  }

  return {
    bench: 'journal',
    name,
    input: text,
    how: [
      'One journal a round, one round of warm-up before; not pinned, since the disk is written by threads of its own.',
      `Paced: ${PACED_PER_MS} records each ms, groups of 5 ms, as a recorder at ${PACED_PER_MS * 1000} frames/s writes them.`,
    ],
    speeds: [
      speedOf('append, the hot path alone', 'ns/record', append),
      speedOf('append to durable, disk setting the pace', 'MB/s', sustained),
      speedOf('cursor over raw segments', 'frames/s', read),
      speedOf('cursor over sealed segments', 'frames/s', sealedRead),
      speedOf('cursor → fold: books from the journal', 'frames/s', rebuilt),
      speedOf('sealing, read back and proved', 'MB/s', [sealed.MBs]),
    ],
    distributions: [
      distributionOf('append → durable, paced', 'ms', paced.durableMs),
      distributionOf('fdatasync, paced', 'ms', paced.syncMs),
    ],
    facts: {
      'sealed size': `${(sealed.share * 100).toFixed(2)} % of the segment, ${Math.round(sealed.bytes / frames.length)} bytes a frame`,
    },
    checks: [
      { what: 'bodies read back, live and sealed', found: short(found.bodies), wanted: written.slice(0, 16) },
      { what: 'books from the journal, against plain Maps', found: short(found.books), wanted: wanted.slice(0, 16) },
    ],
  }
}

function short(digests: ReadonlySet<string>): string {
  return [...digests].map((each) => each.slice(0, 16)).join()
}

function readInput() {
  const isTape = job.input.kind === 'tape'
  const packed = new PackedFrames()
  const oracle = new PlainBooks(isTape)
  const frames =
    job.input.kind === 'tape'
      ? [SUBSCRIBED, ...generateTape({ ...job.input, useYesPrice: true, shape: 'today' })]
      : captureFrames(job.input.untilSeq)
  for (const frame of frames) {
    packed.add(frame)
    oracle.take(frame)
  }
  const count = frames.length.toLocaleString('en-US')
  const bytes = Math.round(packed.bytes / frames.length)
  const opened: ConnectionOpenedBody = isTape
    ? { host: 'bench', environment: 'sim', useYesPrice: true, firstSeq: 'one' }
    : { host: 'bench', environment: 'import', useYesPrice: false, firstSeq: 'any' }
  return {
    name: isTape ? 'generated tape' : `recorded frames, ${CAPTURE_NAME}`,
    text: `${count} frames, ${bytes} bytes a frame${isTape ? `, Zipf ${ZIPF_EXPONENT}` : ''}`,
    packed,
    opened,
    command: isTape ? subscribeTo(oracle.tickers) : undefined,
    wanted: oracle.digest(),
  }
}

function open(folder: string): Promise<Journal> {
  return openJournal({ disk: new FileDisk(), folder, environment: 'sim' })
}

/** ns an append, the waits for the disk left out: the buffer holds what is appended in one go. */
async function appendAll(journal: Journal, frames: readonly Buffer[]): Promise<number> {
  let spentMs = 0
  for (let from = 0; from < frames.length; ) {
    const startedMs = performance.now()
    const limit = Math.min(frames.length, from + 50_000)
    while (from < limit) {
      if (journal.append(RECORD.FRAME, 1, frames[from]!) !== 'taken') break
      from++
    }
    spentMs += performance.now() - startedMs
    await journal.flush()
  }
  return (spentMs * 1e6) / frames.length
}

/** MB/s of bodies from the first append until all are durable. */
async function writeThrough(folder: string, frames: readonly Buffer[]): Promise<number> {
  const journal = await open(folder)
  const startedMs = performance.now()
  let bytes = 0
  for (let index = 0; index < frames.length; ) {
    const body = frames[index]!
    if (journal.append(RECORD.FRAME, 1, body) === 'taken') {
      bytes += body.length
      index++
      if (index % SLICE !== 0) continue
    }
    await nextTurn()
  }
  await journal.flush()
  const seconds = (performance.now() - startedMs) / 1000
  await journal.close()
  return bytes / 1e6 / seconds
}

async function pace(folder: string, frames: readonly Buffer[]) {
  const appendedMs: number[] = []
  const durableMs: number[] = []
  const disk = new TimedDisk()
  const journal: Journal = await openJournal({
    disk,
    folder,
    environment: 'sim',
    onDurable: () => {
      const nowMs = performance.now()
      const { durableRecords } = journal.metrics()
      while (durableMs.length < Math.min(durableRecords, appendedMs.length)) {
        durableMs.push(nowMs - appendedMs[durableMs.length]!)
      }
    },
  })
  disk.syncMs.length = 0
  const startedMs = performance.now()
  for (let index = 0; ; ) {
    const elapsedMs = performance.now() - startedMs
    if (elapsedMs > job.pacedSeconds * 1000) break
    for (const due = elapsedMs * PACED_PER_MS; index < due; index++) {
      if (journal.append(RECORD.FRAME, 1, frames[index % frames.length]!) !== 'taken') break
      appendedMs.push(performance.now())
    }
    await sleep(1)
  }
  await journal.close()
  return { durableMs: Float64Array.from(durableMs), syncMs: Float64Array.from(disk.syncMs) }
}

/** Reads twice: once against the clock, once for the digest of all bodies in order. */
async function readAll(folder: string): Promise<{ framesPerSecond: number; digest: string }> {
  const disk = new FileDisk()
  let frames = 0
  const startedMs = performance.now()
  for await (const block of openCursor({ disk, folder })) {
    while (block.next()) if (block.type === RECORD.FRAME) frames++
  }
  const seconds = (performance.now() - startedMs) / 1000
  const hash = createHash('sha256')
  for await (const block of openCursor({ disk, folder })) {
    while (block.next()) if (block.type === RECORD.FRAME) hash.update(block.body())
  }
  return { framesPerSecond: frames / seconds, digest: hash.digest('hex') }
}

async function rebuild(
  folder: string,
  opened: ConnectionOpenedBody,
  command: Buffer | undefined,
): Promise<{ framesPerSecond: number; digest: string }> {
  const fold = new Fold()
  fold.opened(1, opened)
  if (command !== undefined) fold.command(1, command)
  const startedMs = performance.now()
  for await (const block of openCursor({ disk: new FileDisk(), folder })) {
    const baseMs = Number(block.baseNs / 1000n) / 1000
    while (block.next()) {
      if (block.type === RECORD.FRAME) fold.frame(block.connection, block.body(), baseMs + block.deltaNs / 1e6)
    }
  }
  const seconds = (performance.now() - startedMs) / 1000
  return { framesPerSecond: fold.counts.frames / seconds, digest: foldDigest(fold) }
}

/** Seals all that a further segment lets be sealed. */
async function seal(folder: string): Promise<{ MBs: number; share: number; bytes: number }> {
  const disk = new FileDisk()
  await (await open(folder)).close()
  let rawBytes = 0
  let sealedBytes = 0
  const startedMs = performance.now()
  for (const segment of await sealableSegments(disk, folder)) {
    const { raw, sealed } = await sealSegment({ disk, folder }, segment)
    rawBytes += raw.bytes
    sealedBytes += sealed.bytes
  }
  const seconds = (performance.now() - startedMs) / 1000
  return { MBs: rawBytes / 1e6 / seconds, share: sealedBytes / rawBytes, bytes: sealedBytes }
}

function digestOfBodies(bodies: readonly Buffer[]): string {
  const hash = createHash('sha256')
  for (const body of bodies) hash.update(body)
  return hash.digest('hex')
}
