/**
 * The receiving half of the latency bench, in a process of its own: a whole recorder with its journal on the file system,
 * and the monotonic clock read after each frame that the fold has applied.
 */
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { openControl, openLog, openRecorder, type Recorder, readBooks } from '#app'
import { comparePositions, type Position, RECORD } from '#domain'
import { FileDisk, openCursor } from '#journal'
import { loadKey } from '#kalshi'
import type { StoreWorkerOptions } from '#store'
import { hear, say, takeJob } from './apart.ts'
import { type StoreBeside, storeBeside } from './latency-store.ts'
import { foldDigest } from './oracle.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { TimedDisk } from './timed-disk.ts'

export type RecorderJob = {
  readonly url: string
  readonly keyPem: string
  readonly tickers: readonly string[]
  readonly deltas: number
  /** A service asks over the control socket. */
  readonly isServed?: boolean
  /** What a store beside the recorder connects with; none runs without. */
  readonly database?: StoreWorkerOptions['database']
}
export type RecorderReady = { readonly dataFolder: string }
export type RecorderDone = {
  /** Monotonic ns at which each delta was in its book. */
  readonly appliedNs: Float64Array
  /** Ms from a delta's being in its book, about 1 µs after its append, to the fdatasync that covers it. */
  readonly durableMs: Float64Array
  readonly syncMs: Float64Array
  readonly collections: number
  readonly collectionMsMax: number
  readonly loopDelayMs: { readonly p50: number; readonly p99: number; readonly max: number }
  /** Share of the time in which the event loop was at work. */
  readonly busy: number
  /** Ms of a core that this process used meanwhile, its collector, its disk threads and the store's thread included. */
  readonly cpuMs: number
  readonly takenFrames: number
  readonly journalFrames: number
  readonly liveDigest: string
  readonly rebuiltDigest: string
  readonly isComplete: boolean
  readonly store: StoreBeside | undefined
}

/** Every so many deltas one is followed to the disk: asking the journal for its head makes an object. */
const DURABLE_EVERY = 16
const LOOP_RESOLUTION_MS = 5
const WAIT_MS = 20_000

const { url, keyPem, tickers, deltas, isServed = false, database } = await takeJob<RecorderJob>()
const folder = temporaryFolder()
await say(await record())

async function record(): Promise<RecorderDone> {
  const watched: Watched[] = []
  const durableMs: number[] = []
  let opened: Recorder | undefined
  const settle = (syncedMs: number) => {
    if (opened === undefined) return
    const { durable } = opened.journal
    while (watched.length > 0 && !isAfter(watched[0]!.end, durable))
      durableMs.push(syncedMs - watched.shift()!.appliedMs)
  }
  const disk = new TimedDisk(() => {
    const syncedMs = performance.now()
    // The journal moves its durable position within the promises that follow the sync.
    setImmediate(() => settle(syncedMs))
  })
  const { log } = openLog({ level: 'warn', format: 'pretty' })
  const recorder = await openRecorder({
    environment: 'sim',
    dataFolder: folder,
    wsUrl: url,
    key: loadKey({ content: keyPem }).key,
    keyId: 'bench',
    useYesPrice: true,
    pingSilenceMs: 25_000,
    marketsPerConnection: 5_000,
    connectionsMax: 4,
    journal: {
      commitIntervalMs: 5,
      bufferBytes: 64 << 20,
      segmentBytes: 256 << 20,
      segmentMs: 3_600_000,
      seal: false,
      checkpointDeltas: 5_000,
      checkpointMs: 3_600_000,
    },
    log,
    disk,
  })
  opened = recorder
  const appliedNs = watchFold(recorder, watched)
  recorder.begin()
  recorder.start(tickers)
  await until(
    'every market has its book',
    () => recorder.fold.markets().filter(({ valid }) => valid).length === tickers.length,
  )
  await recorder.journal.flush()
  const store = database === undefined ? undefined : storeBeside(recorder, `${folder}/journal`, database)
  await store?.watch()
  const control = isServed ? await openControl({ dataFolder: folder, recorder, log, onStop: () => {} }) : undefined
  disk.syncMs.length = 0
  const runtime = watchRuntime()
  await say({ dataFolder: folder } satisfies RecorderReady)

  const { sentFrames } = await hear<{ sentFrames: number }>()
  const ran = runtime()
  await until('every frame sent was taken', () => recorder.fold.counts.frames === sentFrames).catch(() => {})
  const syncMs = Float64Array.from(disk.syncMs)
  await recorder.journal.flush()
  await sleep(2)
  const takenFrames = recorder.fold.counts.frames
  const stored = await store?.end()
  await control?.close()
  const liveDigest = foldDigest(recorder.fold)
  const account = await recorder.stop('bench ended')
  const rebuilt = await readBooks({ folder: `${folder}/journal` })
  // The end of the connection is in the journal too: what it proved until then is what counts here.
  for (const market of rebuilt.fold.markets()) if (market.cause === 'recording_stopped') market.proven = true
  return {
    appliedNs,
    durableMs: Float64Array.from(durableMs),
    syncMs,
    ...ran,
    takenFrames,
    journalFrames: await countFrames(),
    liveDigest,
    rebuiltDigest: foldDigest(rebuilt.fold),
    isComplete: account.isComplete,
    store: stored,
  }
}

type Watched = { readonly end: Position; readonly appliedMs: number }

/** Reads the clock after each frame: from outside, so that the recorder has no line for the bench. */
function watchFold(recorder: Recorder, watched: Watched[]): Float64Array {
  const { fold, journal } = recorder
  const appliedNs = new Float64Array(deltas)
  const originNs = monotonicOriginNs()
  const frame = fold.frame.bind(fold)
  fold.frame = (connection, bytes, receivedMs) => {
    const before = fold.counts.deltas
    frame(connection, bytes, receivedMs)
    if (fold.counts.deltas === before) return
    const nowMs = performance.now()
    appliedNs[before] = originNs + nowMs * 1e6
    if (before % DURABLE_EVERY === 0) watched.push({ end: journal.head, appliedMs: nowMs })
  }
  return appliedNs
}

/** What `performance.now()` counts from on the clock that all processes share, in ns. Both read the same clock. */
function monotonicOriginNs(): number {
  let originNs = Number.POSITIVE_INFINITY
  for (let index = 0; index < 1000; index++) {
    const nowMs = performance.now()
    originNs = Math.min(originNs, Number(process.hrtime.bigint()) - nowMs * 1e6)
  }
  return originNs
}

function watchRuntime() {
  let collections = 0
  let collectionMsMax = 0
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      collections++
      collectionMsMax = Math.max(collectionMsMax, duration)
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS })
  loop.enable()
  const began = performance.eventLoopUtilization()
  const cpuBefore = process.cpuUsage()
  return () => {
    loop.disable()
    observer.disconnect()
    const { utilization } = performance.eventLoopUtilization(began)
    // The histogram holds the distance of two timers, their own interval included.
    const late = (ns: number) => Math.max(0, ns / 1e6 - LOOP_RESOLUTION_MS)
    const loopDelayMs = { p50: late(loop.percentile(50)), p99: late(loop.percentile(99)), max: late(loop.max) }
    const { user, system } = process.cpuUsage(cpuBefore)
    return { collections, collectionMsMax, loopDelayMs, busy: utilization, cpuMs: (user + system) / 1000 }
  }
}

async function countFrames(): Promise<number> {
  let frames = 0
  for await (const block of openCursor({ disk: new FileDisk(), folder: `${folder}/journal` })) {
    while (block.next()) if (block.type === RECORD.FRAME) frames++
  }
  return frames
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const endMs = performance.now() + WAIT_MS
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`waited ${WAIT_MS} ms in vain until ${what}`)
    await sleep(5)
  }
}

function isAfter(a: Position, b: Position): boolean {
  return comparePositions(a, b) > 0
}
